//! The `log` step: one line in the node's log, for whoever follows that already.

use flotilla_model::EventRecord;

/// The part of the log that routes write to: `info,flotilla::route=off` leaves it out.
const TARGET: &str = "flotilla::route";

/// A second line does no harm, so that this needs no note in the replicated log.
pub(super) fn write(event: &EventRecord, message: &str) -> String {
    tracing::info!(target: TARGET, event = %event.id, kind = event.kind.name(), account = %event.account, "{message}");
    "written to the node's log".to_owned()
}
