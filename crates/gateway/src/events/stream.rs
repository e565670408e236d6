//! `POST /events/stream`: events come up in lines, answers go down in lines, both at once, for as long as the client likes.
//!
//! The body of the answer owns that of the request. What has come by now is proposed together, at once while few proposals
//! are under way; else it waits and grows. So a lone event is not held up, and under load a proposal carries hundreds.
//! When the client does not read its answers nothing more is read from it, and it feels that through TCP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Payload;
use bytes::Bytes;
use flotilla_model::AccountName;
use futures::future::LocalBoxFuture;
use futures::stream::{self, FuturesOrdered};
use futures::{FutureExt, Stream, StreamExt};
use tokio::time::{Instant, sleep_until};

use crate::codes;
use crate::context::Context;
use crate::events::answers::write_lines;
use crate::events::batch::{Answers, Batch};
use crate::events::event::EventReader;
use crate::events::input::{Input, Read};
use crate::events::publish::{pressure, publish, slow_down};
use crate::events::slots::Slot;
use crate::events::standing::Standing;
use crate::metrics::OwnedGauge;
use crate::pressure::{DELAY_MAX, Pressure};
use crate::problem::Problem;

/// Proposals of one stream under way: those that are read, joined, synced, on their way, applied and answered at once. More
/// would only make each smaller.
const PROPOSALS_MAX: usize = 8;
/// How long a stopping node waits for the outcome of what a stream has proposed.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// One stream, from its head to its end.
pub(crate) struct EventStream {
    context: Arc<Context>,
    account: AccountName,
    standing: Standing,
    input: Input,
    /// Their answers come in the order of the events.
    proposals: FuturesOrdered<LocalBoxFuture<'static, Proposed>>,
    /// Proposals in which the order of the events matters: they go one after the other.
    ordered: usize,
    /// Nothing is read any more.
    end: Option<End>,
    _slot: Slot,
    _gauge: OwnedGauge,
}

/// How a stream ends once all proposals are answered.
#[derive(Default)]
struct End {
    last_words: Option<Problem>,
    /// Then it ends without their answers.
    deadline: Option<Instant>,
}

struct Proposed {
    answers: Answers,
    has_order: bool,
}

impl EventStream {
    pub(crate) fn new(
        context: Arc<Context>,
        account: AccountName,
        standing: Standing,
        slot: Slot,
        reader: EventReader,
        payload: Payload,
    ) -> Self {
        let gauge = OwnedGauge::enter(&context.metrics, |metrics| &metrics.event_streams);
        Self {
            input: Input::new(payload, reader, Arc::clone(&context.metrics)),
            context,
            account,
            standing,
            proposals: FuturesOrdered::new(),
            ordered: 0,
            end: None,
            _slot: slot,
            _gauge: gauge,
        }
    }

    /// The body of the answer.
    pub(crate) fn answers(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let payload = self.input.payload();
        stream::unfold(self, move |mut stream| {
            // Stays with this closure when the stream has ended.
            let _ = &payload;
            async move {
                let bytes = stream.next().await?;
                Some((Ok(bytes), stream))
            }
        })
    }

    /// The answers to one proposal; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.propose();
            if self.end.is_some() && self.proposals.is_empty() && self.input.batch.is_empty() {
                return self.last_words();
            }
            let is_open = self.end.is_none();
            let deadline = self.end.as_ref().and_then(|end| end.deadline);
            tokio::select! {
                biased;
                Some(proposed) = self.proposals.next(), if !self.proposals.is_empty() => {
                    return Some(self.answered(&proposed));
                }
                problem = self.standing.lost(&self.context), if is_open => self.stop(problem, None),
                () = self.context.draining.cancelled(), if is_open => {
                    self.stop(stopping(), Some(Instant::now() + STOP_PATIENCE));
                }
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    self.proposals.clear();
                    self.stop(given_up(), None);
                }
                read = self.input.read(), if is_open && !self.input.batch.is_full() => match read {
                    Read::More => {}
                    Read::End(last_words) => self.end = Some(End { last_words, deadline: None }),
                },
            }
        }
    }

    /// Proposes what was read, if it may go now.
    fn propose(&mut self) {
        let batch = &self.input.batch;
        if batch.is_empty() || self.proposals.len() >= PROPOSALS_MAX || (batch.has_order() && self.ordered > 0) {
            return;
        }
        let pressure = pressure(&self.context.log.state(), &self.account, batch);
        if pressure != Pressure::None && !self.proposals.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.input.batch);
        let (context, account) = (Arc::clone(&self.context), self.account.clone());
        let has_order = batch.has_order();
        self.ordered += usize::from(has_order);
        let proposal = async move {
            match pressure {
                Pressure::None => {}
                Pressure::Slow(delay) => slow_down(&context, delay).await,
                // Who sends on whatever the answers are is at least held up.
                Pressure::Full => slow_down(&context, DELAY_MAX).await,
            }
            Proposed { answers: publish(&context, account, batch).await, has_order }
        };
        self.proposals.push_back(proposal.boxed_local());
    }

    fn answered(&mut self, proposed: &Proposed) -> Bytes {
        self.ordered -= usize::from(proposed.has_order);
        let mut lines = Vec::new();
        write_lines(&proposed.answers, &mut lines);
        lines.into()
    }

    /// Reads no more and forgets what was read and not proposed.
    fn stop(&mut self, problem: Problem, deadline: Option<Instant>) {
        self.input.batch = Batch::default();
        self.end = Some(End { last_words: Some(problem), deadline });
    }

    fn last_words(&mut self) -> Option<Bytes> {
        let problem = self.end.as_mut()?.last_words.take()?;
        let mut line = Vec::new();
        problem.write_short(&mut line);
        line.push(b'\n');
        Some(line.into())
    }
}

fn stopping() -> Problem {
    Problem::new(&codes::STOPPING, "the node is stopping; what has no answer was not published")
}

fn given_up() -> Problem {
    Problem::new(&codes::STOPPING, "the node is stopping; what has no answer may or may not have been published")
}
