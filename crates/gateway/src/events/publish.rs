//! Brings a batch into the log, whichever way it came.

use std::time::Duration;

use flotilla_model::{AccountName, Command, KindName, NewEvent, Outcome, Publication, State};
use flotilla_telemetry::{Publish, Trace};
use tokio::time::sleep;

use crate::codes;
use crate::commit::{Repeat, commit};
use crate::context::{Context, now_ms};
use crate::events::batch::{Answers, Batch};
use crate::metrics::add;
use crate::pressure::{self, Pressure};
use crate::problem::Problem;

/// How hard the queue presses on these events: not at all when none of them has a route, as then none enters it.
pub(crate) fn pressure(state: &State, account: &AccountName, batch: &Batch) -> Pressure {
    let pressure = Pressure::of(state);
    if pressure == Pressure::None {
        return pressure;
    }
    let mut routed = Routed::new(state, account);
    if batch.events().iter().any(|event| routed.is_routed(&event.kind)) { pressure } else { Pressure::None }
}

/// Lets a publisher wait, as the queue presses.
pub(crate) async fn slow_down(context: &Context, delay: Duration) {
    add(&context.metrics.slowed, 1);
    sleep(delay).await;
}

/// Proposes the events of a batch until each has an answer. What the queue has no room for is refused here, so that it
/// does not burden the log.
pub(crate) async fn publish(context: &Context, account: AccountName, mut batch: Batch) -> Answers {
    let state = context.log.state();
    if Pressure::of(&state) == Pressure::Full {
        let mut routed = Routed::new(&state, &account);
        batch.refuse(|event| routed.is_routed(&event.kind).then(pressure::full));
    }
    let repeat =
        if batch.is_idempotent() && remembers_keys(context, &state) { Repeat::Harmless } else { Repeat::Never };
    drop(state);
    let (events, unanswered) = batch.split();
    let traces = Traces::begin(context, &account, &events);
    let outcome = if events.is_empty() {
        Ok(Vec::new())
    } else {
        let count = events.len();
        let command = Command::PublishEvents { account, node: context.node, events, now_ms: now_ms() };
        match commit(context, command, repeat).await {
            Ok(Outcome::Published(publications)) if publications.len() == count => {
                traces.end(context, &publications);
                Ok(publications)
            }
            Ok(other) => Err(Problem::new(&codes::INTERNAL, format!("an unexpected outcome: {other:.100?}"))),
            Err(error) => Err(error.into()),
        }
    };
    let answers = unanswered.answered(outcome);
    let (tally, metrics) = (answers.tally(), &context.metrics);
    add(&metrics.events_published, tally.published);
    add(&metrics.events_repeated, tally.repeated);
    add(&metrics.events_refused, tally.refused);
    answers
}

/// What the first spans of events say, once the events have their ids. Empty unless traces are exported.
struct Traces {
    account: AccountName,
    /// Kind, and the trace that the publisher has named.
    events: Vec<(KindName, Option<u128>)>,
    started_ms: u64,
}

impl Traces {
    fn begin(context: &Context, account: &AccountName, events: &[NewEvent]) -> Self {
        let events = match context.tracer.is_on() {
            true => events.iter().map(|event| (event.kind.clone(), event.trace_id)).collect(),
            false => Vec::new(),
        };
        Self { account: account.clone(), events, started_ms: now_ms() }
    }

    /// An event that was published before has its span from then.
    fn end(self, context: &Context, publications: &[Publication]) {
        for ((kind, given), publication) in self.events.iter().zip(publications) {
            let Publication::New(event) = *publication else { continue };
            let trace = given.map_or_else(|| Trace::of_event(context.cluster_id, event), Trace::given);
            let (kind, account, started_ms) = (kind.as_str(), self.account.as_str(), self.started_ms);
            context.tracer.publish(&Publish { trace, event, kind, account, started_ms }).end();
        }
    }
}

/// Whether a key is remembered for as long as the outcome of a command is sought.
fn remembers_keys(context: &Context, state: &State) -> bool {
    let parameters = context.parameters(state);
    parameters.event_deduplication_window() > context.config.commit_timeout
        && parameters.event_deduplication_keys_max() > 0
}

/// Which kinds of an account have a route.
struct Routed<'a> {
    state: &'a State,
    account: &'a AccountName,
    last: Option<(KindName, bool)>,
}

impl<'a> Routed<'a> {
    fn new(state: &'a State, account: &'a AccountName) -> Self {
        Self { state, account, last: None }
    }

    fn is_routed(&mut self, kind: &KindName) -> bool {
        match &self.last {
            Some((last, is_routed)) if last == kind => *is_routed,
            _ => {
                let is_routed = self.state.kind_route(self.account, kind.as_str()).is_some();
                self.last = Some((kind.clone(), is_routed));
                is_routed
            }
        }
    }
}
