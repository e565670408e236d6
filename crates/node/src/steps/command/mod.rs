//! The `command` step: runs a program of the folder for commands, with the contents as its standard input.
//!
//! `process` runs it, `group` ends it with all that it has started, `tail` keeps the end of what it says. Only this
//! node's own file names the folder: who may set routes may choose among the programs there, and no others.

mod group;
mod process;
mod tail;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use flotilla_actors::ports::Progress;
use flotilla_model::{EventRecord, Step, Subject};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};

use super::{StepFailure, Steps};
use process::{End, Invocation, Run};

/// EX_TEMPFAIL of sysexits.h: "temporary failure; the user is invited to retry".
const EXIT_TRY_AGAIN: i32 = 75;
/// What a program finds its own helpers with, if the node has none.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The step's own settings.
pub(super) struct Order<'a> {
    pub(super) program: &'a str,
    pub(super) arguments: &'a [String],
    pub(super) timeout: Duration,
    pub(super) idempotent: bool,
}

impl Steps {
    pub(super) async fn command(
        &self,
        event: &EventRecord,
        step: u32,
        order: &Order<'_>,
        progress: &Progress,
    ) -> Result<String, StepFailure> {
        let (directory, program) = self.program(order.program)?;
        let input = self.input(event).await?;
        let invocation = Invocation {
            program: &program,
            arguments: order.arguments,
            directory: &directory,
            environment: self.environment(event, step),
            timeout: order.timeout,
        };
        let run = match process::run(&invocation, input).await {
            Ok(run) => run,
            Err(error) => return Err(not_started(&error, &program)),
        };
        if run.leaked > 0 {
            progress.leaked(format!("{} left {} processes running, they were killed", order.program, run.leaked));
        }
        judge(&run, order)
    }

    /// The folder, and the program in it.
    fn program(&self, name: &str) -> Result<(PathBuf, PathBuf), StepFailure> {
        let Some(directory) = &self.commands_dir else {
            return Err(StepFailure::permanent(
                "this node runs no commands: name a folder as node.commands_dir in its node file and start it anew",
            ));
        };
        // Administration has checked it, but the log is what counts here.
        if !Step::is_program_name(name) {
            return Err(StepFailure::permanent(format!(
                "{name:?} is not the plain name of a file: set the route again"
            )));
        }
        Ok((directory.clone(), directory.join(name)))
    }

    /// The contents of the event's file, from here or from another node; or its data.
    async fn input(&self, event: &EventRecord) -> Result<BoxStream<'static, Result<Bytes, String>>, StepFailure> {
        match &event.subject {
            Subject::File(file) => Ok(self.read(file).await?.chunks.map_err(|error| error.to_string()).boxed()),
            Subject::Data(data) => {
                let data = self.data(data).await?;
                Ok(futures::stream::iter([Ok(data)]).boxed())
            }
        }
    }

    fn environment(&self, event: &EventRecord, step: u32) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("PATH", std::env::var("PATH").unwrap_or_else(|_| PATH.to_owned())),
            ("FLOTILLA_EVENT", event.id.to_string()),
            ("FLOTILLA_KIND", event.kind.name().to_owned()),
            ("FLOTILLA_ACCOUNT", event.account.to_string()),
            ("FLOTILLA_IDEMPOTENCY_KEY", self.idempotency_key(event, step)),
        ];
        if let Some(file) = event.file() {
            environment.extend([
                ("FLOTILLA_PATH", file.path.to_string()),
                ("FLOTILLA_TRANSFER", file.transfer.to_string()),
                ("FLOTILLA_SHA256", file.sha256.to_string()),
            ]);
        }
        environment
    }
}

/// Nothing has run, so that nothing is in doubt.
fn not_started(error: &std::io::Error, program: &std::path::Path) -> StepFailure {
    let shown = program.display();
    match error.kind() {
        ErrorKind::NotFound => StepFailure::permanent(format!(
            "there is no {shown} on this node, or what its first line names: put it on every node"
        )),
        ErrorKind::PermissionDenied => {
            StepFailure::permanent(format!("{shown} may not be run: make it executable for the user of the node"))
        }
        ErrorKind::InvalidInput | ErrorKind::ArgumentListTooLong => {
            StepFailure::permanent(format!("{shown} cannot be given this: {error}"))
        }
        // ENOEXEC.
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => StepFailure::permanent(format!(
            "{shown} is nothing that the system can run: a script begins with #! and its interpreter"
        )),
        _ => StepFailure::internal(format!("{shown} could not be started: {error}")),
    }
}

fn judge(run: &Run, order: &Order<'_>) -> Result<String, StepFailure> {
    let said = |what: String| if run.output.is_empty() { what } else { format!("{what}: {}", run.output) };
    match &run.end {
        End::Exited(0) => Ok(said("exit code 0".to_owned())),
        End::Exited(code) => {
            let message = said(format!("exit code {code}"));
            Err(StepFailure::Failed { message, retryable: *code == EXIT_TRY_AGAIN })
        }
        End::Signalled(signal) => {
            Err(StepFailure::doubtful(said(format!("ended by signal {signal}")), order.idempotent))
        }
        End::TimedOut => {
            let message = said(format!("killed after {} ms", order.timeout.as_millis()));
            Err(StepFailure::doubtful(message, order.idempotent))
        }
        End::InputFailed(reason) => {
            let message = said(format!("killed, as its input broke off ({reason})"));
            Err(StepFailure::doubtful(message, order.idempotent))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Error;
    use std::path::Path;

    use super::*;

    #[test]
    fn ends_and_what_follows() {
        let failed = |message: &str, retryable| StepFailure::Failed { message: message.to_owned(), retryable };
        let unknown = |message: &str| StepFailure::OutcomeUnknown { message: message.to_owned() };
        for (end, idempotent, expected) in [
            (End::Exited(0), false, Ok("exit code 0: said".to_owned())),
            (End::Exited(75), false, Err(failed("exit code 75: said", true))),
            (End::Exited(1), true, Err(failed("exit code 1: said", false))),
            (End::Signalled(9), true, Err(failed("ended by signal 9: said", true))),
            (End::Signalled(9), false, Err(unknown("ended by signal 9: said"))),
            (End::TimedOut, true, Err(failed("killed after 5 ms: said", true))),
            (End::TimedOut, false, Err(unknown("killed after 5 ms: said"))),
            (End::InputFailed("gone".to_owned()), false, Err(unknown("killed, as its input broke off (gone): said"))),
        ] {
            let order = Order { program: "p", arguments: &[], timeout: Duration::from_millis(5), idempotent };
            let run = Run { end, output: "said".to_owned(), leaked: 0 };
            assert_eq!(judge(&run, &order), expected, "{run:?}");
        }
    }

    #[test]
    fn only_what_this_side_may_mend_is_tried_again() {
        for (error, expected) in [
            (Error::from(ErrorKind::NotFound), false),
            (Error::from(ErrorKind::PermissionDenied), false),
            (Error::from(ErrorKind::ArgumentListTooLong), false),
            (Error::from(rustix::io::Errno::NOEXEC), false),
            (Error::from(rustix::io::Errno::AGAIN), true),
            (Error::from(rustix::io::Errno::TXTBSY), true),
            (Error::from(rustix::io::Errno::MFILE), true),
        ] {
            let failure = not_started(&error, Path::new("/commands/p"));
            assert_eq!(matches!(failure, StepFailure::Internal { .. }), expected, "{failure:?}");
        }
    }
}
