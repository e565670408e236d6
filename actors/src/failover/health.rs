//! What one peer's link says about the peer. Pure.

use flotilla_model::SessionId;
use serde::Serialize;

use crate::ports::LinkLevel;

/// How a peer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It is heard.
    Alive,
    /// It is not heard, not for long enough to act on it.
    Suspected,
    /// There is evidence that its process is gone.
    Gone,
    /// It has been silent for the connection timeout: gone, cut off, or paused.
    Lost,
}

impl Health {
    /// Gone or lost.
    pub fn is_dead(self) -> bool {
        matches!(self, Self::Gone | Self::Lost)
    }
}

/// After a pause of this node, the mesh gets this long to find out how things stand now before a level counts.
pub(crate) const SETTLE_MS: u64 = 500;

/// One link over time, by this node's own clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    level: LinkLevel,
    seen_ms: u64,
    /// The process that was heard last before it was gone.
    session: Option<SessionId>,
}

impl Track {
    pub(crate) fn new(level: LinkLevel, now_ms: u64) -> Self {
        Self { level, seen_ms: now_ms, session: None }
    }

    pub(crate) fn on_level(&mut self, level: LinkLevel, now_ms: u64) {
        let stays_unheard =
            self.is_unheard() && matches!(level, LinkLevel::Connecting { .. } | LinkLevel::Silent { .. });
        if self.level != level && !stays_unheard {
            self.seen_ms = now_ms;
        }
        self.level = level;
    }

    /// Which process was heard last.
    pub(crate) fn on_session(&mut self, heard: Option<SessionId>) {
        if !self.is_gone() || self.session.is_none() {
            self.session = heard;
        }
    }

    /// Whether this process took the place of the one that is gone: it lives, although this node has not reached it yet.
    pub(crate) fn is_successor(&self, session: SessionId) -> bool {
        self.is_gone() && self.session.is_some_and(|gone| gone != session)
    }

    fn is_gone(&self) -> bool {
        matches!(self.level, LinkLevel::Gone { .. } | LinkLevel::Left { .. })
    }

    /// The clock stood still for this node, not for the others: what it saw before counts from now.
    pub(crate) fn on_woken(&mut self, now_ms: u64) {
        self.seen_ms = now_ms;
    }

    fn is_unheard(&self) -> bool {
        matches!(self.level, LinkLevel::Connecting { .. } | LinkLevel::Silent { .. })
    }

    pub(crate) fn seen_ms(&self) -> u64 {
        self.seen_ms
    }

    pub(crate) fn level(&self) -> LinkLevel {
        self.level
    }

    pub(crate) fn health(&self, now_ms: u64, woken_ms: Option<u64>, timeout_ms: u64) -> Health {
        let is_settled = woken_ms.is_none_or(|woken_ms| now_ms.saturating_sub(woken_ms) >= SETTLE_MS);
        match self.level {
            LinkLevel::Connected { .. } => Health::Alive,
            LinkLevel::Gone { .. } | LinkLevel::Left { .. } if is_settled => Health::Gone,
            LinkLevel::Gone { .. } | LinkLevel::Left { .. } => Health::Suspected,
            LinkLevel::Connecting { .. } | LinkLevel::Silent { .. } => {
                if now_ms.saturating_sub(self.seen_ms) >= timeout_ms { Health::Lost } else { Health::Suspected }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_counts_at_once_and_silence_after_the_timeout() {
        let since_ms = 0;
        for (level, after_ms, expected) in [
            (LinkLevel::Connected { since_ms }, 0, Health::Alive),
            (LinkLevel::Connected { since_ms }, 9_999, Health::Alive),
            (LinkLevel::Gone { since_ms }, 0, Health::Gone),
            (LinkLevel::Left { since_ms }, 0, Health::Gone),
            (LinkLevel::Silent { since_ms }, 999, Health::Suspected),
            (LinkLevel::Silent { since_ms }, 1_000, Health::Lost),
            (LinkLevel::Connecting { since_ms }, 999, Health::Suspected),
            (LinkLevel::Connecting { since_ms }, 1_000, Health::Lost),
        ] {
            assert_eq!(Track::new(level, 50).health(50 + after_ms, None, 1_000), expected, "{level:?} {after_ms}");
        }
    }

    #[test]
    fn silence_goes_on_while_it_is_dialled_again() {
        let mut track = Track::new(LinkLevel::Silent { since_ms: 0 }, 0);
        track.on_level(LinkLevel::Connecting { since_ms: 5 }, 600);
        assert_eq!(track.health(1_000, None, 1_000), Health::Lost);
        track.on_level(LinkLevel::Connected { since_ms: 6 }, 1_100);
        track.on_level(LinkLevel::Silent { since_ms: 7 }, 1_200);
        assert_eq!(track.health(2_100, None, 1_000), Health::Suspected);
    }

    #[test]
    fn after_a_pause_nothing_old_counts() {
        let mut silent = Track::new(LinkLevel::Silent { since_ms: 0 }, 0);
        let mut gone = Track::new(LinkLevel::Gone { since_ms: 0 }, 0);
        silent.on_woken(60_000);
        gone.on_woken(60_000);
        assert_eq!(silent.health(60_999, Some(60_000), 1_000), Health::Suspected);
        assert_eq!(gone.health(60_000 + SETTLE_MS - 1, Some(60_000), 1_000), Health::Suspected);
        assert_eq!(gone.health(60_000 + SETTLE_MS, Some(60_000), 1_000), Health::Gone);
    }
}
