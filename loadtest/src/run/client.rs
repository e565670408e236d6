//! The clients of one load: what one operation is, tried again until it is done, refused or out of time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use flotilla_admin::ClientError;
use futures::stream;
use parking_lot::Mutex;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use super::contents::{self, Contents};
use super::recorder::End;
use super::target::Target;
use crate::scenario::{Kind, Load, PARAMETER};

/// Tries are made for so long; then it is not known what became of the operation.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// A node that accepts and then says nothing: long before the patience is at its end another one is asked.
const SILENCE: Duration = Duration::from_secs(3);
/// And what a slow one must do at least.
const BYTES_PER_SECOND: u64 = 1 << 20;
pub(crate) const EVENT_KIND: &str = "load.event";
const PARAMETER_VALUES: u64 = 80_000;

/// Where a load belongs.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Among the loads of the scenario.
    pub(crate) index: usize,
    pub(crate) seed: u64,
    /// Names of this run, so that a second one on the same cluster meets nothing of the first.
    pub(crate) run: String,
}

pub(crate) struct LoadClient {
    pub(crate) load: Load,
    pub(crate) place: Place,
    pub(crate) target: Arc<Target>,
    http: reqwest::Client,
    /// What was acknowledged, for the verification.
    pub(crate) ledger: Mutex<Ledger>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    /// Numbers of the uploads.
    pub(crate) files: Vec<u64>,
    /// Ids of the events.
    pub(crate) events: Vec<u64>,
    /// Answers that contradict what was acknowledged before.
    pub(crate) contradictions: Vec<String>,
    /// Begun, and how they ended is not known: they may be there, too.
    pub(crate) doubtful: u64,
}

/// One try.
enum Try {
    Done(u64),
    Refused(String),
    /// Not now; or no answer, and doing it twice does no harm.
    Again(String),
}

#[derive(Deserialize)]
struct Published {
    id: u64,
}

impl LoadClient {
    pub(crate) fn new(load: Load, place: Place, target: Arc<Target>) -> Result<Self> {
        let http = target.client()?;
        Ok(Self { load, place, target, http, ledger: Mutex::default() })
    }

    /// Name of an account of this load.
    pub(crate) fn account(&self, number: u64) -> String {
        format!("{}-{}-{}", self.place.run, self.place.index, number % u64::from(self.load.accounts))
    }

    pub(crate) fn contents(&self, number: u64) -> Contents {
        Contents::of(self.place.seed, self.place.index, number, &self.load.size)
    }

    /// Folders of a thousand, as partners' folders are not endless.
    pub(crate) fn file_url(&self, gateway: &str, number: u64) -> String {
        format!("{gateway}/files/{}/{number}.bin", number / 1000)
    }

