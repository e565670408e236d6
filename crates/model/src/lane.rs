//! Lanes: events of one lane wait for each other, lanes share the workers by weight.
//!
//! Stride scheduling (Waldspurger and Weihl, 1995): each lane has a *pass*; the lane with the lowest is served next, and
//! each event served raises it by a stride that is inverse to the lane's weight. A lane that was empty does not keep
//! what it missed: it goes on from where the others are.

use serde::{Deserialize, Serialize};

use crate::ids::LaneId;
use crate::names::{AccountName, LaneName};
use crate::outcome::Rejection;
use crate::state::State;

/// Most lanes of a cluster: one for each account, and those that routes name.
pub(crate) const MAX_LANES: usize = 100_000;
/// What one event adds to the pass of a lane of weight 1. Divided by the largest weight it still tells lanes apart.
const STRIDE: u64 = 1 << 20;

/// Events of one lane since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LaneTotals {
    pub published: u64,
    pub completed: u64,
    /// Tries that failed and were put off.
    pub retried: u64,
    /// Became dead letters.
    pub failed: u64,
    pub discarded: u64,
    pub expired: u64,
    pub cancelled: u64,
}

/// One lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lane {
    pub name: LaneName,
    /// Its share against the other lanes that have something to do.
    pub weight: u32,
    /// Nothing of it is given to workers; what they have goes on.
    pub is_paused: bool,
    pub(crate) pass: u64,
    pub totals: LaneTotals,
}

impl Lane {
    /// Weights are 1 to this.
    pub const MAX_WEIGHT: u32 = 1000;

    /// Weight and pause as one number: whoever has seen the same number has seen the same settings.
    pub fn version(&self) -> u64 {
        u64::from(self.weight) << 1 | u64::from(self.is_paused)
    }

    /// What one event of it costs.
    pub(crate) fn stride(&self) -> u64 {
        STRIDE / u64::from(self.weight.clamp(1, Self::MAX_WEIGHT))
    }
}

/// How many events of a lane stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneCounts {
    pub ready: u64,
    pub waiting: u64,
    pub blocked: u64,
    pub leased: u64,
    pub dead: u64,
    pub outcome_unknown: u64,
}

impl LaneCounts {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.ready + self.waiting + self.blocked + self.leased + self.dead + self.outcome_unknown
    }
}

impl State {
    /// The lane of that name, if anything was ever in it.
    pub fn lane(&self, name: &LaneName) -> Option<(LaneId, &Lane)> {
        let id = *self.lane_ids.get(name)?;
        self.lanes.get(&id).map(|lane| (id, lane))
    }

    /// The lane's events, by state.
    pub fn lane_counts(&self, lane: LaneId) -> LaneCounts {
        self.queue.lanes.get(&lane).map(|index| index.counts).unwrap_or_default()
    }

    /// Checked before anything is changed: whether the lane exists or may be made.
    pub(crate) fn check_lane(&self, name: &LaneName) -> Result<(), Rejection> {
        if self.lane_ids.contains_key(name) || self.lanes.len() < MAX_LANES {
            return Ok(());
        }
        Err(Rejection::TooManyLanes { limit: MAX_LANES as u64 })
    }

    /// The lane of that name; made if it is missing.
    pub(crate) fn lane_or_new(&mut self, name: &LaneName) -> LaneId {
        if let Some(id) = self.lane_ids.get(name) {
            return *id;
        }
        self.header.last_lane += 1;
        let id = LaneId(self.header.last_lane);
        let pass = self.header.pass;
        let lane = Lane { name: name.clone(), weight: 1, is_paused: false, pass, totals: LaneTotals::default() };
        self.queue.open_lane(id, &lane);
        self.lanes.insert(id, lane);
        self.lane_ids.insert(name.clone(), id);
        id
    }

    /// With its account goes a lane that nothing is in.
    pub(crate) fn drop_lane_of(&mut self, account: &AccountName) {
        let name = LaneName::of(account);
        let Some(id) = self.lane_ids.get(&name).copied() else { return };
        if self.lane_counts(id).all() == 0 {
            self.lane_ids.remove(&name);
            self.lanes.remove(&id);
            self.queue.lanes.remove(&id);
        }
    }

    /// Counts into the lane's totals: gathered during a command, written once at its end.
    pub(crate) fn count_in_lane(&mut self, lane: LaneId, add: impl FnOnce(&mut LaneTotals)) {
        match self.tally.iter_mut().find(|(id, _)| *id == lane) {
            Some((_, totals)) => add(totals),
            None => {
                let mut totals = LaneTotals::default();
                add(&mut totals);
                self.tally.push((lane, totals));
            }
        }
    }

    /// Writes what [`State::count_in_lane`] gathered.
    pub(crate) fn write_tally(&mut self) {
        for (lane, counted) in std::mem::take(&mut self.tally) {
            self.lanes.update(&lane, |row| {
                let totals = &mut row.totals;
                totals.published += counted.published;
                totals.completed += counted.completed;
                totals.retried += counted.retried;
                totals.failed += counted.failed;
                totals.discarded += counted.discarded;
                totals.expired += counted.expired;
                totals.cancelled += counted.cancelled;
            });
        }
    }
}
