//! Named Arbiters: one thread with a single-threaded tokio runtime each, called after its group so that a profile or
//! `top -H` shows which actors burn the time. (actix names its own Arbiter threads by number and cannot be told.)

use std::collections::BTreeMap;
use std::io;
use std::thread::JoinHandle;

use actix_rt::{ArbiterHandle, System};
use parking_lot::Mutex;
use thiserror::Error;

/// An Arbiter could not be had.
#[derive(Debug, Error)]
pub enum PlacementError {
    /// The operating system gave no thread.
    #[error("cannot start the thread of actor group {group}")]
    Thread {
        /// The group.
        group: String,
        /// The system's error.
        source: io::Error,
    },
    /// The thread ended before it was ready.
    #[error("the thread of actor group {group} ended before it was ready")]
    NotReady {
        /// The group.
        group: String,
    },
}

struct Group {
    system: System,
    arbiter: ArbiterHandle,
    thread: JoinHandle<()>,
}

/// All Arbiters of a supervisor.
#[derive(Default)]
pub struct Placement {
    groups: Mutex<BTreeMap<String, Group>>,
}

impl Placement {
    /// The Arbiter of a group; started on first use, and again if it has ended.
    pub fn arbiter(&self, group: &str) -> Result<ArbiterHandle, PlacementError> {
        let mut groups = self.groups.lock();
        if let Some(running) = groups.get(group)
            && running.arbiter.alive()
            && !running.thread.is_finished()
        {
            return Ok(running.arbiter.clone());
        }
        let started = start(group)?;
        let arbiter = started.arbiter.clone();
        groups.insert(group.to_owned(), started);
        Ok(arbiter)
    }

    /// Ends one group's thread with everything on it; supervised actors come back on a new one.
    pub fn end_group(&self, group: &str) {
        let removed = self.groups.lock().remove(group);
        if let Some(removed) = removed {
            removed.system.stop();
        }
    }

    /// Ends all threads and, if `wait`, joins them. Blocks: not for an async context.
    pub(super) fn end_all(&self, wait: bool) {
        let groups = std::mem::take(&mut *self.groups.lock());
        let threads: Vec<_> = groups
            .into_values()
            .map(|group| {
                group.system.stop();
                group.thread
            })
            .collect();
        if wait {
            for thread in threads {
                // A thread that panicked is gone as well.
                let _ = thread.join();
            }
        }
    }
}

fn start(group: &str) -> Result<Group, PlacementError> {
    let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new()
        .name(group.to_owned())
        .spawn(move || {
            let runner = System::new();
            let system = System::current();
            let arbiter = system.arbiter().clone();
            if ready.send((system, arbiter)).is_ok()
                && let Err(error) = runner.run()
            {
                tracing::error!(%error, "the Arbiter of an actor group ended");
            }
        })
        .map_err(|source| PlacementError::Thread { group: group.to_owned(), source })?;
    let (system, arbiter) = is_ready.recv().map_err(|_| PlacementError::NotReady { group: group.to_owned() })?;
    Ok(Group { system, arbiter, thread })
}
