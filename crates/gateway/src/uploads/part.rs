//! One part of an upload: its bytes to the disks, then its row. With the last byte the file is made.
//!
//! It runs as a task of its own: when the client goes away, what came is stored nevertheless.

use std::sync::Arc;

use actix_web::web::Payload;
use flotilla_files::UploadRequest;
use flotilla_model::{AccountName, BlobId, Command, PartialUpload, Sha256, State, UploadId};

use crate::codes;
use crate::context::{Context, now_ms};
use crate::intake::{Copies, Room, Source, record, slot};
use crate::metrics::add;
use crate::problem::Problem;
use crate::request::body::Body;
use crate::uploads::finish::finish;
use crate::uploads::kept::Kept;

pub(super) struct Part {
    pub(super) context: Arc<Context>,
    pub(super) source: Source,
    pub(super) account: AccountName,
    pub(super) id: UploadId,
    pub(super) upload: PartialUpload,
    pub(super) state: State,
    /// As the head of the request says.
    pub(super) length: Option<u64>,
    pub(super) sha256: Option<Sha256>,
}

/// Where an upload stands.
pub(super) struct Progress {
    pub(super) offset: u64,
    pub(super) expires_ms: u64,
}

impl Part {
    /// Refuses what can be refused before the body is read.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let (offset, length) = (self.upload.offset(), self.upload.length);
        if self.length.is_some_and(|part| part > length - offset) {
            let detail = format!("{} bytes are missing of the {length}", length - offset);
            return Err(Problem::new(&codes::UPLOAD_LENGTH, detail).field("content-length"));
        }
        if offset < length {
            self.state.check_target(&self.account, &self.upload.path, self.length.unwrap_or(0))?;
        }
        Ok(())
    }

    pub(super) async fn take(self, payload: Payload) -> Result<Progress, Problem> {
        let task = actix_web::rt::spawn(self.taken(payload));
        task.await.unwrap_or_else(|error| Err(Problem::new(&codes::INTERNAL, error)))
    }

    async fn taken(self, payload: Payload) -> Result<Progress, Problem> {
        let mut progress = Progress { offset: self.upload.offset(), expires_ms: self.upload.expires_ms };
        let slot = slot(&self.context, &self.state)?;
        if progress.offset < self.upload.length && self.length != Some(0) {
            self.store(payload, &mut progress).await?;
        }
        if progress.offset == self.upload.length {
            finish(&self.context, &self.source, &self.account, self.id).await?;
        }
        drop(slot);
        Ok(progress)
    }

    async fn store(&self, payload: Payload, progress: &mut Progress) -> Result<(), Problem> {
        let context = &*self.context;
        let (blob, offset) = (BlobId(ulid::Ulid::new().0), progress.offset);
        let replaced_bytes = self.state.file(&self.account, &self.upload.path).map_or(0, |file| file.length);
        let room = Room::check(context, &self.state, &self.account, None, replaced_bytes)?;
        let rest = self.upload.length - offset;
        let copies = Copies::plan(&self.state, context.node)?;
        let request = UploadRequest {
            blob,
            // It may end earlier.
            length: None,
            sha256: self.sha256,
            limit_bytes: rest.min(room.bytes),
            replicas: copies.replicas,
            candidates: copies.rotated(blob),
        };
        let config = &context.config;
        let body = Body::new(payload, context.metrics.clone(), config.body_timeout, config.body_progress_bytes);
        let (body, broken) = Kept::new(body, self.sha256.is_none());
        let mut stored = context.files.upload(request, body).await.map_err(|error| match error {
            flotilla_files::UploadError::TooLarge { .. } if rest <= room.bytes => {
                Problem::new(&codes::UPLOAD_LENGTH, format!("{rest} bytes were missing of the {}", self.upload.length))
            }
            flotilla_files::UploadError::TooLarge { limit_bytes } => {
                Problem::new(&codes::QUOTA_EXCEEDED, format!("the account has room for {limit_bytes} bytes more"))
            }
            error => error.into(),
        })?;
        if stored.length == 0 {
            // A body of no bytes, whose length was not announced.
            if let Err(error) = context.files.remove(blob, &stored.nodes).await {
                tracing::debug!(%blob, %error, "contents of no bytes are left to the sweep");
            }
            return Ok(());
        }
        let lifetime_ms = context.parameters(&self.state).files_upload_lifetime().as_millis() as u64;
        let appended_ms = now_ms();
        let expires_ms = appended_ms.saturating_add(lifetime_ms);
        record(context, blob, &mut stored, |stored| Command::AppendToUpload {
            account: self.account.clone(),
            id: self.id,
            offset,
            blob,
            length: stored.length,
            sha256: stored.sha256,
            holders: stored.nodes.clone(),
            expires_ms,
            now_ms: appended_ms,
        })
        .await?;
        add(&context.metrics.upload_parts, 1);
        *progress = Progress { offset: offset + stored.length, expires_ms };
        if broken.is_broken() {
            add(&context.metrics.upload_parts_interrupted, 1);
            if progress.offset < self.upload.length {
                let detail = format!("{} bytes of the part came", stored.length);
                return Err(Problem::new(&codes::UPLOAD_INTERRUPTED, detail));
            }
        }
        Ok(())
    }
}
