//! Whose turn it is: which events a claim gets.
//!
//! A node takes what came in through it first, then what others have left for a while or what came in through a node
//! that is gone. Within each of these, lanes take turns by weight, and within a lane urgent and old events go first.

use std::collections::BTreeMap;

use crate::event::{EventRecord, EventState};
use crate::ids::{EventId, LaneId, NodeId};
use crate::state::State;

/// What a claim gets, and what it does to the lanes' turns.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    pub(crate) events: Vec<EventId>,
    /// New passes of the lanes that were served.
    pub(crate) passes: BTreeMap<LaneId, u64>,
    /// The pass of the last lane that was served: lanes that come back go on from here.
    pub(crate) pass: u64,
}

/// `None`: every event is wanted, and none need be looked at.
type Wanted<'a> = Option<&'a dyn Fn(&EventRecord) -> bool>;

/// A lane whose turn has come, with its events at one node.
struct Open<'a> {
    events: Box<dyn Iterator<Item = EventId> + 'a>,
    next: EventId,
    stride: u64,
}

impl State {
    /// Up to `count` ready events for a claim of `node`.
    pub(crate) fn choose(&self, node: NodeId, count: usize, steal_after_ms: u64) -> Choice {
        let mut choice = Choice { pass: self.header.pass, ..Choice::default() };
        self.take_turns(node, count, None, &mut choice);
        if choice.events.len() < count {
            self.choose_of_others(node, count, steal_after_ms, self.clock_ms(), &mut choice);
        }
        choice
    }

    /// Whether a claim of `node` would now get an event that came in through another node.
    pub fn may_steal(&self, node: NodeId, steal_after_ms: u64, now_ms: u64) -> bool {
        let mut choice = Choice { pass: self.header.pass, ..Choice::default() };
        self.choose_of_others(node, 1, steal_after_ms, now_ms, &mut choice);
        !choice.events.is_empty()
    }

    fn choose_of_others(&self, node: NodeId, count: usize, steal_after_ms: u64, now_ms: u64, choice: &mut Choice) {
        let others = || self.queue.ready_at.keys().copied().filter(|other| *other != node);
        let is_gone = |other: &NodeId| self.members.get(other).is_none_or(|member| !member.is_up());
        for orphaned in others().filter(is_gone) {
            self.take_turns(orphaned, count, None, choice);
        }
        let is_left = |event: &EventRecord| match event.state {
            EventState::Ready { since_ms } => since_ms.saturating_add(steal_after_ms) <= now_ms,
            _ => false,
        };
        for other in others().filter(|other| !is_gone(other)) {
            self.take_turns(other, count, Some(&is_left), choice);
        }
    }

    /// Adds events that came in through `node`, lane by lane in their turns, until there are `count`. A lane ends with
    /// its first event that is not wanted.
    fn take_turns(&self, node: NodeId, count: usize, is_wanted: Wanted<'_>, choice: &mut Choice) {
        let mut turns = self.queue.turns.range((node, 0, LaneId(0))..=(node, u64::MAX, LaneId(u32::MAX))).peekable();
        let mut open: BTreeMap<(u64, LaneId), Open<'_>> = BTreeMap::new();
        while choice.events.len() < count {
            // A lane is opened when it is the next to be served, so never more of them than events are wanted. One that is
            // due and passed over would lose what it is owed: lanes go on from the pass that was served last.
            while let Some((_, pass, lane)) = turns.peek().copied() {
                let pass = choice.passes.get(lane).copied().unwrap_or(*pass).max(self.header.pass);
                if open.first_key_value().is_some_and(|(first, _)| *first < (pass, *lane)) {
                    break;
                }
                turns.next();
                if let Some(lane_events) = self.open(*lane, node, is_wanted) {
                    open.insert((pass, *lane), lane_events);
                }
            }
            let Some(((pass, lane), mut served)) = open.pop_first() else { return };
            choice.events.push(served.next);
            choice.pass = choice.pass.max(pass);
            let pass = pass + served.stride;
            choice.passes.insert(lane, pass);
            if let Some(next) = self.next_wanted(&mut served.events, is_wanted) {
                served.next = next;
                open.insert((pass, lane), served);
            }
        }
    }

    fn open<'a>(&'a self, lane: LaneId, node: NodeId, is_wanted: Wanted<'_>) -> Option<Open<'a>> {
        let keys = (lane, node, 0, EventId(0))..=(lane, node, u8::MAX, EventId(u64::MAX));
        let mut events = Box::new(self.queue.ready.range(keys).map(|(.., id)| *id));
        let next = self.next_wanted(&mut events, is_wanted)?;
        let stride = self.lanes.get(&lane)?.stride();
        Some(Open { events, next, stride })
    }

    fn next_wanted(&self, events: &mut dyn Iterator<Item = EventId>, is_wanted: Wanted<'_>) -> Option<EventId> {
        let id = events.next()?;
        match is_wanted {
            Some(is_wanted) => is_wanted(self.events.get(&id)?).then_some(id),
            None => Some(id),
        }
    }

    /// Lanes that were served go to their new places.
    pub(crate) fn note_turns(&mut self, choice: &Choice) {
        self.header.pass = choice.pass;
        for (lane, pass) in &choice.passes {
            let Some(is_paused) = self.lanes.update(lane, |row| {
                row.pass = *pass;
                row.is_paused
            }) else {
                continue;
            };
            self.queue.set_turn(*lane, *pass, is_paused);
        }
    }
}
