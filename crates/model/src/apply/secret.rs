//! The change of the cluster secret.

use crate::command::Command;
use crate::ids::NodeId;
use crate::outcome::{Outcome, Rejection};
use crate::party::Sealed;
use crate::state::State;
use crate::trust::SecretRotation;

impl State {
    pub(super) fn rotate_secret(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::RotateSecret { fingerprint, previous, sealed, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        if let Some(row) = self.secret_rotations.values().find(|row| row.finished_ms.is_none()) {
            return Err(Rejection::RotationUnderWay { started_ms: row.started_ms });
        }
        self.advance_clock(*now_ms);
        let former: Vec<_> = self.secret_rotations.iter().map(|(key, _)| key.clone()).collect();
        for key in former {
            self.secret_rotations.remove(&key);
        }
        let row = SecretRotation {
            fingerprint: fingerprint.clone(),
            previous: previous.clone(),
            sealed: sealed.clone(),
            started_ms: self.header.clock_ms,
            adopted: Vec::new(),
            finished_ms: None,
        };
        self.secret_rotations.insert(fingerprint.clone(), row);
        Ok(Outcome::Done)
    }

    pub(super) fn secret_adopted(&mut self, node: NodeId, fingerprint: &String) -> Result<Outcome, Rejection> {
        self.check_member(node)?;
        let adopted = self.secret_rotations.update(fingerprint, |row| {
            if let Err(position) = row.adopted.binary_search(&node) {
                row.adopted.insert(position, node);
            }
        });
        adopted.map(|()| Outcome::Done).ok_or_else(|| Rejection::NoRotation { fingerprint: fingerprint.clone() })
    }

    pub(super) fn finish_rotation(
        &mut self,
        fingerprint: &String,
        force: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let row = self.secret_rotations.get(fingerprint).filter(|row| row.finished_ms.is_none());
        let row = row.ok_or_else(|| Rejection::NoRotation { fingerprint: fingerprint.clone() })?;
        let late = self.members.iter().map(|(id, _)| *id).find(|id| row.adopted.binary_search(id).is_err());
        if let Some(node) = late.filter(|_| !force) {
            return Err(Rejection::SecretNotAdopted { node });
        }
        self.advance_clock(now_ms);
        let finished_ms = self.header.clock_ms;
        self.secret_rotations.update(fingerprint, |row| {
            row.finished_ms = Some(finished_ms);
            row.sealed = Sealed(Vec::new());
        });
        Ok(Outcome::Done)
    }

    pub(super) fn forget_adoption_of(&mut self, node: NodeId) {
        let rotations: Vec<_> = self.secret_rotations.iter().map(|(key, _)| key.clone()).collect();
        for key in rotations {
            self.secret_rotations.update(&key, |row| row.adopted.retain(|other| *other != node));
        }
    }
}
