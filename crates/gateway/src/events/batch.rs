//! Events that are proposed together, and the answer to each.

use flotilla_model::{EventId, NewEvent, Publication};

use crate::problem::Problem;

/// A command is not filled further than this; the log takes 512 KiB, the last event has up to 64 KiB.
const BYTES_MAX: usize = 256 << 10;
/// Nor with more events: some milliseconds of work for each node.
const EVENTS_MAX: usize = 512;
/// What an event takes besides its data and its keys.
const EVENT_BYTES: usize = 64;
/// Seconds after which an event that was not taken may be sent again. Events are small and the queue moves fast.
const RETRY_AFTER_S: u64 = 1;

/// Events in their order, those among them that were refused before the log saw them included.
#[derive(Default)]
pub(crate) struct Batch {
    events: Vec<NewEvent>,
    /// Each with the number of events before it.
    refused: Vec<(usize, Problem)>,
    bytes: usize,
    has_order: bool,
    /// How many have an idempotency key.
    keyed: usize,
}

/// The answer to one event.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Published(EventId),
    /// It was published before.
    Repeated(EventId),
    Refused(&'a Problem),
}

/// The answers to a batch.
pub(crate) struct Answers {
    publications: Result<Vec<Publication>, (usize, Problem)>,
    refused: Vec<(usize, Problem)>,
}

impl Batch {
    pub(crate) fn add(&mut self, event: Result<NewEvent, Problem>) {
        match event {
            Ok(event) => {
                let key_bytes =
                    |key: &Option<flotilla_model::EventKey>| key.as_ref().map_or(0, |key| key.as_str().len());
                self.bytes += event.data.len() + event.kind.as_str().len() + EVENT_BYTES;
                self.bytes += key_bytes(&event.ordering_key) + key_bytes(&event.idempotency_key);
                self.has_order |= event.ordering_key.is_some();
                self.keyed += usize::from(event.idempotency_key.is_some());
                self.events.push(event);
            }
            Err(problem) => self.refused.push((self.events.len(), problem)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.refused.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= BYTES_MAX || self.events.len() + self.refused.len() >= EVENTS_MAX
    }

    /// Whether the order in which it is published, among other batches, matters.
    pub(crate) fn has_order(&self) -> bool {
        self.has_order
    }

    /// Whether it may be published twice without harm.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.keyed == self.events.len()
    }

    pub(crate) fn events(&self) -> &[NewEvent] {
        &self.events
    }

    /// Refuses events that `reason` gives a reason for.
    pub(crate) fn refuse(&mut self, mut reason: impl FnMut(&NewEvent) -> Option<Problem>) {
        let (events, refused) = (std::mem::take(&mut self.events), std::mem::take(&mut self.refused));
        (self.bytes, self.has_order, self.keyed) = (0, false, 0);
        let mut refused = refused.into_iter().peekable();
        for (index, event) in events.into_iter().enumerate() {
            while let Some((_, problem)) = refused.next_if(|(before, _)| *before <= index) {
                self.add(Err(problem));
            }
            self.add(match reason(&event) {
                Some(problem) => Err(problem),
                None => Ok(event),
            });
        }
        refused.for_each(|(_, problem)| self.add(Err(problem)));
    }

    /// What the log gets, and what waits for its answer.
    pub(crate) fn split(self) -> (Vec<NewEvent>, Unanswered) {
        let count = self.events.len();
        (self.events, Unanswered { count, refused: self.refused })
    }
}

/// Events without an answer yet.
pub(crate) struct Unanswered {
    count: usize,
    refused: Vec<(usize, Problem)>,
}

impl Unanswered {
    /// `outcome` has one publication for each event, or says why there is none for any of them.
    pub(crate) fn answered(self, outcome: Result<Vec<Publication>, Problem>) -> Answers {
        let publications = outcome.map_err(|problem| (self.count, problem.retried_within(RETRY_AFTER_S)));
        let refused = self.refused.into_iter().map(|(before, problem)| (before, problem.retried_within(RETRY_AFTER_S)));
        Answers { publications, refused: refused.collect() }
    }
}

/// How many events became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) published: u64,
    pub(crate) repeated: u64,
    pub(crate) refused: u64,
}

