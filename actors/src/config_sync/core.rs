//! Which parameter to put into effect next. Pure; level-triggered: only the latest value of a parameter matters.

use std::collections::BTreeMap;

use flotilla_config::parameters::{CATALOGUE, validate};
use flotilla_model::NodeId;

use crate::ports::View;

/// After a refusal; doubles up to the longest.
const FIRST_PAUSE_MS: u64 = 1_000;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// Put this value into effect. Answered by [`SyncCore::on_applied`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apply {
    /// The parameter.
    pub name: &'static str,
    /// Its value: one that the catalogue accepts.
    pub value: String,
}

#[derive(Debug)]
struct Refused {
    value: String,
    reason: String,
    pause_ms: u64,
    not_before_ms: u64,
}

/// The decisions.
#[derive(Debug)]
pub struct SyncCore {
    node: NodeId,
    read: Option<u64>,
    wanted: BTreeMap<&'static str, String>,
    applied: BTreeMap<&'static str, String>,
    refused: BTreeMap<&'static str, Refused>,
    applying: Option<Apply>,
    view_index: u64,
    parameters_index: u64,
}

impl SyncCore {
    /// Nothing is in effect yet.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            read: None,
            wanted: BTreeMap::new(),
            applied: BTreeMap::new(),
            refused: BTreeMap::new(),
            applying: None,
            view_index: 0,
            parameters_index: 0,
        }
    }

    /// Compares what the view wants with what is in effect.
    pub fn decide(&mut self, view: &View, now_ms: u64) -> Option<Apply> {
        if view.state.cluster().id == 0 {
            // Not caught up with anything: defaults would be wrong for a moment.
            return None;
        }
        let digest = view.state.parameters.digest();
        if self.read != Some(digest) {
            self.read = Some(digest);
            self.wanted = CATALOGUE.iter().map(|parameter| (parameter.name, self.in_force(view, parameter))).collect();
            self.refused.retain(|name, refused| self.wanted.get(name) == Some(&refused.value));
        }
        self.view_index = view.index;
        self.next(now_ms)
    }

    /// The stored value, or the default if there is none or it is one of a newer version that means nothing here.
    fn in_force(&self, view: &View, parameter: &flotilla_config::parameters::Parameter) -> String {
        let stored = view.state.parameter(parameter.name, Some(self.node));
        let accepted = stored.and_then(|row| validate(parameter.name, &row.value).ok());
        accepted.map_or_else(|| parameter.default.to_owned(), |value| value.to_string())
    }

    fn next(&mut self, now_ms: u64) -> Option<Apply> {
        if self.applying.is_some() {
            return None;
        }
        let pauses = |name: &str, value: &str| {
            self.refused.get(name).is_some_and(|refused| refused.value == value && now_ms < refused.not_before_ms)
        };
        let pending = self.wanted.iter().filter(|(name, value)| self.applied.get(*name) != Some(*value));
        let next = pending.clone().find(|(name, value)| !pauses(name, value));
        if next.is_none() && pending.count() == 0 {
            self.parameters_index = self.view_index;
        }
        self.applying = next.map(|(name, value)| Apply { name, value: value.clone() });
        self.applying.clone()
    }

    /// A component took the value or refused it.
    pub fn on_applied(&mut self, outcome: Result<(), String>, now_ms: u64) {
        let Some(Apply { name, value }) = self.applying.take() else { return };
        match outcome {
            Ok(()) => {
                self.refused.remove(name);
                self.applied.insert(name, value);
            }
            Err(reason) => {
                // Half of it may be in effect, so that going back is a change too.
                self.applied.remove(name);
                let before = self.refused.get(name).filter(|refused| refused.value == value);
                let pause_ms = before.map_or(FIRST_PAUSE_MS, |refused| (refused.pause_ms * 2).min(LONGEST_PAUSE_MS));
                self.refused.insert(name, Refused { value, reason, pause_ms, not_before_ms: now_ms + pause_ms });
            }
        }
    }

    /// Log index up to which all parameters are in effect.
    pub fn parameters_index(&self) -> u64 {
        self.parameters_index
    }

    /// Parameters that are not in effect.
    pub fn pending(&self) -> Vec<String> {
        let is_pending = |(name, value): &(&&str, &String)| self.applied.get(*name) != Some(*value);
        self.wanted.iter().filter(is_pending).map(|(name, _)| (*name).to_owned()).collect()
    }

    /// Why some are refused.
    pub fn failures(&self) -> BTreeMap<String, String> {
        self.refused.iter().map(|(name, refused)| ((*name).to_owned(), refused.reason.clone())).collect()
    }
}
