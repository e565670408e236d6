//! One run of a program: started in a process group of its own, fed, waited for, and ended with all that it has started.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::group::ProcessGroup;
use super::tail::Tail;
use crate::steps::cpu::NICENESS;

/// How long its output is read after its end: a process that has left the group may hold it open for ever.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a killed process may take to be gone; longer only if it hangs in the kernel. It is waited for elsewhere then.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// What to run.
pub(super) struct Invocation<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [String],
    pub(super) directory: &'a Path,
    /// Nothing else is inherited.
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) timeout: Duration,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Exited(i32),
    /// By a signal that it did not get from here.
    Signalled(i32),
    /// It was killed: its time was up.
    TimedOut,
    /// It was killed: it could not be given its whole input.
    InputFailed(String),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) end: End,
    pub(super) output: String,
    /// Processes of its group that it left running; they were killed.
    pub(super) leaked: usize,
}

/// Runs it to its end. Dropped before that, everything in the group is killed. An error: it was not started.
pub(super) async fn run<E: ToString>(
    invocation: &Invocation<'_>,
    input: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> io::Result<Run> {
    let deadline = Instant::now() + invocation.timeout;
    let mut child = spawn(invocation)?;
    // Behind `child`, so that it is dropped first: a killed child is waited for by the runtime.
    let group = ProcessGroup::led_by(child.id(), NICENESS);
    let (tail, mut readers) = (Tail::default(), JoinSet::new());
    if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
        readers.spawn(tail.clone().follow(stdout));
        readers.spawn(tail.clone().follow(stderr));
    }
    let stdin = child.stdin.take();
    let (end, leaked) = match timeout_at(deadline, feed_and_wait(&mut child, stdin, input)).await {
        Ok(Ok(status)) => {
            let leaked = match group.leader_has_ended() {
                Some(survivors) => tokio::task::spawn_blocking(|| survivors.kill()).await.unwrap_or(1),
                None => 0,
            };
            (end_of(status), leaked)
        }
        Ok(Err(reason)) => (kill(child, group, End::InputFailed(reason)).await, 0),
        Err(_elapsed) => (kill(child, group, End::TimedOut).await, 0),
    };
    // What is left of the readers ends with the set.
    let _ = timeout(OUTPUT_TIMEOUT, async { while readers.join_next().await.is_some() {} }).await;
    Ok(Run { end, output: tail.text(), leaked })
}

