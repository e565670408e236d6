//! Parameters, and what they were.

use crate::command::{Command, ParameterChange};
use crate::ids::NodeId;
use crate::outcome::{Outcome, Rejection};
use crate::party::{Parameter, ParameterVersion};
use crate::state::{State, parameter_names};

use super::parties::check_version;

/// Most former values that are kept, of all parameters together.
const MAX_HISTORY: usize = 10_000;

impl State {
    pub(super) fn set_parameter(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::SetParameter { name, node, value, expected_version, changed_by, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        let change = ParameterChange {
            name: name.clone(),
            node: *node,
            value: value.clone(),
            expected_version: *expected_version,
        };
        self.set_parameters(std::slice::from_ref(&change), changed_by, *now_ms)
    }

    /// All or none. Answers with the version of the last one.
    pub(super) fn set_parameters(
        &mut self,
        changes: &[ParameterChange],
        changed_by: &str,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        for change in changes {
            self.check_parameter(change)?;
        }
        self.advance_clock(now_ms);
        let mut version = self.header.last_version;
        for change in changes {
            version = self.next_version();
            self.put_parameter(change, version, changed_by, now_ms);
        }
        Ok(Outcome::Version(version))
    }

    fn check_parameter(&self, change: &ParameterChange) -> Result<(), Rejection> {
        if let Some(node) = change.node {
            self.check_member(node)?;
        }
        let actual = self.parameters.get(&(change.name.clone(), change.node)).map_or(0, |row| row.version);
        check_version(change.expected_version, actual)?;
        let is_alone = self.members.len() <= 1;
        if change.name == parameter_names::CLUSTER_MODE && change.value.as_deref() == Some("disabled") && !is_alone {
            return Err(Rejection::NotAlone { members: self.members.len() as u64 });
        }
        if change.value.is_none() && actual == 0 {
            return Err(Rejection::NoSuchParameter { name: change.name.clone() });
        }
        Ok(())
    }

    fn put_parameter(&mut self, change: &ParameterChange, version: u64, changed_by: &str, now_ms: u64) {
        let key = (change.name.clone(), change.node);
        match &change.value {
            Some(value) => {
                let (value, changed_by) = (value.clone(), changed_by.to_owned());
                self.parameters.insert(key, Parameter { value, version, changed_by, changed_ms: now_ms });
            }
            None => {
                self.parameters.remove(&key);
            }
        }
        let row = ParameterVersion {
            name: change.name.clone(),
            node: change.node,
            value: change.value.clone(),
            changed_by: changed_by.to_owned(),
            changed_ms: now_ms,
        };
        self.parameter_history.insert(version, row);
        while self.parameter_history.len() > MAX_HISTORY {
            let Some(oldest) = self.parameter_history.first().map(|(version, _)| *version) else { break };
            self.parameter_history.remove(&oldest);
        }
    }

    pub(super) fn check_member(&self, node: NodeId) -> Result<(), Rejection> {
        if self.members.contains(&node) { Ok(()) } else { Err(Rejection::NoSuchMember { node }) }
    }
}
