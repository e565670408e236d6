//! Snapshots of version 3: rows of the audit log were not chained and did not say how people had shown who they were.

use std::io::Read;

use serde::{Deserialize, Serialize};

use super::{SnapshotError, StorePayload, read_table, read_u64};
use crate::audit::{AuditId, AuditRecord, Origin};
use crate::state::State;
use crate::table::Table;

#[derive(Clone, Hash, Serialize, Deserialize)]
struct AuditRow {
    id: AuditId,
    at_ms: u64,
    origin: Origin,
    operation: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

/// The state that it holds, in today's form; indexes are made by the caller.
pub(super) fn read(
    reader: &mut dyn Read,
    buffer: &mut Vec<u8>,
    store: &mut StorePayload<'_>,
) -> Result<State, SnapshotError> {
    let mut state = State::read_version_2(reader, buffer, store)?;
    let audit: Table<AuditId, AuditRow> = read_table(reader, buffer)?;
    for (id, row) in audit.iter() {
        state.audit.insert(*id, row.clone().into());
    }
    state.read_tables_since_3(reader, buffer)?;
    read_u64(reader)?;
    Ok(state)
}

impl From<AuditRow> for AuditRecord {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id, at_ms, origin, operation, subject, before, after } = row;
        Self { id, at_ms, origin, operation, subject, before, after, credential: None, previous: None }
    }
}
