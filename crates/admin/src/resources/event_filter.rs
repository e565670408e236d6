//! Which events a person means.

use flotilla_model::{AccountName, EventRecord, EventState, KindPattern, LaneName, State};

use super::event_view::reason_of;
use crate::api::{EventQuery, to_ms};
use crate::error::ApiError;
use crate::server::Scope;

const REASON_BYTES_MAX: usize = 256;

/// All that is given must hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventFilter {
    /// A name of [`EventState::NAMES`].
    pub(super) state: Option<&'static str>,
    pub(super) lane: Option<LaneName>,
    account: Option<AccountName>,
    kind: Option<KindPattern>,
    /// In lower case.
    reason: Option<String>,
    created_before_ms: Option<u64>,
    /// Whose events they may be at all.
    scope: Scope,
}

impl EventFilter {
    pub(super) fn read(query: &EventQuery, scope: Scope) -> Result<Self, ApiError> {
        Ok(Self {
            state: query.state.as_deref().map(state_name).transpose()?,
            lane: read("lane", query.lane.as_deref(), LaneName::parse)?,
            account: read("account", query.account.as_deref(), AccountName::parse)?,
            kind: read("kind", query.kind.as_deref(), KindPattern::parse)?,
            reason: query.reason.as_deref().map(reason).transpose()?,
            created_before_ms: query.created_before.map(to_ms),
            scope,
        })
    }

    pub(super) fn matches(&self, state: &State, row: &EventRecord) -> bool {
        let is_in_lane = |name: &LaneName| state.lanes.get(&row.lane).is_some_and(|lane| lane.name == *name);
        let has_reason =
            |part: &String| reason_of(state, row).is_some_and(|reason| reason.to_lowercase().contains(part));
        self.scope.covers(&row.account)
            && self.state.is_none_or(|name| row.state.name() == name)
            && self.account.as_ref().is_none_or(|account| row.account == *account)
            && self.created_before_ms.is_none_or(|before_ms| row.created_ms < before_ms)
            && self.kind.as_ref().is_none_or(|kind| kind.matches(row.kind.name()))
            && self.lane.as_ref().is_none_or(is_in_lane)
            && self.reason.as_ref().is_none_or(has_reason)
    }
}

fn read<T, E: std::fmt::Display>(
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, ApiError> {
    text.map(parse).transpose().map_err(|error| ApiError::invalid(field, error.to_string()))
}

fn state_name(text: &str) -> Result<&'static str, ApiError> {
    EventState::NAMES.into_iter().find(|name| *name == text).ok_or_else(|| {
        ApiError::invalid("state", "there is no such state of an event")
            .mend(format!("write one of {}", EventState::NAMES.join(", ")))
    })
}

fn reason(text: &str) -> Result<String, ApiError> {
    if (1..=REASON_BYTES_MAX).contains(&text.len()) {
        return Ok(text.to_lowercase());
    }
    Err(ApiError::invalid("reason", format!("a part of a reason has 1 to {REASON_BYTES_MAX} bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_by_its_field() {
        let query = |set: fn(&mut EventQuery, String)| {
            move |text: &str| {
                let mut query = EventQuery::default();
                set(&mut query, text.to_owned());
                EventFilter::read(&query, Scope::All).map_err(|error| error.field)
            }
        };
        let state = query(|query, text| query.state = Some(text));
        let account = query(|query, text| query.account = Some(text));
        let lane = query(|query, text| query.lane = Some(text));
        let kind = query(|query, text| query.kind = Some(text));
        let reason = query(|query, text| query.reason = Some(text));
        for (refused, field) in [
            (state("done"), "state"),
            (state("Dead"), "state"),
            (account("a b"), "account"),
            (lane("../x"), "lane"),
            (kind("a*b"), "kind"),
            (kind(""), "kind"),
            (reason(""), "reason"),
            (reason(&"x".repeat(257)), "reason"),
        ] {
            assert_eq!(refused.unwrap_err().as_deref(), Some(field));
        }
        assert!(state("outcome-unknown").is_ok() && kind("file.received").is_ok() && kind("*").is_ok());
        assert_eq!(reason("REFUSED").unwrap().reason.as_deref(), Some("refused"));
    }
}
