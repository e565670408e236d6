//! Uploads in parts: begun, gone on with, finished, given up, expired.

use crate::audit::EncodedCommand;
use crate::command::Command;
use crate::file::BlobRecord;
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::state::{State, parameter_names};
use crate::upload::{FINISHED_UPLOADS_MAX, PartialUpload, UPLOAD_PARTS_MAX, UploadId, UploadPart};

/// Most that one command lets expire: many are gone through over several ticks.
const EXPIRED_MAX: usize = 256;

impl State {
    pub(super) fn open_upload(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::OpenUpload { account, id, path, length, sha256, condition, expires_ms, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        let key = (account.clone(), *id);
        if self.uploads.contains(&key) {
            return Ok(Outcome::Done);
        }
        self.check_target(account, path, *length)?;
        let limit = self.number(parameter_names::MAX_OPEN_UPLOADS, 100);
        let open = self.uploads_of(account).filter(|(_, row)| row.transfer.is_none()).count();
        if open as u64 >= limit {
            return Err(Rejection::TooManyUploads { limit });
        }
        self.advance_clock(*now_ms);
        let row = PartialUpload {
            path: path.clone(),
            length: *length,
            sha256: *sha256,
            condition: *condition,
            created_ms: *now_ms,
            expires_ms: *expires_ms,
            parts: Vec::new(),
            transfer: None,
        };
        self.upload_expiries.insert((row.expires_ms, account.clone(), *id));
        self.uploads.insert(key, row);
        Ok(Outcome::Done)
    }

    pub(super) fn append_to_upload(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::AppendToUpload { account, id, offset, blob, length, sha256, holders, expires_ms, now_ms } =
            command
        else {
            unreachable!("dispatched by variant");
        };
        let row = self.upload(account, *id).ok_or(Rejection::NoSuchUpload { id: *id })?;
        if row.parts.last().is_some_and(|part| part.blob == *blob) {
            return Ok(Outcome::Done);
        }
        let here = row.offset();
        // Of two that send the same part, the second one.
        if here != *offset || row.transfer.is_some() {
            return Err(Rejection::UploadOffset { offset: here });
        }
        if *length == 0 || *length > row.length - here {
            return Err(Rejection::UploadLength { length: row.length });
        }
        if row.parts.len() >= UPLOAD_PARTS_MAX {
            return Err(Rejection::TooManyParts { limit: UPLOAD_PARTS_MAX as u64 });
        }
        if self.blobs.contains(blob) {
            return Err(Rejection::BlobTaken { blob: *blob });
        }
        let path = row.path.clone();
        let copies = self.check_holders(holders)?;
        self.check_target(account, &path, *length)?;
        self.advance_clock(*now_ms);
        self.blobs.insert(*blob, BlobRecord { length: *length, sha256: *sha256, holders: copies, references: 1 });
        *self.partial_bytes.entry(account.clone()).or_default() += length;
        let part = UploadPart { blob: *blob, length: *length };
        let moved = self.uploads.update(&(account.clone(), *id), |row| {
            row.parts.push(part);
            std::mem::replace(&mut row.expires_ms, *expires_ms)
        });
        if let Some(former_ms) = moved {
            self.upload_expiries.remove(&(former_ms, account.clone(), *id));
            self.upload_expiries.insert((*expires_ms, account.clone(), *id));
        }
        Ok(Outcome::Done)
    }

    /// All has come: the file appears and the parts go, in one.
    pub(super) fn finish_upload(
        &mut self,
        account: &AccountName,
        id: UploadId,
        file: &EncodedCommand,
    ) -> Result<Outcome, Rejection> {
        let command = file.decode().ok_or(Rejection::NestedCommand)?;
        let Command::FileStored { account: owner, path, blob, length, .. } = &command else {
            return Err(Rejection::NestedCommand);
        };
        let row = self.upload(account, id).ok_or(Rejection::NoSuchUpload { id })?;
        if let Some(transfer) = row.transfer {
            let event = self.transfers.get(&transfer).and_then(|row| row.event);
            return Ok(Outcome::FileStored { transfer, event, replaced: false });
        }
        if owner != account || *path != row.path || *length != row.length {
            return Err(Rejection::NestedCommand);
        }
        if row.offset() < row.length {
            return Err(Rejection::UploadOffset { offset: row.offset() });
        }
        let (wanted, condition) = (row.sha256, row.condition);
        let (parts, freed_bytes) = (row.parts.clone(), row.parts_bytes());
        // A file that came in one part is that part: its bytes need not be written again.
        let is_part = matches!(parts.as_slice(), [part] if part.blob == *blob);
        let command = self.with_contents_of_part(command, is_part, condition);
        if let Command::FileStored { sha256, .. } = &command
            && wanted.is_some_and(|wanted| wanted != *sha256)
        {
            return Err(Rejection::UploadChecksum { actual: *sha256 });
        }
        let target = self.check_file(&command, freed_bytes, is_part)?;
        self.drop_parts(account, &parts);
        let outcome = self.record_file(&command, target);
        if let Outcome::FileStored { transfer, .. } = &outcome {
            self.uploads.update(&(account.clone(), id), |row| {
                row.parts.clear();
                row.transfer = Some(*transfer);
            });
        }
        self.forget_finished_uploads(account);
        Ok(outcome)
    }

    /// What the state knows better than whoever proposes: the condition, and of a part who holds it and what it is.
    fn with_contents_of_part(
        &self,
        mut command: Command,
        is_part: bool,
        wanted: crate::command::PutCondition,
    ) -> Command {
        if let Command::FileStored { blob, sha256, holders, condition, .. } = &mut command {
            *condition = wanted;
            if is_part && let Some(row) = self.blobs.get(blob) {
                holders.clone_from(&row.holders);
                *sha256 = row.sha256;
            }
        }
        command
    }

    pub(super) fn cancel_upload(&mut self, account: &AccountName, id: UploadId) -> Result<Outcome, Rejection> {
        if !self.uploads.contains(&(account.clone(), id)) {
            return Err(Rejection::NoSuchUpload { id });
        }
        self.drop_upload(account, id);
        Ok(Outcome::Done)
    }

    pub(super) fn expire_uploads(&mut self) {
        let clock_ms = self.header.clock_ms;
        let due = self.upload_expiries.iter().take_while(|(at_ms, ..)| *at_ms <= clock_ms).take(EXPIRED_MAX);
        let due: Vec<_> = due.map(|(_, account, id)| (account.clone(), *id)).collect();
        for (account, id) in due {
            self.drop_upload(&account, id);
        }
    }

    pub(super) fn drop_uploads_of(&mut self, account: &AccountName) {
        let own: Vec<UploadId> = self.uploads_of(account).map(|(id, _)| id).collect();
        for id in own {
            self.drop_upload(account, id);
        }
    }

    fn forget_finished_uploads(&mut self, account: &AccountName) {
        let finished = self.uploads_of(account).filter(|(_, row)| row.transfer.is_some());
        let finished: Vec<UploadId> = finished.map(|(id, _)| id).collect();
        for oldest in finished.iter().take(finished.len().saturating_sub(FINISHED_UPLOADS_MAX)) {
            self.drop_upload(account, *oldest);
        }
    }

    fn drop_upload(&mut self, account: &AccountName, id: UploadId) {
        let Some(row) = self.uploads.remove(&(account.clone(), id)) else { return };
        self.upload_expiries.remove(&(row.expires_ms, account.clone(), id));
        self.drop_parts(account, &row.parts);
    }

    fn drop_parts(&mut self, account: &AccountName, parts: &[UploadPart]) {
        for part in parts {
            self.release_blob(part.blob);
        }
        let freed_bytes: u64 = parts.iter().map(|part| part.length).sum();
        let left = self.partial_bytes(account) - freed_bytes;
        if left == 0 {
            self.partial_bytes.remove(account);
        } else {
            self.partial_bytes.insert(account.clone(), left);
        }
    }
}
