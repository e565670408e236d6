//! A member is to be removed: what only it has goes to others first.
//!
//! From then on it claims no events and counts for no copies, so its contents are copied and its work runs out while it still
//! votes, serves partners and gives its contents away.

use crate::ids::NodeId;
use crate::member::Leaving;
use crate::outcome::{Outcome, Rejection};
use crate::state::State;

impl State {
    pub(super) fn set_member_leaving(
        &mut self,
        node: NodeId,
        is_leaving: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let member = self.members.get(&node).cloned().ok_or(Rejection::NoSuchMember { node })?;
        if is_leaving {
            // What the removal would be refused for in the end is refused at once.
            self.check_others_serve(node)?;
            self.check_quorum_without(&member)?;
        }
        self.advance_clock(now_ms);
        match (is_leaving, self.leaving.contains(&node)) {
            (true, false) => self.leaving.insert(node, Leaving { since_ms: self.header.clock_ms }),
            (false, true) => drop(self.leaving.remove(&node)),
            _ => {}
        }
        Ok(Outcome::Done)
    }
}
