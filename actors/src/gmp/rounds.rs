//! One proposal of the pool: results, renewals and the next claim in one log entry.

use std::sync::Arc;

use flotilla_model::{Command, EventId, WorkResult};

use super::core::PoolConfig;
use crate::ports::Now;

/// A proposal on its way. It shares the commands with whoever proposes them, so that the results can be had back
/// without a copy of each.
#[derive(Debug)]
pub(crate) struct Round {
    commands: Arc<[Command]>,
    pub(crate) renews: bool,
    pub(crate) claim: u32,
    pub(crate) proposed_ms: u64,
}

impl Round {
    pub(crate) fn new(
        config: &PoolConfig,
        results: Vec<WorkResult>,
        renewals: Vec<(EventId, u32)>,
        claim: u32,
        now: Now,
    ) -> Self {
        let PoolConfig { node, session, steal_after_ms } = *config;
        let now_ms = now.unix_ms;
        let renews = !renewals.is_empty();
        let mut commands = Vec::with_capacity(3);
        if !results.is_empty() {
            commands.push(Command::Complete { node, session, results, now_ms });
        }
        if renews {
            commands.push(Command::RenewLeases { node, session, leases: renewals, now_ms });
        }
        if claim > 0 {
            commands.push(Command::Claim { node, session, count: claim, steal_after_ms, now_ms });
        }
        Self { commands: commands.into(), renews, claim, proposed_ms: now.monotonic_ms }
    }

    pub(crate) fn commands(&self) -> Arc<[Command]> {
        Arc::clone(&self.commands)
    }

    pub(crate) fn results(&self) -> &[WorkResult] {
        match self.commands.first() {
            Some(Command::Complete { results, .. }) => results,
            _ => &[],
        }
    }
}
