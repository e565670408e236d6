//! Brings operations to the writer: on a thread of its own for a real disk, in a task for a simulated one.
//!
//! Either ends when the log is closed or its last handle is dropped, after everything that was asked for is done.

use std::time::Duration;

use tokio::sync::mpsc;

use super::operation::Request;
use super::writer::Writer;
use crate::disk::{Disk, Pace};

/// Operations that wait; more make the asker wait. One holds at most what one append of Raft does.
pub(super) const QUEUE_OPERATIONS: usize = 1024;
/// A frame takes no more operations when it has become this large.
const FRAME_TARGET_BYTES: usize = 4 << 20;

/// The writer at work; awaiting it waits for its end.
pub(super) enum Pump {
    Thread(std::thread::JoinHandle<()>),
    Task(tokio::task::JoinHandle<()>),
}

impl Pump {
    pub(super) fn start(disk: &dyn Disk, writer: Writer, queue: mpsc::Receiver<Request>) -> std::io::Result<Self> {
        match disk.pace() {
            Pace::Threads => {
                let thread = std::thread::Builder::new().name("log-writer".to_owned());
                Ok(Self::Thread(thread.spawn(move || run_thread(writer, queue))?))
            }
            Pace::Inline { .. } => Ok(Self::Task(tokio::spawn(run_task(writer, queue)))),
        }
    }

    pub(super) async fn ended(self) {
        // A panic of the writer has already failed everybody who waited for it.
        match self {
            Self::Thread(thread) => drop(tokio::task::spawn_blocking(move || drop(thread.join())).await),
            Self::Task(task) => drop(task.await),
        }
    }
}

fn run_thread(mut writer: Writer, mut queue: mpsc::Receiver<Request>) {
    while !writer.is_closing()
        && let Some(first) = queue.blocking_recv()
    {
        let requests = drain(first, &mut queue);
        if let Some(written) = writer.write(requests) {
            writer.sync(written);
        }
    }
    writer.close();
}

async fn run_task(mut writer: Writer, mut queue: mpsc::Receiver<Request>) {
    while !writer.is_closing()
        && let Some(first) = queue.recv().await
    {
        let requests = drain(first, &mut queue);
        if let Some(written) = writer.write(requests) {
            tokio::time::sleep(writer.latency().unwrap_or(Duration::ZERO)).await;
            writer.sync(written);
        }
    }
    writer.close();
}

/// The first request and all that wait behind it: the group that shares a sync.
fn drain(first: Request, queue: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let mut size_bytes = first.size_bytes();
    let mut requests = vec![first];
    while size_bytes < FRAME_TARGET_BYTES
        && let Ok(next) = queue.try_recv()
    {
        size_bytes += next.size_bytes();
        requests.push(next);
    }
    requests
}
