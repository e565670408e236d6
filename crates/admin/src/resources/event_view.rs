//! An event as people see it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_model::{EventRecord, EventState, State, StepResult};
use serde_json::value::RawValue;

use super::{steps, transfers};
use crate::api::{EventView, from_ms};
use crate::error::ApiError;

/// Why it is dead or doubtful, or why its last try failed.
pub(super) fn reason_of<'a>(state: &'a State, row: &'a EventRecord) -> Option<&'a str> {
    match &row.state {
        EventState::Dead { reason, .. } | EventState::OutcomeUnknown { reason, .. } => Some(reason),
        _ if row.failures == 0 => None,
        _ => match row.file() {
            Some(file) => state.transfers.get(&file.transfer)?.failure.as_deref(),
            None => row.steps().iter().rev().find_map(|run| match &run.result {
                StepResult::Failed { message } => Some(message.as_str()),
                StepResult::Succeeded { .. } => None,
            }),
        },
    }
}

/// As a row of a list.
pub(super) fn describe(state: &State, row: &EventRecord) -> EventView {
    let lease = match &row.state {
        EventState::Leased(lease) => Some(lease),
        _ => None,
    };
    EventView {
        id: row.id,
        kind: row.kind.name().to_owned(),
        account: row.account.to_string(),
        lane: state.lanes.get(&row.lane).map(|lane| lane.name.to_string()).unwrap_or_default(),
        priority: row.priority.value(),
        path: row.file().map(|file| file.path.to_string()),
        size_bytes: row.file().map_or_else(|| row.data().map_or(0, |data| data.len() as u64), |file| file.length),
        transfer: row.file().map(|file| file.transfer),
        ordering_key: row.ordering_key().map(ToString::to_string),
        expires_at: row.expires_ms().map(from_ms),
        trace: row.options.as_ref().and_then(|options| options.trace_id).map(|id| format!("{id:032x}")),
        origin: row.origin,
        created_at: from_ms(row.created_ms),
        state: row.state.name().to_owned(),
        state_at: from_ms(state_ms(&row.state)),
        reason: reason_of(state, row).map(str::to_owned),
        doubtful_step: match row.state {
            EventState::OutcomeUnknown { step, .. } => Some(step),
            _ => None,
        },
        leased_to: lease.map(|lease| lease.node),
        lease_expires_at: lease.map(|lease| from_ms(lease.expires_ms)),
        attempt: row.attempt,
        failures: row.failures,
        lost_leases: row.lost_leases,
        next_step: row.next_step,
        steps: row.route.steps.iter().map(steps::describe).collect(),
        runs: Vec::new(),
        data: None,
        data_base64: None,
    }
}

/// With what its steps did, and its data.
pub(super) fn describe_in_full(state: &State, row: &EventRecord) -> Result<EventView, ApiError> {
    let transfer = row.file().and_then(|file| state.transfers.get(&file.transfer));
    let runs = transfer.map_or(row.steps(), |transfer| &transfer.steps);
    let mut view = EventView { runs: runs.iter().map(transfers::describe_run).collect(), ..describe(state, row) };
    if let Some(data) = row.data() {
        let unreadable = |error| ApiError::internal(format!("the data of event {} cannot be read: {error}", row.id));
        let data = data.read().map_err(unreadable)?;
        let text = std::str::from_utf8(&data).ok();
        view.data = text.and_then(|text| RawValue::from_string(text.to_owned()).ok());
        view.data_base64 = view.data.is_none().then(|| STANDARD.encode(&data));
    }
    Ok(view)
}

/// Since when it is in its state; of one that waits for its time, until when.
fn state_ms(state: &EventState) -> u64 {
    match state {
        EventState::Waiting { not_before_ms } => *not_before_ms,
        EventState::Leased(lease) => lease.granted_ms,
        EventState::Ready { since_ms }
        | EventState::Blocked { since_ms, .. }
        | EventState::Dead { since_ms, .. }
        | EventState::OutcomeUnknown { since_ms, .. } => *since_ms,
    }
}
