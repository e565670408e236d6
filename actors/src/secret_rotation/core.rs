//! What to do next about the cluster secret. Pure; level-triggered: it compares the state with what is in force here.

use flotilla_model::{NodeId, SecretRotation, State};

use super::status::RotationStatus;
use crate::ports::Now;

/// After a step that came to nothing.
const RETRY_MS: u64 = 1_000;

/// What the shell does; each is answered by [`RotationCore::on_done`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Take the new secret in.
    Adopt(SecretRotation),
    /// Tell the others that this node has it.
    Announce(String),
    /// All have it: seal values anew and end the rotation.
    Finish(String),
    /// Let go of the former secret.
    Retire,
}

/// The decisions. One step at a time.
#[derive(Debug)]
pub struct RotationCore {
    node: NodeId,
    is_busy: bool,
    not_before_ms: u64,
    status: RotationStatus,
}

impl RotationCore {
    /// Knows nothing yet.
    pub fn new(node: NodeId) -> Self {
        Self { node, is_busy: false, not_before_ms: 0, status: RotationStatus::default() }
    }

    /// Compares what is with what should be. `in_force`: the current secret's fingerprint, and the one accepted besides.
    pub fn decide(
        &mut self,
        state: &State,
        is_primary: bool,
        in_force: (String, Option<String>),
        now: Now,
    ) -> Option<Effect> {
        (self.status.fingerprint, self.status.previous) = in_force;
        if self.is_busy || now.monotonic_ms < self.not_before_ms {
            return None;
        }
        let effect = self.next(state, is_primary)?;
        self.is_busy = true;
        Some(effect)
    }

    fn next(&self, state: &State, is_primary: bool) -> Option<Effect> {
        let rotation = state.secret_rotations.values().next_back()?;
        let has_new = self.status.fingerprint == rotation.fingerprint;
        if rotation.finished_ms.is_some() {
            // Only what the rotation replaced: a secret that a person put beside the current one is none of its business.
            let is_former = self.status.previous.as_deref() == Some(rotation.previous.as_str());
            return (has_new && is_former).then_some(Effect::Retire);
        }
        if !has_new {
            return Some(Effect::Adopt(rotation.clone()));
        }
        if rotation.adopted.binary_search(&self.node).is_err() {
            return state.is_member(self.node).then(|| Effect::Announce(rotation.fingerprint.clone()));
        }
        let all = state.members.iter().all(|(node, _)| rotation.adopted.binary_search(node).is_ok());
        (is_primary && all).then(|| Effect::Finish(rotation.fingerprint.clone()))
    }

    /// A step ended.
    pub fn on_done(&mut self, effect: &Effect, outcome: Result<(), String>, now: Now) {
        self.is_busy = false;
        match outcome {
            Ok(()) => {
                self.status.last_failure = None;
                self.status.adopted += u64::from(matches!(effect, Effect::Adopt(_)));
            }
            Err(reason) => {
                self.not_before_ms = now.monotonic_ms + RETRY_MS;
                self.status.last_failure = Some(reason);
            }
        }
    }

    /// What is known.
    pub fn status(&self) -> &RotationStatus {
        &self.status
    }
}
