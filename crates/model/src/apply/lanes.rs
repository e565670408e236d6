//! What people set of lanes.

use crate::lane::Lane;
use crate::names::LaneName;
use crate::outcome::{Outcome, Rejection};
use crate::state::State;

impl State {
    pub(super) fn set_lane(
        &mut self,
        name: &LaneName,
        weight: Option<u32>,
        is_paused: Option<bool>,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        if weight.is_some_and(|weight| !(1..=Lane::MAX_WEIGHT).contains(&weight)) {
            return Err(Rejection::LaneWeight { limit: u64::from(Lane::MAX_WEIGHT) });
        }
        self.check_lane(name)?;
        self.advance_clock(now_ms);
        let id = self.lane_or_new(name);
        let turn = self.lanes.update(&id, |lane| {
            lane.weight = weight.unwrap_or(lane.weight);
            lane.is_paused = is_paused.unwrap_or(lane.is_paused);
            (lane.pass, lane.is_paused)
        });
        if let Some((pass, is_paused)) = turn {
            self.queue.set_turn(id, pass, is_paused);
        }
        Ok(Outcome::Done)
    }
}
