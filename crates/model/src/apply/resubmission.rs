//! A file that came in is worked on again, as its account's route says now.

use crate::event::{EventState, FileSubject};
use crate::ids::{NodeId, TransferId};
use crate::names::LaneName;
use crate::outcome::{Outcome, Rejection};
use crate::state::State;
use crate::transfer::TransferState;

impl State {
    /// A dead letter begins anew; for a transfer that has ended there is a new event, if its contents are still there.
    pub(super) fn resubmit_transfer(
        &mut self,
        id: TransferId,
        node: NodeId,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let row = self.transfers.get(&id).cloned().ok_or(Rejection::NoSuchTransfer { transfer: id })?;
        let no_route = || Rejection::NoRoute { account: row.account.clone() };
        let route = self.routes.get(&row.account).cloned().ok_or_else(no_route)?;
        let event = row.event.and_then(|event| self.events.shared(&event).cloned());
        if let Some(event) = event {
            if !matches!(event.state, EventState::Dead { .. }) {
                return Err(Rejection::WrongEventState { event: event.id, state: event.state.name().to_owned() });
            }
            self.advance_clock(now_ms);
            self.revive_event(&event, 0, Some(&route));
            return Ok(Outcome::Resubmitted { event: event.id });
        }
        if !self.blobs.contains(&row.blob) {
            return Err(Rejection::ContentsGone { transfer: id });
        }
        if !self.members.contains(&node) {
            return Err(Rejection::NoSuchMember { node });
        }
        let lane = route.lane.clone().unwrap_or_else(|| LaneName::of(&row.account));
        self.check_room(self.queue_bounds(), 0)?;
        self.check_lane(&lane)?;

        self.advance_clock(now_ms);
        let file = FileSubject { path: row.path, blob: row.blob, length: row.length, sha256: row.sha256, transfer: id };
        let event = self.announce_file(&row.account, file, node, route, &lane);
        self.transfers.update(&id, |row| {
            row.state = TransferState::InProgress;
            row.event = Some(event);
            row.ended_ms = None;
            row.worker = None;
            row.failure = None;
        });
        self.unended_transfers.insert(id);
        Ok(Outcome::Resubmitted { event })
    }
}
