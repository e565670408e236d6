//! NATS JetStream: a work queue of three replicas on disk, explicit acknowledgement.

mod access;
mod settings;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use async_nats::jetstream::consumer::{AckPolicy, pull};
use async_nats::jetstream::{self, stream};
use futures::StreamExt;
use tokio::sync::watch;

use crate::certificates::Certificates;
use crate::measure::{self, Measured, Plan};
use crate::peer::{Peer, Queue, Writer};
use crate::server::{self, Server, version};
use access::Access;

const STREAM: &str = "records";
const SUBJECT: &str = "records.all";
const CONSUMER: &str = "worker";
const DEADLINE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

pub(crate) fn program(programs: &Path) -> PathBuf {
    programs.join("bin/nats-server")
}

/// Starts a cluster, measures it, stops it.
pub(crate) async fn run(programs: &Path, sync_always: bool, plan: &Plan) -> Result<Measured> {
    let (program, dir) = (program(programs), tempfile::tempdir()?);
    let sync = if sync_always { "always" } else { "its default, two minutes" };
    let about =
        format!("{}; R3, file storage, work queue, mutual TLS, sync_interval {sync}", version(&program, "--version")?);
    let mut nats = Nats::start(&program, dir.path(), sync_always).await?;
    Ok(Measured { about, figures: measure::queue(&mut nats, plan).await? })
}

struct Nats {
    servers: [Server; 3],
    access: Access,
}

#[derive(Clone)]
struct Publisher(jetstream::Context);

impl Nats {
    async fn start(program: &Path, dir: &Path, sync_always: bool) -> Result<Self> {
        let certificates = Certificates::make(dir)?;
        let server = |index| {
            let file = dir.join(format!("n{index}.conf"));
            fs::write(&file, settings::text(index, dir, &certificates, sync_always))?;
            let program = program.to_owned();
            let log = dir.join(format!("n{index}.log"));
            anyhow::Ok(Server::new(format!("nats n{index}"), log, settings::port(index), move || {
                let mut command = Command::new(&program);
                command.arg("-c").arg(&file);
                command
            }))
        };
        let mut servers = [server(0)?, server(1)?, server(2)?];
        server::start_all(&mut servers).await?;
        let nats = Self { servers, access: Access::of(&certificates) };
        nats.create_stream().await?;
        Ok(nats)
    }

    /// The servers take a moment to find each other.
    async fn create_stream(&self) -> Result<()> {
        let context = self.access.context(0).await?;
        let begun = Instant::now();
        loop {
            let configuration = stream::Config {
                name: STREAM.to_owned(),
                subjects: vec![SUBJECT.to_owned()],
                storage: stream::StorageType::File,
                num_replicas: 3,
                retention: stream::RetentionPolicy::WorkQueue,
                ..Default::default()
            };
            match context.create_stream(configuration).await {
                Ok(_) => return Ok(()),
                Err(error) if begun.elapsed() > DEADLINE => return Err(error).context("no stream of three replicas"),
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
    }

    async fn leader_by(&self, server: usize) -> Result<usize> {
        let mut stream = self.access.context(server).await?.get_stream(STREAM).await?;
        let cluster = stream.info().await?.cluster.clone().context("the stream has no cluster")?;
        let whole = cluster.replicas.len() == 2 && cluster.replicas.iter().all(|peer| peer.current && !peer.offline);
        ensure!(whole, "the replicas are not current");
        let leader = cluster.leader.context("the stream has no leader")?;
        Ok(leader.trim_start_matches('n').parse()?)
    }
}

impl Peer for Nats {
    type Writer = Publisher;

    fn servers(&mut self) -> &mut [Server; 3] {
        &mut self.servers
    }

    async fn leader(&self) -> Result<usize> {
        let mut last = anyhow!("no server answers");
        for server in 0..self.servers.len() {
            match tokio::time::timeout(Duration::from_secs(2), self.leader_by(server)).await {
                Ok(Ok(leader)) => return Ok(leader),
                Ok(Err(error)) => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }

    async fn writer(&self, server: usize, _window: usize) -> Result<Publisher> {
        Ok(Publisher(self.access.context(server).await?))
    }

    async fn clear(&self) -> Result<()> {
        let leader = measure::whole(self).await?;
        let stream = self.access.context(leader).await?.get_stream(STREAM).await?;
        // There is none before the first measurement that consumes.
        let _ = stream.delete_consumer(CONSUMER).await;
        stream.purge().await?;
        Ok(())
    }
}

impl Writer for Publisher {
    async fn write(&self, record: Vec<u8>) -> Result<()> {
        self.0.publish(SUBJECT, record.into()).await?.await?;
        Ok(())
    }
}

impl Queue for Nats {
    fn consume(
        &self,
        server: usize,
        mut wanted: watch::Receiver<Option<u64>>,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        let access = self.access.clone();
        async move {
            let mut stream = access.context(server).await?.get_stream(STREAM).await?;
            let configuration = pull::Config {
                durable_name: Some(CONSUMER.to_owned()),
                ack_policy: AckPolicy::Explicit,
                max_ack_pending: 20_000,
                ..Default::default()
            };
            let consumer = stream.create_consumer(configuration).await?;
            let batches = consumer.stream().max_messages_per_batch(2000).expires(Duration::from_secs(5));
            let mut messages = batches.messages().await?;
            let mut received = 0;
            while wanted.borrow().is_none_or(|wanted| received < wanted) {
                tokio::select! {
                    message = messages.next() => {
                        message.context("the stream ended")??.ack().await.map_err(|error| anyhow!("{error}"))?;
                        received += 1;
                    }
                    changed = wanted.changed() => changed?,
                }
            }
            // A message is gone when its acknowledgement was applied, which nobody says.
            while stream.info().await?.state.messages > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        }
    }
}
