//! Files: recorded together with their follow-up event, renamed, removed; copies added and lost.

use std::sync::Arc;

use crate::command::{Command, PutCondition};
use crate::event::{EventKind, EventRecord, EventState, FileSubject, Subject};
use crate::file::{BlobRecord, FileRecord};
use crate::ids::{BlobId, EventId, NodeId, Sha256, TransferId};
use crate::names::{AccountName, FilePath, LaneName};
use crate::outcome::{Outcome, Rejection};
use crate::state::{State, parameter_names};
use crate::transfer::{Transfer, TransferState};

/// Where a file may appear, and what is done with it then.
pub(super) struct FileTarget {
    /// Members that hold its contents.
    copies: Vec<NodeId>,
    replaces: bool,
    route: Option<(Arc<crate::party::Route>, LaneName)>,
}

impl State {
    pub(super) fn file_stored(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::FileStored { blob, .. } = command else {
            unreachable!("dispatched by variant");
        };
        if let Some(transfer) = self.transfer_of_blob.get(blob) {
            let event = self.transfers.get(transfer).and_then(|row| row.event);
            return Ok(Outcome::FileStored { transfer: *transfer, event, replaced: false });
        }
        let target = self.check_file(command, 0, false)?;
        Ok(self.record_file(command, target))
    }

    /// Whether the file of a `FileStored` may appear. `freed_bytes` go with it; `is_part`: its contents are those of the one part
    /// of an upload, and so are recorded already.
    pub(super) fn check_file(
        &self,
        command: &Command,
        freed_bytes: u64,
        is_part: bool,
    ) -> Result<FileTarget, Rejection> {
        let Command::FileStored { account, path, blob, length, holders, condition, .. } = command else {
            unreachable!("dispatched by variant");
        };
        if self.blobs.contains(blob) && !is_part {
            // Its transfer's row has left the log already: an id is never used for two contents.
            return Err(Rejection::BlobTaken { blob: *blob });
        }
        let copies = self.check_holders(holders)?;
        let old = self.check_target_besides(account, path, *length, freed_bytes)?;
        let met = match (condition, &old) {
            (PutCondition::Any, _) | (PutCondition::MustNotExist, None) | (PutCondition::MustExist, Some(_)) => true,
            (PutCondition::MustMatch(expected), Some(old)) => old.sha256 == *expected,
            _ => false,
        };
        if !met {
            return Err(Rejection::ConditionFailed);
        }
        let route = self.routes.get(account).cloned();
        let lane = route.as_ref().map(|route| route.lane.clone().unwrap_or_else(|| LaneName::of(account)));
        if let Some(lane) = &lane {
            self.check_room(self.queue_bounds(), 0)?;
            self.check_lane(lane)?;
        }
        Ok(FileTarget { copies, replaces: old.is_some(), route: route.zip(lane) })
    }

    /// Lets the file of a `FileStored` appear, after [`State::check_file`].
    pub(super) fn record_file(&mut self, command: &Command, target: FileTarget) -> Outcome {
        let Command::FileStored { account, path, blob, length, sha256, node, now_ms, .. } = command else {
            unreachable!("dispatched by variant");
        };
        let FileTarget { copies, replaces, route } = target;
        self.advance_clock(*now_ms);
        self.header.last_transfer += 1;
        let transfer = TransferId(self.header.last_transfer);
        let row = BlobRecord { length: *length, sha256: *sha256, holders: copies.clone(), references: 0 };
        self.blobs.insert(*blob, row);
        let record = FileRecord { blob: *blob, length: *length, sha256: *sha256, modified_ms: *now_ms, transfer };
        self.put_file(account, path, record);
        let event = route.map(|(route, lane)| {
            let file = FileSubject { path: path.clone(), blob: *blob, length: *length, sha256: *sha256, transfer };
            self.announce_file(account, file, *node, route, &lane)
        });
        self.add_transfer(command, transfer, event, copies);
        Outcome::FileStored { transfer, event, replaced: replaces }
    }

