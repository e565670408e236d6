//! The ids of traces, worked out from the replicated state: every node comes to the same ones without a message.

use std::fmt;

use flotilla_model::{BlobId, EventId};
use opentelemetry::{SpanId, TraceId};
use ring::digest::{Context, SHA256};

/// These texts keep the derivations apart; a change would part the spans of one file on nodes of two versions.
const EVENT_CONTEXT: &[u8] = b"flotilla trace of an event 1";
const ROOT_CONTEXT: &[u8] = b"flotilla root span of a trace 1";

/// What has a trace. Its ids are worked out when they are asked for: where nobody traces, nobody pays for hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trace(Subject);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    File(BlobId),
    Event { cluster_id: u128, event: EventId },
    Given(u128),
}

impl Trace {
    /// Of a file: the id of its contents, drawn by the node that takes the upload.
    pub fn of_file(blob: BlobId) -> Self {
        Self(Subject::File(blob))
    }

    /// Of an event that an application has published. The cluster's id keeps those of two clusters apart.
    pub fn of_event(cluster_id: u128, event: EventId) -> Self {
        Self(Subject::Event { cluster_id, event })
    }

    /// The one that a publisher has named.
    pub fn given(id: u128) -> Self {
        Self(Subject::Given(id))
    }

    pub(crate) fn id(self) -> TraceId {
        match self.0 {
            Subject::File(blob) => TraceId::from(blob.0),
            Subject::Given(id) => TraceId::from(id),
            Subject::Event { cluster_id, event } => {
                let digest = digest(EVENT_CONTEXT, &[&cluster_id.to_be_bytes(), &event.0.to_be_bytes()]);
                let mut id = [0; 16];
                id.copy_from_slice(&digest[..16]);
                TraceId::from_bytes(id)
            }
        }
    }

    /// The id of the first span, which all others have for an ancestor.
    pub(crate) fn root(self) -> SpanId {
        let digest = digest(ROOT_CONTEXT, &[&self.id().to_bytes()]);
        let mut root = [0; 8];
        root.copy_from_slice(&digest[..8]);
        SpanId::from_bytes(root)
    }
}

/// The id in 32 hexadecimal digits, as receivers of traces show it.
impl fmt::Display for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(formatter)
    }
}

fn digest(context: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Context::new(&SHA256);
    hasher.update(context);
    parts.iter().for_each(|part| hasher.update(part));
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hasher.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: BlobId = BlobId(0x0192_f3a4_b5c6_d7e8_f900_1122_3344_5566);

    #[test]
    fn the_trace_of_a_file_has_the_id_of_its_contents() {
        assert_eq!(Trace::of_file(BLOB).to_string(), "0192f3a4b5c6d7e8f900112233445566");
    }

    /// Nodes of different versions work in one cluster: what is derived here never changes.
    #[test]
    fn derived_ids_stay() {
        assert_eq!(Trace::of_file(BLOB).root().to_string(), "1ffae447f45633d1");
        let event = Trace::of_event(7, EventId(42));
        assert_eq!(event.to_string(), "196436e28d11aa808eed7554fbf943f8");
        assert_eq!(event.root().to_string(), "04b4f6bb8c514647");
    }

    #[test]
    fn clusters_and_events_have_traces_of_their_own() {
        let ids = |cluster| (0..10).map(move |event| Trace::of_event(cluster, EventId(event)).id());
        let traces: std::collections::HashSet<_> = (0..10).flat_map(ids).collect();
        assert_eq!(traces.len(), 100);
    }
}
