//! The bytes of a file to the disks, then the file into the name space.

use bytes::Bytes;
use flotilla_files::{StoredBlob, UploadError, UploadRequest};
use flotilla_model::{Command, Outcome, Sha256};
use futures::Stream;

use crate::context::Context;
use crate::intake::target::over_quota;
use crate::intake::{Arrival, Copies, Room, record};
use crate::problem::Problem;

/// What is known of a file before its bytes come.
pub(crate) struct NewFile {
    pub(crate) length: Option<u64>,
    pub(crate) sha256: Option<Sha256>,
    pub(crate) room: Room,
    pub(crate) copies: Copies,
}

/// `command` makes of the `FileStored` what is proposed.
pub(crate) async fn store<S, E>(
    context: &Context,
    file: &NewFile,
    arrival: &mut Arrival,
    bytes: S,
    command: impl Fn(Command) -> Command,
) -> Result<(StoredBlob, Outcome), Problem>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let blob = arrival.blob;
    let request = UploadRequest {
        blob,
        length: file.length,
        sha256: file.sha256,
        limit_bytes: file.room.bytes,
        replicas: file.copies.replicas,
        candidates: file.copies.rotated(blob),
    };
    let storing = arrival.span.store();
    let stored = context.files.upload(request, bytes).await;
    storing.end_with(&stored);
    let mut stored = stored.map_err(|error| match error {
        UploadError::TooLarge { limit_bytes } if file.room.is_quota => over_quota(limit_bytes),
        error => error.into(),
    })?;
    arrival.span.stored(stored.length, &stored.nodes);
    let committing = arrival.span.commit();
    let outcome = record(context, blob, &mut stored, |stored| command(arrival.file_stored(context, stored))).await;
    committing.end_with(&outcome);
    Ok((stored, outcome?))
}