    pub(super) fn check_holders(&self, holders: &[NodeId]) -> Result<Vec<NodeId>, Rejection> {
        let mut copies: Vec<_> = holders.iter().copied().filter(|node| self.members.contains(node)).collect();
        copies.sort_unstable();
        copies.dedup();
        let (needed, stay) = (self.needed_replicas(), copies.iter().filter(|node| self.keeps_contents(**node)).count());
        if stay < needed {
            return Err(Rejection::TooFewReplicas { copies: stay as u64, needed: needed as u64 });
        }
        Ok(copies)
    }

    /// Whether a file of `length` bytes may take that name now; gives the file that has it.
    pub fn check_target(
        &self,
        account: &AccountName,
        path: &FilePath,
        length: u64,
    ) -> Result<Option<FileRecord>, Rejection> {
        self.check_target_besides(account, path, length, 0)
    }

    /// The same, of a file with which `freed_bytes` of parts go.
    fn check_target_besides(
        &self,
        account: &AccountName,
        path: &FilePath,
        length: u64,
        freed_bytes: u64,
    ) -> Result<Option<FileRecord>, Rejection> {
        let row = self.accounts.get(account).ok_or_else(|| Rejection::NoSuchAccount { name: account.clone() })?;
        if !row.enabled {
            return Err(Rejection::AccountDisabled { name: account.clone() });
        }
        let old = self.file(account, path).cloned();
        if old.is_none() {
            if self.folder_exists(account, path.as_str()) {
                return Err(Rejection::PathIsFolder { path: path.clone() });
            }
            let is_file = |folder: &&str| self.file(account, &FilePath::unchecked((*folder).to_owned())).is_some();
            if let Some(folder) = path.folders().find(is_file) {
                return Err(Rejection::ParentIsFile { folder: folder.to_owned() });
            }
        }
        let usage = self.usage(account);
        let bytes = usage.bytes + self.partial_bytes(account) - freed_bytes - old.as_ref().map_or(0, |old| old.length);
        let files = usage.files - u64::from(old.is_some());
        if let Some(limit) = row.quota_bytes.filter(|limit| bytes.saturating_add(length) > *limit) {
            return Err(Rejection::QuotaBytes { limit });
        }
        if let Some(limit) = row.quota_files.filter(|limit| files + 1 > *limit) {
            return Err(Rejection::QuotaFiles { limit });
        }
        Ok(old)
    }

    pub(super) fn announce_file(
        &mut self,
        account: &AccountName,
        file: FileSubject,
        origin: NodeId,
        route: Arc<crate::party::Route>,
        lane: &LaneName,
    ) -> EventId {
        self.header.last_event += 1;
        self.header.totals.events_published += 1;
        let id = EventId(self.header.last_event);
        let now_ms = self.header.clock_ms;
        self.blobs.update(&file.blob, |row| row.references += 1);
        let event = EventRecord {
            id,
            kind: EventKind::FileReceived,
            account: account.clone(),
            subject: Subject::File(Box::new(file)),
            lane: self.lane_or_new(lane),
            priority: route.priority.unwrap_or_default(),
            options: None,
            origin,
            created_ms: now_ms,
            route,
            next_step: 0,
            state: EventState::Ready { since_ms: now_ms },
            attempt: 0,
            failures: 0,
            lost_leases: 0,
        };
        self.insert_event(event);
        id
    }

    fn add_transfer(&mut self, command: &Command, id: TransferId, event: Option<EventId>, replicas: Vec<NodeId>) {
        let Command::FileStored {
            account, path, blob, length, sha256, node, protocol, remote, started_ms, now_ms, ..
        } = command
        else {
            unreachable!("dispatched by variant");
        };
        let ended = event.is_none();
        let row = Transfer {
            id,
            account: account.clone(),
            path: path.clone(),
            protocol: *protocol,
            remote: remote.clone(),
            length: *length,
            sha256: *sha256,
            blob: *blob,
            node: *node,
            replicas,
            started_ms: *started_ms,
            stored_ms: *now_ms,
            ended_ms: ended.then_some(*now_ms),
            state: if ended { TransferState::Processed } else { TransferState::InProgress },
            event,
            worker: None,
            steps: Vec::new(),
            failure: None,
        };
        self.transfers.insert(id, row);
        self.transfer_of_blob.insert(*blob, id);
        if !ended {
            self.unended_transfers.insert(id);
        }
        self.prune_transfers();
    }

