//! A receiver of webhooks that keeps what came and behaves as a test tells it to, from one request to the next.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use anyhow::Result;
use flotilla_local::wait_until;
use parking_lot::{Condvar, Mutex};

use crate::common::DEADLINE;

/// What it does with a request that it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Answers with a status line's code and reason.
    Answer(&'static str),
    /// Closes the connection without a word.
    HangUp,
    /// Keeps the sender waiting until another behaviour is set, and behaves so.
    Hold,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    changed: Condvar,
    requests: Mutex<Vec<String>>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    /// On `port`; 0 takes any.
    pub(crate) fn start(port: u16, behaviour: Behaviour) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let (behaviour, requests) = (Mutex::new(behaviour), Mutex::default());
        let shared = Arc::new(Shared { behaviour, changed: Condvar::new(), requests });
        let handed = Arc::clone(&shared);
        // It and the threads of its connections end with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&handed);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Ok(Self { url, shared })
    }

    /// From now on, and for those that are held.
    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock() = behaviour;
        self.shared.changed.notify_all();
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().clone()
    }

    /// Waits until so many requests have come.
    pub(crate) async fn called(&self, times: usize) -> Result<()> {
        let what = format!("the receiver is called {times} times");
        wait_until(&what, DEADLINE, async || Ok((self.requests().len() >= times).then_some(()))).await
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(length) = stream.read(&mut buffer) {
        text.extend_from_slice(&buffer[..length]);
        if length == 0 || text.ends_with(b"}") {
            break;
        }
    }
    shared.requests.lock().push(String::from_utf8_lossy(&text).into_owned());
    let mut behaviour = shared.behaviour.lock();
    while *behaviour == Behaviour::Hold {
        shared.changed.wait(&mut behaviour);
    }
    if let Behaviour::Answer(status) = *behaviour {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        // The sender's next request shows whether this one was answered.
        let _ = stream.write_all(answer.as_bytes());
    }
}