impl Answers {
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = Tally { refused: self.refused.len() as u64, ..Tally::default() };
        match &self.publications {
            Ok(publications) => publications.iter().for_each(|publication| match publication {
                Publication::New(_) => tally.published += 1,
                Publication::Again(_) => tally.repeated += 1,
                Publication::Refused(_) => tally.refused += 1,
            }),
            Err((count, _)) => tally.refused += *count as u64,
        }
        tally
    }

    /// Goes through them in the order of the events.
    pub(crate) fn each(&self, mut take: impl FnMut(Answer<'_>)) {
        let mut refused = self.refused.iter().peekable();
        let count = match &self.publications {
            Ok(publications) => publications.len(),
            Err((count, _)) => *count,
        };
        for index in 0..count {
            while let Some((_, problem)) = refused.next_if(|(before, _)| *before <= index) {
                take(Answer::Refused(problem));
            }
            match &self.publications {
                Ok(publications) => match &publications[index] {
                    Publication::New(event) => take(Answer::Published(*event)),
                    Publication::Again(event) => take(Answer::Repeated(*event)),
                    Publication::Refused(rejection) => {
                        let problem = Problem::from(rejection.clone()).retried_within(RETRY_AFTER_S);
                        take(Answer::Refused(&problem));
                    }
                },
                Err((_, problem)) => take(Answer::Refused(problem)),
            }
        }
        refused.for_each(|(_, problem)| take(Answer::Refused(problem)));
    }
}

#[cfg(test)]
mod tests {
    use flotilla_model::{KindName, Payload, Rejection};

    use super::*;
    use crate::codes;

    fn event(kind: &str) -> NewEvent {
        NewEvent {
            kind: KindName::parse(kind).unwrap(),
            data: Payload::new(b"1"),
            ordering_key: None,
            idempotency_key: None,
            priority: None,
            not_before_ms: None,
            expires_ms: None,
            trace_id: None,
        }
    }

    fn bad(detail: &str) -> Result<NewEvent, Problem> {
        Err(Problem::new(&codes::BAD_EVENT, detail))
    }

    fn read(answers: &Answers) -> Vec<String> {
        let mut all = Vec::new();
        answers.each(|answer| {
            all.push(match answer {
                Answer::Published(id) => format!("new {id}"),
                Answer::Repeated(id) => format!("again {id}"),
                Answer::Refused(problem) => format!("{problem:?}"),
            });
        });
        all
    }

    #[test]
    fn answers_come_in_the_order_of_the_events() {
        let mut batch = Batch::default();
        for event in [bad("a"), Ok(event("b")), bad("c"), bad("d"), Ok(event("e")), Ok(event("f")), bad("g")] {
            batch.add(event);
        }
        let (events, unanswered) = batch.split();
        assert_eq!(events.len(), 3);
        let full = Publication::Refused(Rejection::QueueFull { limit: 1 });
        let answers = unanswered.answered(Ok(vec![Publication::New(EventId(5)), full, Publication::Again(EventId(4))]));
        let found = read(&answers);
        assert_eq!(answers.tally(), Tally { published: 1, repeated: 1, refused: 5 });
        let starts = ["bad-event", "new 5", "bad-event", "bad-event", "queue-full", "again 4", "bad-event"];
        assert!(found.iter().zip(starts).all(|(found, start)| found.starts_with(start)), "{found:?}");
        assert_eq!(found.len(), starts.len());
    }

    #[test]
    fn a_batch_without_outcome_answers_each_event() {
        let mut batch = Batch::default();
        [Ok(event("a")), bad("b"), Ok(event("c"))].into_iter().for_each(|event| batch.add(event));
        let (_, unanswered) = batch.split();
        let found = read(&unanswered.answered(Err(Problem::new(&codes::NO_QUORUM, "x"))));
        assert_eq!(found, ["no-quorum (503): x", "bad-event (400): b", "no-quorum (503): x"]);
    }

    #[test]
    fn events_that_are_refused_keep_their_places() {
        let mut batch = Batch::default();
        for event in [Ok(event("a")), bad("b"), Ok(event("c")), Ok(event("a")), bad("d")] {
            batch.add(event);
        }
        batch.refuse(|event| (event.kind.as_str() == "a").then(|| Problem::new(&codes::QUEUE_FULL, "a")));
        let (events, unanswered) = batch.split();
        assert_eq!(events.len(), 1);
        let found = read(&unanswered.answered(Ok(vec![Publication::New(EventId(1))])));
        let expected =
            ["queue-full (503): a", "bad-event (400): b", "new 1", "queue-full (503): a", "bad-event (400): d"];
        assert_eq!(found, expected);
    }

    #[test]
    fn it_is_full_by_number_or_by_bytes() {
        let mut batch = Batch::default();
        (0..EVENTS_MAX - 1).for_each(|_| batch.add(Ok(event("a"))));
        assert!(!batch.is_full());
        batch.add(bad("a"));
        assert!(batch.is_full());
        let mut batch = Batch::default();
        let large = NewEvent { data: Payload::new(&[b'1'; Payload::MAX_LENGTH]), ..event("a") };
        (0..3).for_each(|_| batch.add(Ok(large.clone())));
        assert!(!batch.is_full());
        batch.add(Ok(large));
        assert!(batch.is_full());
    }
}