    /// Keeps the log of transfers within its bound: the oldest ended ones go.
    fn prune_transfers(&mut self) {
        let limit = self.number(parameter_names::MAX_TRANSFERS, 200_000) as usize;
        // Two a command catch up with a lowered bound without one long pause.
        for _ in 0..2 {
            if self.transfers.len() <= limit.max(1) {
                return;
            }
            let oldest = self.transfers.iter().map(|(id, _)| *id).find(|id| !self.unended_transfers.contains(id));
            let Some(row) = oldest.and_then(|id| self.transfers.remove(&id)) else { return };
            self.transfer_of_blob.remove(&row.blob);
        }
    }

    /// Puts a file under a name; the file that had it goes.
    pub(super) fn put_file(&mut self, account: &AccountName, path: &FilePath, record: FileRecord) {
        self.drop_file(account, path);
        self.blobs.update(&record.blob, |row| row.references += 1);
        let usage = self.usage.entry(account.clone()).or_default();
        usage.bytes += record.length;
        usage.files += 1;
        self.files.insert((account.clone(), path.clone()), record);
    }

    /// Takes a name out, and the contents when nothing else names them.
    fn drop_file(&mut self, account: &AccountName, path: &FilePath) -> Option<FileRecord> {
        let record = self.files.remove(&(account.clone(), path.clone()))?;
        let usage = self.usage.entry(account.clone()).or_default();
        usage.bytes -= record.length;
        usage.files -= 1;
        if usage.files == 0 {
            self.usage.remove(account);
        }
        self.release_blob(record.blob);
        Some((*record).clone())
    }

    pub(super) fn release_blob(&mut self, blob: BlobId) {
        let left = self.blobs.update(&blob, |row| {
            row.references -= 1;
            row.references
        });
        if left == Some(0) {
            self.blobs.remove(&blob);
        }
    }

    pub(super) fn remove_file(
        &mut self,
        account: &AccountName,
        path: &FilePath,
        expected: Option<Sha256>,
    ) -> Result<Outcome, Rejection> {
        let file = self.file(account, path).ok_or_else(|| Rejection::NoSuchFile { path: path.clone() })?;
        if expected.is_some_and(|expected| expected != file.sha256) {
            return Err(Rejection::ConditionFailed);
        }
        self.drop_file(account, path);
        Ok(Outcome::Done)
    }

    pub(super) fn move_file(
        &mut self,
        account: &AccountName,
        from: &FilePath,
        to: &FilePath,
        overwrite: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let record = self.file(account, from).cloned().ok_or_else(|| Rejection::NoSuchFile { path: from.clone() })?;
        if from == to {
            return Ok(Outcome::Done);
        }
        let exists = self.file(account, to).is_some();
        if exists && !overwrite {
            return Err(Rejection::ConditionFailed);
        }
        if !exists {
            if self.folder_exists(account, to.as_str()) {
                return Err(Rejection::PathIsFolder { path: to.clone() });
            }
            let is_file = |folder: &&str| self.file(account, &FilePath::unchecked((*folder).to_owned())).is_some();
            if let Some(folder) = to.folders().find(is_file) {
                return Err(Rejection::ParentIsFile { folder: folder.to_owned() });
            }
        }
        self.advance_clock(now_ms);
        // Name it anew before the old name goes: the contents must not lose their last reference in between.
        self.put_file(account, to, record);
        self.drop_file(account, from);
        Ok(Outcome::Done)
    }

    pub(super) fn replica_added(&mut self, blob: BlobId, node: NodeId) -> Result<Outcome, Rejection> {
        if !self.members.contains(&node) {
            return Err(Rejection::NoSuchMember { node });
        }
        let add = |row: &mut BlobRecord| {
            if let Err(at) = row.holders.binary_search(&node) {
                row.holders.insert(at, node);
            }
        };
        self.blobs.update(&blob, add).map(|()| Outcome::Done).ok_or(Rejection::NoSuchBlob)
    }

    pub(super) fn replica_lost(&mut self, blob: BlobId, node: NodeId) -> Result<Outcome, Rejection> {
        let remove = |row: &mut BlobRecord| row.holders.retain(|holder| *holder != node);
        self.blobs.update(&blob, remove).map(|()| Outcome::Done).ok_or(Rejection::NoSuchBlob)
    }
}
