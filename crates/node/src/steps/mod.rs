//! The steps of a route, carried out: the GMP workers' port to files, the log and the outside.

mod checksum;
mod command;
mod cpu;
mod failure;
mod log_line;
mod publish;
mod subject;
mod watch;
mod webhook;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flotilla_actors::ports::{Progress, ProposalError, ReplicatedLog, StepRunner, WorkOutcome};
use flotilla_files::Files;
use flotilla_model::{Command, NodeId, Outcome, Rejection, Step, StepReport, StepResult, WorkEnd, WorkItem, WorkerId};
use flotilla_pki::SecretHandle;

pub(crate) use cpu::CpuPool;
use failure::StepFailure;

use crate::clock::now_ms;

pub(crate) use watch::Watch;
use watch::{RunWatch, StepWatch};

/// How long a step that has no time-out of its own may go on; reading a very large file from another node takes a while.
const STEP_TIMEOUT: Duration = Duration::from_secs(3600);
/// How long a worker waits for the log; an event is tried again when there is no quorum.
const SPARE_TIMEOUT: Duration = Duration::from_secs(30);

/// Carries out steps on this node.
pub(crate) struct Steps {
    pub(crate) node: NodeId,
    pub(crate) cluster_id: u128,
    pub(crate) log: Arc<dyn ReplicatedLog>,
    pub(crate) files: Files,
    pub(crate) http: reqwest::Client,
    pub(crate) secrets: SecretHandle,
    pub(crate) watch: Watch,
    pub(crate) cpu: CpuPool,
    /// Where the programs of `command` steps are, if this node runs any.
    pub(crate) commands_dir: Option<PathBuf>,
}

#[async_trait]
impl StepRunner for Steps {
    async fn run(&self, work: Arc<WorkItem>, worker: WorkerId, progress: Progress) -> WorkOutcome {
        let watch = self.watch.run(&work, worker);
        let outcome = self.run_steps(work, worker, progress, &watch).await;
        watch.end(&outcome.end);
        outcome
    }
}

impl Steps {
    async fn run_steps(
        &self,
        work: Arc<WorkItem>,
        worker: WorkerId,
        progress: Progress,
        watch: &RunWatch,
    ) -> WorkOutcome {
        let route = Arc::clone(&work.event.route);
        for (index, step) in route.steps.iter().enumerate().skip(work.event.next_step as usize) {
            let index = index as u32;
            let (started_ms, start) = (now_ms(), Instant::now());
            if !step.is_idempotent()
                && let Err(end) = self.begin(&work, index).await
            {
                return WorkOutcome { steps: progress.ended(), end };
            }
            progress.begin(index, step.is_idempotent(), timeout_of(step));
            let seen = watch.step(index, step.kind());
            let result = self.run_step(&work, index, step, &progress, &seen).await;
            seen.end(&result);
            let report = |result| StepReport {
                step: index,
                kind: step.kind().to_owned(),
                attempt: work.lease.attempt,
                node: self.node,
                worker,
                started_ms,
                duration_us: start.elapsed().as_micros() as u64,
                result,
            };
            let end = match result {
                Ok(detail) => {
                    progress.end(report(StepResult::Succeeded { detail }));
                    continue;
                }
                Err(StepFailure::LeaseLost) => WorkEnd::Returned,
                Err(StepFailure::Failed { message, retryable }) => {
                    progress.end(report(StepResult::Failed { message: message.clone() }));
                    WorkEnd::Failed { reason: format!("{}: {message}", step.kind()), retryable }
                }
                Err(StepFailure::Internal { message }) => {
                    progress.end(report(StepResult::Failed { message: message.clone() }));
                    WorkEnd::FailedInternally { reason: format!("{}: {message}", step.kind()) }
                }
                Err(StepFailure::OutcomeUnknown { message }) => {
                    progress.end(report(StepResult::Failed { message: message.clone() }));
                    WorkEnd::OutcomeUnknown { step: index, reason: message }
                }
            };
            return WorkOutcome { steps: progress.ended(), end };
        }
        WorkOutcome { steps: progress.ended(), end: WorkEnd::Done }
    }
}

fn timeout_of(step: &Step) -> Duration {
    match step {
        Step::Webhook { timeout_ms, .. } | Step::Command { timeout_ms, .. } => {
            Duration::from_millis(*timeout_ms) + SPARE_TIMEOUT
        }
        Step::Checksum | Step::Publish { .. } | Step::Log { .. } => STEP_TIMEOUT,
    }
}

impl Steps {
    async fn run_step(
        &self,
        work: &WorkItem,
        index: u32,
        step: &Step,
        progress: &Progress,
        seen: &StepWatch,
    ) -> Result<String, StepFailure> {
        match step {
            Step::Checksum => self.checksum(&work.event).await,
            Step::Publish { account, folder } => self.publish(work, account, folder).await,
            Step::Webhook { url, key, timeout_ms, idempotent } => {
                let call = webhook::Call {
                    url,
                    key: key.as_ref(),
                    timeout: Duration::from_millis(*timeout_ms),
                    idempotent: *idempotent,
                    traceparent: seen.traceparent(),
                };
                self.webhook(&work.event, index, &call).await
            }
            Step::Command { program, arguments, timeout_ms, idempotent } => {
                let timeout = Duration::from_millis(*timeout_ms);
                let order = command::Order { program, arguments, timeout, idempotent: *idempotent };
                self.command(&work.event, index, &order, progress).await
            }
            Step::Log { message } => Ok(log_line::write(&work.event, message)),
        }
    }

    /// Notes in the log that a step is about to run that must not be repeated.
    async fn begin(&self, work: &WorkItem, step: u32) -> Result<(), WorkEnd> {
        let command = Command::BeginStep {
            event: work.event.id,
            attempt: work.lease.attempt,
            node: work.lease.node,
            session: work.lease.session,
            step,
            now_ms: now_ms(),
        };
        match self.propose(command).await {
            Ok(_) => Ok(()),
            Err(StepFailure::LeaseLost) => Err(WorkEnd::Returned),
            // Noted or not, the step has not run.
            Err(
                StepFailure::Failed { message, .. }
                | StepFailure::Internal { message }
                | StepFailure::OutcomeUnknown { message },
            ) => Err(WorkEnd::FailedInternally { reason: message }),
        }
    }

    /// One command for a leased event.
    async fn propose(&self, command: Command) -> Result<Outcome, StepFailure> {
        let answer = self.log.propose_many(&[command]).await;
        let mut answers = match answer {
            Ok(applied) => applied.answers,
            Err(ProposalError::NotAccepted { reason } | ProposalError::Unknown { reason }) => {
                return Err(StepFailure::internal(reason));
            }
        };
        match answers.pop() {
            Some(Ok(outcome)) => Ok(outcome),
            Some(Err(Rejection::StaleLease { .. } | Rejection::StaleSession { .. })) => Err(StepFailure::LeaseLost),
            Some(Err(rejection)) if rejection.is_temporary() => Err(StepFailure::internal(rejection)),
            Some(Err(rejection)) => Err(StepFailure::permanent(rejection)),
            None => Err(StepFailure::internal("the log gave no answer")),
        }
    }
}
