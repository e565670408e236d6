//! `GET /events/stream`: the account's events from a position on, as server-sent events.
//!
//! A follower reads the journal of the newest state from where it is, whenever the journal has grown: it depends on no
//! notice, and nothing is queued for it. One who does not keep up with the journal is told what he missed.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::{AccountName, EventId, KindPattern, State};
use futures::{Stream, stream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::events::frames;
use crate::events::slots::Slot;
use crate::events::standing::Standing;
use crate::metrics::{OwnedGauge, add};

/// What is handed to the connection at once.
const PIECE_BYTES: usize = 64 << 10;
/// Entries of the journal that are looked at in one go, before other connections have their turn.
const ENTRIES_AT_ONCE: usize = 4096;

/// What a follower asked for.
pub(crate) struct Wanted {
    pub(crate) account: AccountName,
    pub(crate) kind: Option<KindPattern>,
    /// Events after it.
    pub(crate) after: EventId,
}

pub(crate) struct Follower {
    context: Arc<Context>,
    wanted: Wanted,
    standing: Standing,
    client_left: CancellationToken,
    journal: watch::Receiver<EventId>,
    /// What the client knows to have seen, as its next `Last-Event-ID`.
    told: EventId,
    heartbeat_at: Instant,
    stage: Stage,
    _slot: Slot,
    _gauge: OwnedGauge,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begin,
    Following,
    Over,
}

impl Follower {
    pub(crate) fn new(
        context: Arc<Context>,
        wanted: Wanted,
        standing: Standing,
        slot: Slot,
        client_left: CancellationToken,
    ) -> Self {
        let mut journal = context.observed.journal.clone();
        // It may have grown since the position was determined.
        journal.mark_changed();
        Self {
            journal,
            told: wanted.after,
            heartbeat_at: Instant::now() + context.config.heartbeat,
            _gauge: OwnedGauge::enter(&context.metrics, |metrics| &metrics.followers),
            context,
            wanted,
            standing,
            client_left,
            stage: Stage::Begin,
            _slot: slot,
        }
    }

    /// The body of the answer.
    pub(crate) fn frames(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let bytes = follower.next().await?;
            follower.heartbeat_at = Instant::now() + follower.context.config.heartbeat;
            Some((Ok(bytes.into()), follower))
        })
    }

    async fn next(&mut self) -> Option<Vec<u8>> {
        match self.stage {
            Stage::Begin => {
                self.stage = Stage::Following;
                // So that who is cut off before the first event goes on from here.
                return Some(frames::begin(self.wanted.after));
            }
            Stage::Following => {}
            Stage::Over => return None,
        }
        loop {
            if self.context.draining.is_cancelled() {
                return None;
            }
            let mut frames = Vec::new();
            let collected = self.collect(&self.context.log.state(), &mut frames);
            let Ok(is_at_end) = collected.map_err(|error| {
                self.stage = Stage::Over;
                frames.extend(frames::error(&error.into()));
            }) else {
                return Some(frames);
            };
            if !frames.is_empty() {
                return Some(frames);
            }
            if !is_at_end {
                tokio::task::yield_now().await;
                continue;
            }
            tokio::select! {
                biased;
                () = self.context.draining.cancelled() => return None,
                // Else it would hold its place until a heartbeat finds nobody.
                () = self.client_left.cancelled() => return None,
                problem = self.standing.lost(&self.context) => {
                    self.stage = Stage::Over;
                    return Some(frames::error(&problem));
                }
                _ = self.journal.changed() => {}
                () = sleep_until(self.heartbeat_at) => {
                    self.told = self.wanted.after;
                    return Some(frames::heartbeat(self.told));
                }
            }
        }
    }

    /// Writes what is new; says whether it has seen all of it. Fails when the data of an event cannot be read, which is then the
    /// next one.
    fn collect(&mut self, state: &State, frames: &mut Vec<u8>) -> io::Result<bool> {
        let lost = state.journal_lost();
        if lost > self.wanted.after {
            frames::lost(self.wanted.after, lost, frames);
            self.wanted.after = lost;
        }
        let mut count = 0;
        for (index, entry) in state.journal.after(self.wanted.after).enumerate() {
            if frames.len() >= PIECE_BYTES || index >= ENTRIES_AT_ONCE {
                add(&self.context.metrics.events_followed, count);
                return Ok(false);
            }
            let is_wanted = |kind: &KindPattern| kind.matches(entry.kind.as_str());
            if entry.account == self.wanted.account && self.wanted.kind.as_ref().is_none_or(is_wanted) {
                // Of a long queue it may lie in a file: written a moment ago, it is in the page cache as a rule.
                frames::event(entry, &entry.data.read()?, frames);
                count += 1;
            }
            self.wanted.after = entry.id;
        }
        add(&self.context.metrics.events_followed, count);
        Ok(true)
    }
}
