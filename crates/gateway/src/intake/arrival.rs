//! A file on its way in: its contents' name, and its trace.

use flotilla_files::StoredBlob;
use flotilla_model::{AccountName, BlobId, Command, FilePath, Protocol, PutCondition};
use flotilla_telemetry::{Upload, UploadSpan};

use crate::context::{Context, now_ms};
use crate::intake::Source;

pub(crate) struct Arrival {
    pub(crate) blob: BlobId,
    pub(crate) span: UploadSpan,
    account: AccountName,
    path: FilePath,
    condition: PutCondition,
    remote: String,
    started_ms: u64,
}

impl Arrival {
    /// `blob`: contents that are here already; else they get a name.
    pub(crate) fn new(
        context: &Context,
        source: &Source,
        (account, path): (&AccountName, &FilePath),
        condition: PutCondition,
        started_ms: u64,
        blob: Option<BlobId>,
    ) -> Self {
        let blob = blob.unwrap_or_else(|| BlobId(ulid::Ulid::new().0));
        let span = context.tracer.upload(&Upload {
            blob,
            account: account.as_str(),
            path: path.as_str(),
            protocol: "https",
            client: source.peer,
            traceparent: source.traceparent(),
            started_ms,
        });
        let (account, path) = (account.clone(), path.clone());
        Self { blob, span, account, path, condition, remote: source.remote(), started_ms }
    }

    /// The command that makes the file appear.
    pub(crate) fn file_stored(&self, context: &Context, stored: &StoredBlob) -> Command {
        Command::FileStored {
            account: self.account.clone(),
            path: self.path.clone(),
            blob: self.blob,
            length: stored.length,
            sha256: stored.sha256,
            holders: stored.nodes.clone(),
            node: context.node,
            protocol: Protocol::Https,
            remote: self.remote.clone(),
            condition: self.condition,
            started_ms: self.started_ms,
            now_ms: now_ms(),
        }
    }
}
