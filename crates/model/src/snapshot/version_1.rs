//! Snapshots of version 1: an event was always about a file, and there were no lanes, kinds of events or journal.

use std::io::Read;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{SnapshotError, read_row, read_table, read_u64};
use crate::event::{EventKind, EventRecord, EventState, FileSubject, Subject};
use crate::ids::{BlobId, EventId, NodeId, Sha256, TransferId};
use crate::member::Cluster;
use crate::names::{AccountName, FilePath, LaneName};
use crate::party::{Route, Step};
use crate::priority::Priority;
use crate::state::{Header, State, Totals};
use crate::table::Table;

#[derive(Clone, Hash, Serialize, Deserialize)]
struct HeaderRow {
    cluster: Cluster,
    clock_ms: u64,
    last_node: u64,
    last_event: u64,
    last_transfer: u64,
    last_version: u64,
    servers: Vec<NodeId>,
    totals: [u64; 7],
}

#[derive(Clone, Hash, Serialize, Deserialize)]
struct RouteRow {
    steps: Vec<Step>,
    version: u64,
}

#[derive(Clone, Hash, Serialize, Deserialize)]
enum KindRow {
    FileReceived,
}

#[derive(Clone, Hash, Serialize, Deserialize)]
struct EventRow {
    id: EventId,
    kind: KindRow,
    account: AccountName,
    path: FilePath,
    blob: BlobId,
    length: u64,
    sha256: Sha256,
    transfer: TransferId,
    origin: NodeId,
    created_ms: u64,
    route: RouteRow,
    next_step: u32,
    state: EventState,
    attempt: u32,
    failures: u32,
    lost_leases: u32,
}

/// The state that it holds, in today's form; indexes are made by the caller.
pub(super) fn read(reader: &mut dyn Read, buffer: &mut Vec<u8>) -> Result<State, SnapshotError> {
    let header: HeaderRow = read_row(reader, buffer)?;
    let mut state = State {
        header: header.into(),
        members: read_table(reader, buffer)?,
        authorities: read_table(reader, buffer)?,
        join_tokens: read_table(reader, buffer)?,
        parameters: read_table(reader, buffer)?,
        accounts: read_table(reader, buffer)?,
        administrators: read_table(reader, buffer)?,
        ..State::default()
    };
    let routes: Table<AccountName, RouteRow> = read_table(reader, buffer)?;
    for (account, route) in routes.iter() {
        state.routes.insert(account.clone(), Arc::new(route.clone().into()));
    }
    state.files = read_table(reader, buffer)?;
    state.blobs = read_table(reader, buffer)?;
    let events: Table<EventId, EventRow> = read_table(reader, buffer)?;
    for event in events.values() {
        let lane = state.lane_or_new(&LaneName::of(&event.account));
        state.lanes.update(&lane, |lane| lane.totals.published += 1);
        state.events.insert(event.id, event.in_lane(lane));
    }
    state.transfers = read_table(reader, buffer)?;
    read_u64(reader)?;
    Ok(state)
}

impl From<HeaderRow> for Header {
    fn from(row: HeaderRow) -> Self {
        let [published, completed, failed, discarded, granted, lost, stale] = row.totals;
        Self {
            cluster: row.cluster,
            clock_ms: row.clock_ms,
            last_node: row.last_node,
            last_event: row.last_event,
            last_transfer: row.last_transfer,
            last_version: row.last_version,
            servers: row.servers,
            totals: Totals {
                events_published: published,
                events_completed: completed,
                events_failed: failed,
                events_discarded: discarded,
                leases_granted: granted,
                leases_lost: lost,
                results_stale: stale,
                ..Totals::default()
            },
            ..Self::default()
        }
    }
}

impl From<RouteRow> for Route {
    fn from(row: RouteRow) -> Self {
        Self { steps: row.steps, version: row.version, lane: None, priority: None }
    }
}

impl EventRow {
    fn in_lane(&self, lane: crate::ids::LaneId) -> EventRecord {
        let KindRow::FileReceived = self.kind;
        let file = FileSubject {
            path: self.path.clone(),
            blob: self.blob,
            length: self.length,
            sha256: self.sha256,
            transfer: self.transfer,
        };
        EventRecord {
            id: self.id,
            kind: EventKind::FileReceived,
            account: self.account.clone(),
            subject: Subject::File(Box::new(file)),
            lane,
            priority: Priority::default(),
            options: None,
            origin: self.origin,
            created_ms: self.created_ms,
            route: Arc::new(self.route.clone().into()),
            next_step: self.next_step,
            state: self.state.clone(),
            attempt: self.attempt,
            failures: self.failures,
            lost_leases: self.lost_leases,
        }
    }
}
