//! All parts are here: the file is made of them.
//!
//! A file that came in one part is that part. Else the parts, from whichever nodes hold them, are written anew as one content, by the
//! road of every upload. When a node dies in the middle of it nothing is lost: whoever asks for the upload next has it done again.

use bytes::Bytes;
use flotilla_files::{BlobDigest, ByteRange, Files, ReadRequest, StoredBlob, StreamError};
use flotilla_model::{AccountName, Command, EncodedCommand, PartialUpload, Rejection, State, UploadId};
use futures::{Stream, StreamExt, TryStreamExt, stream};

use crate::codes;
use crate::commit::{CommitError, Repeat, commit};
use crate::context::Context;
use crate::intake::{Arrival, Copies, NewFile, Room, Source, store};
use crate::metrics::add;
use crate::pressure;
use crate::problem::Problem;
use crate::uploads::found::find;

/// Lets the file appear, if it has not yet.
pub(super) async fn finish(
    context: &Context,
    source: &Source,
    account: &AccountName,
    id: UploadId,
) -> Result<(), Problem> {
    let (upload, state) = find(context, account, id).await?;
    if upload.transfer.is_some() {
        return Ok(());
    }
    pressure::check_upload(&state, account)?;
    let _finishing = Finishing::enter(context, id)
        .ok_or_else(|| Problem::new(&codes::UPLOAD_BUSY, "this node is at it").retry_after_s(1))?;
    let wrap =
        |command: Command| Command::FinishUpload { account: account.clone(), id, file: EncodedCommand::new(&command) };
    let whole = Whole { context, source, account, upload: &upload, state: &state };
    let result = match whole.of_one_part(wrap).await {
        Some(result) => result,
        None => whole.of_all_parts(wrap).await,
    };
    match result {
        Ok(()) => add(&context.metrics.uploads_resumable, 1),
        Err(problem) => {
            if problem.is_of(&codes::DIGEST_MISMATCH) {
                // No further byte would make it right.
                let cancel = Command::CancelUpload { account: account.clone(), id };
                let _ = commit(context, cancel, Repeat::Harmless).await;
            }
            return Err(problem);
        }
    }
    Ok(())
}

struct Whole<'a> {
    context: &'a Context,
    source: &'a Source,
    account: &'a AccountName,
    upload: &'a PartialUpload,
    state: &'a State,
}

impl Whole<'_> {
    fn arrival(&self, blob: Option<flotilla_model::BlobId>) -> Arrival {
        let target = (self.account, &self.upload.path);
        Arrival::new(self.context, self.source, target, self.upload.condition, self.upload.created_ms, blob)
    }

    /// `None`: it came in several, or too few nodes hold it by now.
    async fn of_one_part(&self, wrap: impl Fn(Command) -> Command) -> Option<Result<(), Problem>> {
        let [part] = self.upload.parts.as_slice() else { return None };
        let row = self.state.blobs.get(&part.blob)?;
        let stored = StoredBlob { sha256: row.sha256, length: row.length, nodes: row.holders.clone() };
        let mut arrival = self.arrival(Some(part.blob));
        arrival.span.stored(stored.length, &stored.nodes);
        let committing = arrival.span.commit();
        let command = wrap(arrival.file_stored(self.context, &stored));
        let outcome = match commit(self.context, command, Repeat::Harmless).await {
            Err(CommitError::Rejected(Rejection::TooFewReplicas { .. })) => return None,
            other => other.map(drop).map_err(Problem::from),
        };
        committing.end_with(&outcome);
        arrival.span.end_with(&outcome);
        Some(outcome)
    }

    async fn of_all_parts(&self, wrap: impl Fn(Command) -> Command) -> Result<(), Problem> {
        let file = NewFile {
            length: Some(self.upload.length),
            sha256: self.upload.sha256,
            // Whether the quota has room for it is judged in the log, where its parts go at the same moment.
            room: Room { bytes: self.upload.length, is_quota: false },
            copies: Copies::plan(self.state, self.context.node)?,
        };
        let mut arrival = self.arrival(None);
        let contents = contents(self.context.files.clone(), self.reads());
        let result = store(self.context, &file, &mut arrival, contents, wrap).await.map(drop);
        arrival.span.end_with(&result);
        result
    }

    /// The parts, in order, each with the nodes that hold it, those that run first.
    fn reads(&self) -> Vec<ReadRequest> {
        let is_down = |node: &flotilla_model::NodeId| !self.state.members.get(node).is_some_and(|row| row.is_up());
        let read = |part: &flotilla_model::UploadPart| {
            let row = self.state.blobs.get(&part.blob)?;
            let mut holders = row.holders.clone();
            holders.sort_by_key(is_down);
            let digest = BlobDigest { sha256: row.sha256, length: row.length };
            Some(ReadRequest { blob: part.blob, digest, range: ByteRange::ALL, holders })
        };
        self.upload.parts.iter().filter_map(read).collect()
    }
}

fn contents(files: Files, reads: Vec<ReadRequest>) -> impl Stream<Item = Result<Bytes, StreamError>> {
    stream::iter(reads)
        .then(move |read| {
            let files = files.clone();
            async move {
                let opened = files.read(read).await;
                opened.map(|part| part.chunks).map_err(|error| StreamError::Aborted(error.to_string()))
            }
        })
        .try_flatten()
        .boxed_local()
}

/// One at a time puts an upload together on one node; on two it is done twice and the second is too late.
struct Finishing<'a> {
    context: &'a Context,
    id: UploadId,
}

impl<'a> Finishing<'a> {
    fn enter(context: &'a Context, id: UploadId) -> Option<Self> {
        let is_new = context.finishing.lock().insert(id);
        is_new.then_some(Self { context, id })
    }
}

impl Drop for Finishing<'_> {
    fn drop(&mut self) {
        self.context.finishing.lock().remove(&self.id);
    }
}
