//! GMP workers that wait for something outside: a webhook whose receiver takes 50 ms to answer.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use flotilla_local::wait_until;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::Collector;
use super::events::{POOL, statistics};
use crate::FiguresArguments;
use crate::bed::{ACCOUNT, Bed, PASSWORD};
use crate::statistics::Figure;

const STEP: Duration = Duration::from_millis(50);
/// On all three nodes together.
const WORKERS: [u64; 3] = [12, 96, 384];
const PUBLISHERS: u64 = 64;

/// How many steps the workers have done of those that they could have done: 1.0 is a worker that never waits for its next
/// event.
pub(super) async fn measure(bed: &Bed, arguments: &FiguresArguments, collector: &mut Collector) -> Result<()> {
    let receiver = Receiver::start().await?;
    let hook = format!("webhook={}", receiver.url);
    bed.cluster.command(0, &["route", "set", ACCOUNT, "--step", &hook, "--webhook-idempotent"]).await?;
    for workers in WORKERS {
        let ideal = workers as f64 / STEP.as_secs_f64();
        let (mut rates, mut shares) = (Vec::new(), Vec::new());
        for run in 0..arguments.runs {
            bed.cluster.command(0, &["param", "set", POOL, "1"]).await?;
            let before = statistics(bed).await?;
            // Enough for the time of measurement, and for reaching it.
            let count = (ideal * (arguments.seconds as f64 + 3.0)) as u64;
            publish(bed, &format!("{workers}/{run}"), count).await?;
            bed.cluster.command(0, &["param", "set", POOL, &(workers / 3).to_string()]).await?;
            wait_until("all workers run a step", Duration::from_secs(60), async || {
                Ok((receiver.waiting() >= workers * 9 / 10).then_some(()))
            })
            .await?;
            let (begun, done) = (Instant::now(), receiver.answered());
            tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
            let rate = (receiver.answered() - done) as f64 / begun.elapsed().as_secs_f64();
            rates.push(rate);
            shares.push(rate / ideal);
            let goal = before.completed_total + count;
            wait_until("all events are completed", Duration::from_secs(300), async || {
                Ok((statistics(bed).await?.completed_total >= goal).then_some(()))
            })
            .await?;
        }
        collector.add(Figure::of(format!("steps of 50 ms on {workers} workers"), "/s", rates));
        collector.add(Figure::of(format!("share of the ideal on {workers} workers"), "", shares));
    }
    bed.cluster.command(0, &["param", "reset", POOL]).await?;
    bed.cluster.command(0, &["route", "set", ACCOUNT, "--step", "checksum"]).await?;
    Ok(())
}

/// Uploads so many files of 1 KiB.
async fn publish(bed: &Bed, folder: &str, count: u64) -> Result<()> {
    let body = Bytes::from(vec![b'e'; 1024]);
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for index in 0..PUBLISHERS {
        let (client, base) = (bed.client()?, bed.node(index as usize).transfer_url());
        let (next, body, folder) = (Arc::clone(&next), body.clone(), folder.to_owned());
        tasks.push(tokio::spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                let url = format!("{base}/files/workers/{folder}/{number}");
                let answer = client.put(url).basic_auth(ACCOUNT, Some(PASSWORD)).body(body.clone()).send().await?;
                ensure!(answer.status().is_success(), "an upload was refused: {}", answer.status());
                answer.bytes().await?;
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}

#[derive(Default)]
struct Counters {
    waiting: AtomicU64,
    answered: AtomicU64,
}

/// Answers each POST after 50 ms. By hand, since it shares the machine with what is measured.
struct Receiver {
    url: String,
    counters: Arc<Counters>,
}

impl Receiver {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let counters = Arc::new(Counters::default());
        let shared = Arc::clone(&counters);
        // Ends with the process.
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counters = Arc::clone(&shared);
                tokio::spawn(async move { serve(stream, &counters).await });
            }
        });
        Ok(Self { url, counters })
    }

    fn waiting(&self) -> u64 {
        self.counters.waiting.load(Ordering::Relaxed)
    }

    fn answered(&self) -> u64 {
        self.counters.answered.load(Ordering::Relaxed)
    }
}

/// Request after request, until the other side closes.
async fn serve(stream: TcpStream, counters: &Counters) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().context("a length that is no number")?;
                }
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
        counters.waiting.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(STEP).await;
        counters.waiting.fetch_sub(1, Ordering::Relaxed);
        counters.answered.fetch_add(1, Ordering::Relaxed);
        stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
    }
}
