//! Runs calls on a disk where they belong.

use std::io;
use std::thread;

use rustix::process::{getpriority_process, setpriority_process};
use rustix::thread::gettid;
use tokio::sync::oneshot;

use super::{Disk, Pace};

/// Under load such a thread gets about a tenth of what another one gets (sched(7): each step of niceness is a factor of 1.25).
const NICENESS: i32 = 10;

/// Runs `work` on a blocking thread for a real disk, in this task for a simulated one. A panic in it is an error here.
pub(crate) async fn run_blocking<T, F>(disk: &dyn Disk, work: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    match disk.pace() {
        Pace::Threads => tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?,
        Pace::Inline { latency } => {
            tokio::time::sleep(latency).await;
            work()
        }
    }
}

/// The same for long work that people do not wait for, on a thread that gives way to those that they wait for.
pub(crate) async fn run_giving_way<T, F>(disk: &dyn Disk, name: &str, work: F) -> io::Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> io::Result<T> + Send + 'static,
{
    if matches!(disk.pace(), Pace::Inline { .. }) {
        return run_blocking(disk, work).await;
    }
    let (answer, answered) = oneshot::channel();
    thread::Builder::new().name(name.to_owned()).spawn(move || {
        if let Err(error) = give_way() {
            tracing::debug!(%error, "a thread goes on at the usual priority");
        }
        // Nobody listens when the node stops.
        let _ = answer.send(work());
    })?;
    answered.await.map_err(|_| io::Error::other("its thread panicked"))?
}

/// On Linux the priority is a thread's own, and a thread's id stands for a process's here.
fn give_way() -> io::Result<()> {
    let own = Some(gettid());
    setpriority_process(own, getpriority_process(own)? + NICENESS)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::DirectoryDisk;

    fn niceness() -> i32 {
        getpriority_process(Some(gettid())).unwrap()
    }

    #[tokio::test]
    async fn long_work_gives_way_and_a_panic_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let disk = DirectoryDisk::open(folder.path()).unwrap();
        let name_and_niceness = || Ok((thread::current().name().map(str::to_owned), niceness()));
        let (name, lowered) = run_giving_way(&disk, "long", name_and_niceness).await.unwrap();
        // 19 is the lowest there is.
        assert_eq!((name.as_deref(), lowered), (Some("long"), (niceness() + NICENESS).min(19)));
        run_giving_way(&disk, "long", || -> io::Result<()> { panic!("told to") }).await.unwrap_err();
    }
}
