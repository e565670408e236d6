//! What the receivers of webhooks are sent about a file. Here, since a dry run shows the very text that the step sends.

use flotilla_model::{AccountName, EventKind, FileSubject};
use serde::Serialize;

/// The context under which the key of a webhook is sealed ([`flotilla_pki::Key::open`] with
/// [`flotilla_pki::Purpose::SealedValues`]); whoever runs the step opens it with the same.
pub const WEBHOOK_KEY_CONTEXT: &[u8] = b"flotilla v1 webhook key";

/// The body that receivers get.
#[derive(Serialize)]
struct Notice<'a> {
    event: u64,
    kind: &'a str,
    transfer: u64,
    account: &'a str,
    path: &'a str,
    size_bytes: u64,
    sha256: String,
    received_ms: u64,
}

/// The notice of a file that came in, in JSON.
pub fn webhook_notice(
    event: u64,
    account: &AccountName,
    file: &FileSubject,
    received_ms: u64,
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Notice {
        event,
        kind: EventKind::FILE_RECEIVED,
        transfer: file.transfer.0,
        account: account.as_str(),
        path: file.path.as_str(),
        size_bytes: file.length,
        sha256: file.sha256.to_string(),
        received_ms,
    })
}