    /// Carries operation `number` out; with how many further tries.
    pub(crate) async fn perform(&self, number: u64) -> (End, u64) {
        let until = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        for attempt in 0.. {
            let why = match self.attempt(number, attempt).await {
                Try::Done(bytes) => return (End::Acknowledged { bytes }, attempt),
                Try::Refused(why) => return (End::Refused(why), attempt),
                Try::Again(why) => why,
            };
            if Instant::now() + pause >= until {
                self.ledger.lock().doubtful += 1;
                return (End::Unknown(why), attempt);
            }
            tokio::time::sleep(pause).await;
            // Every node is asked once before the pauses grow.
            if (attempt + 1) % self.target.gateways.len() as u64 == 0 {
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        unreachable!("the tries end with the patience");
    }

    async fn attempt(&self, number: u64, attempt: u64) -> Try {
        let gateway = self.target.gateway(self.load.through, number, attempt);
        match self.load.kind {
            Kind::Upload => self.upload(gateway, number, attempt).await,
            Kind::Download => self.download(gateway, number).await,
            Kind::Event => self.publish(gateway, number).await,
            Kind::Parameter => self.set_parameter(number, attempt).await,
        }
    }

    fn time_for(&self, bytes: u64) -> Duration {
        SILENCE + Duration::from_secs(bytes / BYTES_PER_SECOND)
    }

    /// On condition that the file is not there: so a further try, since the answer to one was lost, stores nothing twice.
    async fn upload(&self, gateway: &str, number: u64, attempt: u64) -> Try {
        let contents = self.contents(number);
        let body = reqwest::Body::wrap_stream(stream::iter(contents.chunks().map(Ok::<_, std::io::Error>)));
        let request = self
            .http
            .put(self.file_url(gateway, number))
            .header("content-length", contents.length)
            .header("if-none-match", "*");
        let request = request
            .basic_auth(self.account(number), Some(&self.target.password))
            .timeout(self.time_for(contents.length));
        let answer = match request.body(body).send().await {
            Ok(answer) => answer,
            Err(error) => return again(&error),
        };
        let was_stored = attempt > 0 && answer.status() == StatusCode::PRECONDITION_FAILED;
        let done = if was_stored { Try::Done(contents.length) } else { judge(answer, contents.length).await };
        if let Try::Done(_) = done {
            self.ledger.lock().files.push(number);
        }
        done
    }

    async fn download(&self, gateway: &str, number: u64) -> Try {
        // Any of the files that were there before.
        let file = number % u64::from(self.load.files);
        let contents = self.contents(file);
        let request =
            self.http.get(self.file_url(gateway, file)).basic_auth(self.account(file), Some(&self.target.password));
        let answer = match request.timeout(self.time_for(contents.length)).send().await {
            Ok(answer) if answer.status().is_success() => answer,
            Ok(answer) => return judge(answer, 0).await,
            Err(error) => return again(&error),
        };
        match compare(answer, contents).await {
            Ok(Ok(())) => Try::Done(contents.length),
            Ok(Err(difference)) => {
                let text = format!("{}, as {gateway} gives it: {difference}", self.file_url("", file));
                self.ledger.lock().contradictions.push(text.clone());
                Try::Refused(text)
            }
            Err(error) => again(&error),
        }
    }

    async fn publish(&self, gateway: &str, number: u64) -> Try {
        let size = self.load.size.draw(&mut contents::random_of(self.place.seed, self.place.index, number));
        let data = contents::text(size as usize);
        let key = format!("{}-{number}", self.place.run);
        let body = format!("{{\"kind\":\"{EVENT_KIND}\",\"idempotency_key\":\"{key}\",\"data\":\"{data}\"}}");
        let request = self.http.post(format!("{gateway}/events")).header("content-type", "application/json");
        let request = request.basic_auth(self.account(number), Some(&self.target.password)).timeout(SILENCE);
        let answer = match request.body(body).send().await {
            Ok(answer) => answer,
            Err(error) => return again(&error),
        };
        if !answer.status().is_success() {
            return judge(answer, 0).await;
        }
        match answer.json::<Published>().await {
            Ok(Published { id }) => {
                self.ledger.lock().events.push(id);
                Try::Done(size)
            }
            Err(error) => again(&error),
        }
    }

    async fn set_parameter(&self, number: u64, attempt: u64) -> Try {
        let administrators = &self.target.administrators;
        let client = &administrators[(number + attempt) as usize % administrators.len()];
        let value = (number % PARAMETER_VALUES).to_string();
        match tokio::time::timeout(SILENCE, client.set_parameter(PARAMETER, Some(&value), None)).await {
            Ok(Ok(_)) => Try::Done(value.len() as u64),
            Ok(Err(error @ ClientError::Refused { .. })) if !error.is_retryable() => Try::Refused(error.to_string()),
            Ok(Err(error)) => Try::Again(error.to_string()),
            Err(_) => Try::Again(format!("{} does not answer", client.url())),
        }
    }

    /// Puts the files of a download load there.
    pub(crate) async fn fill(&self, number: u64) -> Result<()> {
        for attempt in 0.. {
            match self.upload(self.target.gateway(self.load.through, number, attempt), number, attempt).await {
                Try::Done(_) => return Ok(()),
                Try::Refused(why) => anyhow::bail!("{} was refused: {why}", self.file_url("", number)),
                Try::Again(why) => anyhow::ensure!(attempt < 100, "{}: {why}", self.file_url("", number)),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Reads a file back from a node and compares it; what is wrong with it, if the node gives it at all.
    pub(crate) async fn read_back(&self, number: u64, attempt: u64) -> Result<Result<(), String>, String> {
        // Not through the node that took it.
        let gateway = self.target.gateway(self.load.through, number, attempt + 1);
        let contents = self.contents(number);
        let request =
            self.http.get(self.file_url(gateway, number)).basic_auth(self.account(number), Some(&self.target.password));
        let answer = request.timeout(self.time_for(contents.length)).send().await.map_err(|error| cause(&error))?;
        match answer.status() {
            status if status.is_success() => compare(answer, contents).await.map_err(|error| cause(&error)),
            StatusCode::NOT_FOUND => Ok(Err("it is not there".to_owned())),
            status => Err(format!("{gateway} answers {status}")),
        }
    }
}

async fn compare(mut answer: Response, contents: Contents) -> reqwest::Result<Result<(), String>> {
    let mut comparison = contents.compare();
    while let Some(bytes) = answer.chunk().await? {
        if let Err(difference) = comparison.feed(&bytes) {
            return Ok(Err(difference));
        }
    }
    Ok(comparison.end())
}

/// What a status says.
async fn judge(answer: Response, bytes: u64) -> Try {
    let status = answer.status();
    let text: Bytes = match answer.bytes().await {
        Ok(text) => text,
        Err(error) => return again(&error),
    };
    if status.is_success() {
        return Try::Done(bytes);
    }
    let text = format!("{status} {}", String::from_utf8_lossy(&text).trim());
    let is_for_now =
        status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::CONFLICT;
    if is_for_now { Try::Again(text) } else { Try::Refused(text) }
}

fn again(error: &reqwest::Error) -> Try {
    Try::Again(cause(error))
}

/// reqwest's own text names the URL; why it failed lies below.
fn cause(error: &reqwest::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(below) = source.source() {
        source = below;
    }
    if error.is_timeout() { "no answer in time".to_owned() } else { source.to_string() }
}
