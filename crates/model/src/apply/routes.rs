//! Routes: what is done with the files that an account sends, and with its applications' events.

use std::sync::Arc;

use crate::command::Command;
use crate::event::EventKind;
use crate::names::{AccountName, FilePath, KindPattern};
use crate::outcome::{Outcome, Rejection};
use crate::party::{Route, Step};
use crate::state::State;

use super::parties::check_version;

/// Most steps of a route.
const MAX_STEPS: usize = 32;
/// Most routes of one account: they are looked through for each event.
const MAX_KINDS: usize = 64;

impl State {
    pub(super) fn put_route(
        &mut self,
        account: &AccountName,
        steps: &[Step],
        expected_version: Option<u64>,
    ) -> Result<Outcome, Rejection> {
        self.check_route(account, steps)?;
        check_version(expected_version, self.routes.get(account).map_or(0, |route| route.version))?;
        let version = self.next_version();
        self.set_file_route(account, Route { steps: steps.to_vec(), version, lane: None, priority: None });
        Ok(Outcome::Version(version))
    }

    pub(super) fn put_kind_route(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::PutKindRoute { account, kind, steps, lane, priority, expected_version } = command else {
            unreachable!("dispatched by variant");
        };
        self.check_route(account, steps)?;
        if let Some(lane) = lane {
            self.check_lane(lane)?;
        }
        let is_of_files = kind.as_str() == EventKind::FILE_RECEIVED;
        let key = (account.clone(), kind.clone());
        let old = if is_of_files { self.routes.get(account) } else { self.kind_routes.get(&key) };
        check_version(*expected_version, old.map_or(0, |route| route.version))?;
        if old.is_none() && !is_of_files && self.kinds_of(account).count() >= MAX_KINDS {
            return Err(Rejection::TooManyRoutes { limit: MAX_KINDS as u64 });
        }
        let version = self.next_version();
        let route = Route { steps: steps.clone(), version, lane: lane.clone(), priority: *priority };
        if is_of_files {
            self.set_file_route(account, route);
        } else if route.steps.is_empty() {
            self.kind_routes.remove(&key);
        } else {
            self.kind_routes.insert(key, Arc::new(route));
        }
        Ok(Outcome::Version(version))
    }

    fn set_file_route(&mut self, account: &AccountName, route: Route) {
        if route.steps.is_empty() {
            self.routes.remove(account);
        } else {
            self.routes.insert(account.clone(), Arc::new(route));
        }
    }

    fn kinds_of(&self, account: &AccountName) -> impl Iterator<Item = &KindPattern> {
        let from = (account.clone(), KindPattern::lowest());
        self.kind_routes.range(from..).take_while(move |((owner, _), _)| owner == account).map(|((_, kind), _)| kind)
    }

    pub(super) fn remove_kind_routes(&mut self, account: &AccountName) {
        let kinds: Vec<_> = self.kinds_of(account).cloned().collect();
        for kind in kinds {
            self.kind_routes.remove(&(account.clone(), kind));
        }
    }

    fn check_route(&self, account: &AccountName, steps: &[Step]) -> Result<(), Rejection> {
        if !self.accounts.contains(account) {
            return Err(Rejection::NoSuchAccount { name: account.clone() });
        }
        self.check_steps(steps)
    }

    pub(super) fn check_steps(&self, steps: &[Step]) -> Result<(), Rejection> {
        if steps.len() > MAX_STEPS {
            return Err(Rejection::TooManySteps { limit: MAX_STEPS as u64 });
        }
        steps.iter().zip(0..).try_for_each(|(step, index)| self.check_step(step, index))
    }

    fn check_step(&self, step: &Step, index: u64) -> Result<(), Rejection> {
        let Step::Publish { account, folder } = step else { return Ok(()) };
        if !self.accounts.contains(account) {
            return Err(Rejection::StepAccount { step: index, account: account.clone() });
        }
        match folder.trim_matches('/') {
            "" => Ok(()),
            folder => FilePath::parse(folder).map(|_| ()).map_err(|source| Rejection::StepPath { step: index, source }),
        }
    }
}
