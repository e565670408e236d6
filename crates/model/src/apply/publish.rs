//! Events of applications come in.

use std::sync::Arc;

use crate::command::{Command, NewEvent};
use crate::event::{EventKind, EventOptions, EventRecord, EventState, Subject};
use crate::ids::{EventId, LaneId, NodeId};
use crate::journal::{EventEnd, JournalEntry};
use crate::names::{AccountName, KindName, KindPattern, LaneName};
use crate::outcome::{Outcome, Publication, Rejection};
use crate::party::Route;
use crate::queue::QueueBounds;
use crate::state::{State, parameter_names};

/// Bytes that the journal keeps at most, whatever their number.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// What is the same for all events of one kind in a command: looked up once.
struct Destination {
    kind: KindName,
    /// Without a route there is nothing to do: the event is journalled and has ended.
    route: Option<(Arc<Route>, LaneId)>,
}

impl State {
    pub(super) fn publish_events(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::PublishEvents { account, node, events, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        let row = self.accounts.get(account).ok_or_else(|| Rejection::NoSuchAccount { name: account.clone() })?;
        if !row.enabled {
            return Err(Rejection::AccountDisabled { name: account.clone() });
        }
        // The account's own name, so that all its events share one text.
        let account = row.name.clone();
        self.advance_clock(*now_ms);
        let bounds = self.queue_bounds();
        let mut destination: Option<Destination> = None;
        let mut publications = Vec::with_capacity(events.len());
        for event in events {
            let known = destination.take().filter(|known| known.kind == event.kind);
            let published = match known.map_or_else(|| self.destination(&account, &event.kind), Ok) {
                Ok(to) => {
                    let published = self.publish_one(&account, *node, event, &to, bounds);
                    destination = Some(to);
                    published
                }
                Err(rejection) => Err(rejection),
            };
            publications.push(published.unwrap_or_else(Publication::Refused));
        }
        let history = self.number(parameter_names::MAX_HISTORY, 10_000) as usize;
        // Twice as many as came, so that a lowered bound is reached without one long pause.
        if let Some(lost) = self.journal.trim(history, JOURNAL_BYTES_MAX, 2 * events.len()) {
            self.header.journal_lost = lost;
        }
        self.forget_keys();
        Ok(Outcome::Published(publications))
    }

    fn destination(&mut self, account: &AccountName, kind: &KindName) -> Result<Destination, Rejection> {
        let Some(route) = self.kind_route(account, kind.as_str()).cloned() else {
            return Ok(Destination { kind: kind.clone(), route: None });
        };
        let lane = route.lane.clone().unwrap_or_else(|| LaneName::of(account));
        self.check_lane(&lane)?;
        let lane = self.lane_or_new(&lane);
        Ok(Destination { kind: kind.clone(), route: Some((route, lane)) })
    }

    /// What is done with an account's events of a kind: the route of that very kind, or of the longest beginning.
    pub fn kind_route(&self, account: &AccountName, kind: &str) -> Option<&Arc<Route>> {
        let from = (account.clone(), KindPattern::lowest());
        let own = self.kind_routes.range(from..).take_while(|((owner, _), _)| owner == account);
        let matching = own.filter(|((_, pattern), _)| pattern.matches(kind));
        let closeness = |pattern: &KindPattern| (!pattern.as_str().ends_with('*'), pattern.as_str().len());
        matching.max_by_key(|((_, pattern), _)| closeness(pattern)).map(|(_, route)| route)
    }

    fn publish_one(
        &mut self,
        account: &AccountName,
        node: NodeId,
        new: &NewEvent,
        to: &Destination,
        bounds: QueueBounds,
    ) -> Result<Publication, Rejection> {
        if let Some(event) = new.idempotency_key.as_ref().and_then(|key| self.remembered(account, key)) {
            self.header.totals.events_repeated += 1;
            return Ok(Publication::Again(event));
        }
        let clock_ms = self.header.clock_ms;
        if new.expires_ms.is_some_and(|expires_ms| expires_ms <= clock_ms) {
            return Err(Rejection::EventExpired);
        }
        if to.route.is_some() {
            self.check_room(bounds, new.data.len() as u64)?;
        }
        self.header.last_event += 1;
        self.header.totals.events_published += 1;
        let id = EventId(self.header.last_event);
        if let Some(key) = &new.idempotency_key {
            self.remember(account, key, id);
        }
        let ended = match &to.route {
            Some((route, lane)) => {
                self.enqueue(id, account, node, new, (&to.kind, route, *lane));
                None
            }
            None => {
                self.header.totals.events_completed += 1;
                Some((EventEnd::Completed, clock_ms))
            }
        };
        let (kind, data) = (to.kind.clone(), new.data.clone());
        self.journal.push(JournalEntry { id, kind, account: account.clone(), data, published_ms: clock_ms, ended });
        Ok(Publication::New(id))
    }

    fn enqueue(
        &mut self,
        id: EventId,
        account: &AccountName,
        origin: NodeId,
        new: &NewEvent,
        (kind, route, lane): (&KindName, &Arc<Route>, LaneId),
    ) {
        let created_ms = self.header.clock_ms;
        let not_before_ms = new.not_before_ms.unwrap_or(0);
        let is_behind = new.ordering_key.as_ref().is_some_and(|key| self.queue.of_key(account, key).next().is_some());
        let state = if is_behind {
            EventState::Blocked { since_ms: created_ms, not_before_ms }
        } else if not_before_ms > created_ms {
            EventState::Waiting { not_before_ms }
        } else {
            EventState::Ready { since_ms: created_ms }
        };
        let options = EventOptions {
            ordering_key: new.ordering_key.clone(),
            expires_ms: new.expires_ms,
            trace_id: new.trace_id,
            steps: Vec::new(),
        };
        let event = EventRecord {
            id,
            kind: EventKind::Own(kind.clone()),
            account: account.clone(),
            subject: Subject::Data(new.data.clone()),
            lane,
            priority: new.priority.or(route.priority).unwrap_or_default(),
            options: (options != EventOptions::default()).then(|| Box::new(options)),
            origin,
            created_ms,
            route: Arc::clone(route),
            next_step: 0,
            state,
            attempt: 0,
            failures: 0,
            lost_leases: 0,
        };
        self.insert_event(event);
    }

    /// A new row, counted where it belongs.
    pub(super) fn insert_event(&mut self, event: EventRecord) {
        self.count_in_lane(event.lane, |lane| lane.published += 1);
        self.queue.add(&event);
        self.events.insert(event.id, event);
    }
}