fn spawn(invocation: &Invocation<'_>) -> io::Result<Child> {
    Command::new(invocation.program)
        .args(invocation.arguments)
        .current_dir(invocation.directory)
        .env_clear()
        .envs(invocation.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Gives it its input until it ends. An error: the input came to an early end.
async fn feed_and_wait<E: ToString>(
    child: &mut Child,
    stdin: Option<ChildStdin>,
    input: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<ExitStatus, String> {
    let feeding = feed(stdin, input);
    tokio::pin!(feeding);
    let mut is_fed = false;
    loop {
        tokio::select! {
            biased;
            status = child.wait() => return status.map_err(|error| error.to_string()),
            fed = &mut feeding, if !is_fed => {
                fed?;
                is_fed = true;
            }
        }
    }
}

async fn feed<E: ToString>(
    stdin: Option<ChildStdin>,
    mut input: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<(), String> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    while let Some(chunk) = input.next().await {
        let chunk = chunk.map_err(|error| error.to_string())?;
        // A program need not read what it is given.
        if stdin.write_all(&chunk).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

async fn kill(mut child: Child, group: ProcessGroup, end: End) -> End {
    group.kill();
    let Ok(Ok(status)) = timeout(KILL_TIMEOUT, child.wait()).await else { return end };
    // All of them were killed.
    let _ = group.leader_has_ended();
    match end_of(status) {
        // It had ended by itself just before.
        exited @ End::Exited(_) => exited,
        End::Signalled(_) | End::TimedOut | End::InputFailed(_) => end,
    }
}

fn end_of(status: ExitStatus) -> End {
    status.code().map_or_else(|| End::Signalled(status.signal().unwrap_or_default()), End::Exited)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use futures::stream;

    use super::*;

    fn shell<'a>(arguments: &'a [String], timeout: Duration) -> Invocation<'a> {
        let environment = vec![("PATH", "/usr/bin:/bin".to_owned()), ("FLOTILLA_EVENT", "7".to_owned())];
        Invocation { program: Path::new("/bin/sh"), arguments, directory: Path::new("/"), environment, timeout }
    }

    const LONG: Duration = Duration::from_secs(30);

    async fn run_script(script: &str, input: &'static str, timeout: Duration) -> Run {
        let arguments = ["-c", script].map(str::to_owned);
        run(&shell(&arguments, timeout), stream::iter([Ok::<_, String>(Bytes::from(input))])).await.unwrap()
    }

    fn exited(code: i32, output: &str) -> Run {
        Run { end: End::Exited(code), output: output.to_owned(), leaked: 0 }
    }

    #[tokio::test]
    async fn it_gets_input_and_environment_and_nothing_else() {
        let run = run_script("cat; echo \" event $FLOTILLA_EVENT, home $HOME\"; pwd", "contents", LONG).await;
        assert_eq!(run, exited(0, "contents event 7, home /"));
        assert_eq!(run_script("cat >&2", "an error", LONG).await, exited(0, "an error"));
    }

    #[tokio::test]
    async fn codes_and_signals_are_told_apart() {
        assert_eq!(run_script("echo no; exit 75", "", LONG).await, exited(75, "no"));
        assert_eq!(run_script("kill -ABRT $$", "", LONG).await.end, End::Signalled(6));
    }

    #[tokio::test]
    async fn input_that_nobody_reads_and_output_that_nobody_wants_stop_nothing() {
        let input: &'static str = Box::leak("x".repeat(1 << 20).into_boxed_str());
        assert_eq!(run_script("exit 3", input, LONG).await, exited(3, ""));
        let run = run_script("yes | head -c 1000000; echo; echo end", "", LONG).await;
        assert!(run.end == End::Exited(0) && run.output.ends_with("y y end"), "{run:?}");
    }

    #[tokio::test]
    async fn it_is_killed_with_all_that_it_started_when_its_time_is_up() {
        let begun = SystemTime::now();
        let run = run_script("echo $$; sleep 600 & sleep 600", "", Duration::from_millis(300)).await;
        assert_eq!(run.end, End::TimedOut);
        assert!(begun.elapsed().unwrap() < Duration::from_secs(20));
        assert_gone(run.output.parse().unwrap()).await;
    }

    #[tokio::test]
    async fn an_input_that_breaks_off_ends_it() {
        let arguments = ["-c", "cat; exit 0"].map(str::to_owned);
        let input = stream::iter([Ok(Bytes::from("half")), Err("the copy is gone")]);
        let run = run(&shell(&arguments, LONG), input).await.unwrap();
        // It may have seen the end of its input before it was killed.
        assert!(matches!(run.end, End::InputFailed(_) | End::Exited(0)), "{run:?}");
    }

    #[tokio::test]
    async fn what_it_leaves_running_is_killed_and_counted() {
        let run = run_script("sleep 600 & sleep 600 & echo $$; exit 4", "", LONG).await;
        assert_eq!((run.end, run.leaked), (End::Exited(4), 2));
        assert_gone(run.output.parse().unwrap()).await;
    }

    #[tokio::test]
    async fn cancelled_it_is_killed_with_all_that_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("group");
        let script = format!("sleep 600 & echo $$ > {0}.new; mv {0}.new {0}; sleep 600", file.display());
        let arguments = ["-c".to_owned(), script];
        let running = tokio::spawn(async move {
            let _ = run(&shell(&arguments, LONG), stream::pending::<Result<Bytes, String>>()).await;
        });
        let group = loop {
            match std::fs::read_to_string(&file) {
                Ok(text) => break text.trim().parse().unwrap(),
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        running.abort();
        assert_gone(group).await;
    }

    #[tokio::test]
    async fn what_cannot_be_started_says_so() {
        let nothing = Invocation { program: Path::new("/nonexistent/program"), ..shell(&[], LONG) };
        let error = run(&nothing, stream::empty::<Result<Bytes, String>>()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    /// Waits until a process group has no member any more that runs.
    async fn assert_gone(group: i32) {
        let gone = async {
            while super::super::group::count_running(Path::new("/proc"), group) > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), gone).await.expect("the group still runs");
    }
}
