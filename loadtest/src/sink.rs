//! A receiver of webhooks that answers each request after a fixed time: a step of I/O of known length.
//!
//! Plain HTTP/1.1 on loopback, connections kept. It runs beside the servers that it measures, so it does little: a request is
//! cut off the stream and not parsed further, and as every answer has the same delay, those that are due stand in one line.
//! A thread of its own waits for the first of them: the runtime's timer rounds up to whole milliseconds, which is a part of
//! 50 ms that no server could make up for.

mod request;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use request::Requests;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const READ_BYTES: usize = 16 * 1024;

/// The running receiver; it ends when this is dropped.
pub(crate) struct Sink {
    pub(crate) url: String,
    counters: Arc<Counters>,
    _stop: oneshot::Sender<()>,
}

#[derive(Default)]
struct Counters {
    answered: AtomicU64,
    /// From the end of a request to its answer, summed up.
    held_us: AtomicU64,
    broken: AtomicU64,
}

/// What the receiver has seen so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) answered: u64,
    pub(crate) held_us: u64,
    /// Connections that ended within a request or sent what is none, and answers that could not be given.
    pub(crate) broken: u64,
}

/// A request whose answer waits for its time.
struct Waiting {
    arrived: Instant,
    stream: Arc<TcpStream>,
}

impl Sink {
    pub(crate) fn start(delay: Duration) -> Result<Self> {
        let listener = std::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}/", listener.local_addr()?);
        let counters = Arc::new(Counters::default());
        // Bounded by the connections: each waits for its answer before it asks again.
        let (sender, receiver) = mpsc::channel();
        let shared = Arc::clone(&counters);
        // Ends when the readers and the acceptor, which hold the senders, have ended.
        std::thread::Builder::new()
            .name("sink-answers".to_owned())
            .spawn(move || answer_when_due(&receiver, delay, &shared))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::clone(&counters);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        std::thread::Builder::new().name("sink-requests".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    ended = accept(listener, sender, shared) => report(&ended),
                    // The handle is gone.
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { url, counters, _stop: stop })
    }

    pub(crate) fn seen(&self) -> Seen {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { answered, held_us, broken } = &*self.counters;
        Seen { answered: read(answered), held_us: read(held_us), broken: read(broken) }
    }
}

#[expect(clippy::print_stderr, reason = "the measurement fails for want of answers; this says why")]
fn report(ended: &Result<()>) {
    if let Err(error) = ended {
        eprintln!("the receiver of webhooks ended: {error:#}");
    }
}

async fn accept(listener: std::net::TcpListener, line: mpsc::Sender<Waiting>, counters: Arc<Counters>) -> Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await.context("cannot accept")?;
        stream.set_nodelay(true)?;
        let (line, counters) = (line.clone(), Arc::clone(&counters));
        // Ends with its connection.
        tokio::spawn(async move {
            if read_requests(Arc::new(stream), line).await.is_err() {
                counters.broken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

async fn read_requests(stream: Arc<TcpStream>, line: mpsc::Sender<Waiting>) -> Result<()> {
    let mut requests = Requests::default();
    let mut buffer = vec![0; READ_BYTES];
    // So that an answer can be written without waiting.
    stream.writable().await?;
    loop {
        stream.readable().await?;
        let length = match stream.try_read(&mut buffer) {
            Ok(0) => return requests.end(),
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        };
        for _ in 0..requests.feed(&buffer[..length])? {
            line.send(Waiting { arrived: Instant::now(), stream: Arc::clone(&stream) }).context("nobody answers")?;
        }
    }
}

fn answer_when_due(line: &mpsc::Receiver<Waiting>, delay: Duration, counters: &Counters) {
    // In the order of their arrival, which is the order of their times.
    for Waiting { arrived, stream } in line {
        let mut left = delay.saturating_sub(arrived.elapsed());
        while !left.is_zero() {
            std::thread::park_timeout(left);
            left = delay.saturating_sub(arrived.elapsed());
        }
        // Counted first: who has the answer may ask for the counters.
        counters.answered.fetch_add(1, Ordering::Relaxed);
        counters.held_us.fetch_add(arrived.elapsed().as_micros() as u64, Ordering::Relaxed);
        // A client that has gone, or that reads nothing, sees to itself.
        if stream.try_write(ANSWER).ok() != Some(ANSWER.len()) {
            counters.broken.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn each_request_is_answered_after_the_delay_and_not_much_later() {
        const DELAY: Duration = Duration::from_millis(20);
        let sink = Sink::start(DELAY).unwrap();
        let address = sink.url.strip_prefix("http://").unwrap().strip_suffix('/').unwrap().to_owned();
        let clients = (0..8).map(|_| {
            let address = address.clone();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                for _ in 0..5 {
                    let begun = Instant::now();
                    // In two pieces, with a body.
                    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-").await.unwrap();
                    stream.write_all(b"length: 4\r\n\r\nbody").await.unwrap();
                    let mut answer = vec![0; ANSWER.len()];
                    stream.read_exact(&mut answer).await.unwrap();
                    assert_eq!(answer, ANSWER);
                    assert!(begun.elapsed() >= DELAY);
                }
            })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        let seen = sink.seen();
        assert_eq!((seen.answered, seen.broken), (40, 0));
        assert!(seen.held_us >= 40 * 20_000);
    }
}
