//! Server-sent events (WHATWG HTML, "server-sent events"), as followers get them.

use flotilla_model::{EventId, JournalEntry, KindName};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::problem::Problem;
use crate::request::time::rfc3339;

/// How soon a client that was cut off comes back.
const RECONNECT_MS: u64 = 1000;

#[derive(Serialize)]
struct Event<'a> {
    id: EventId,
    kind: &'a KindName,
    published_at: String,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Lost {
    after: EventId,
    continues_from: EventId,
}

/// The first frame: sets the client's position, and shows it nothing.
pub(crate) fn begin(position: EventId) -> Vec<u8> {
    format!("retry: {RECONNECT_MS}\nid: {position}\n\n").into_bytes()
}

/// A comment keeps the connection; the position of a client for which there was nothing moves with the journal.
pub(crate) fn heartbeat(position: EventId) -> Vec<u8> {
    format!(": heartbeat\nid: {position}\n\n").into_bytes()
}

pub(crate) fn event(entry: &JournalEntry, data: &[u8], out: &mut Vec<u8>) {
    let published_at = rfc3339(entry.published_ms);
    let event = Event { id: entry.id, kind: &entry.kind, published_at, data: raw(data) };
    frame(None, entry.id, &event, out);
}

/// The events between are not kept any more, or not all of them.
pub(crate) fn lost(after: EventId, lost: EventId, out: &mut Vec<u8>) {
    frame(Some("lost"), lost, &Lost { after, continues_from: EventId(lost.0 + 1) }, out);
}

/// The last frame of a stream that the server ends for a reason.
pub(crate) fn error(problem: &Problem) -> Vec<u8> {
    let mut out = b"event: error\ndata: ".to_vec();
    problem.write_short(&mut out);
    out.extend_from_slice(b"\n\n");
    out
}

fn frame(name: Option<&str>, id: EventId, data: &impl Serialize, out: &mut Vec<u8>) {
    if let Some(name) = name {
        out.extend_from_slice(format!("event: {name}\n").as_bytes());
    }
    out.extend_from_slice(format!("id: {id}\ndata: ").as_bytes());
    let start = out.len();
    // What goes in was read from JSON, so it serialises.
    let _ = serde_json::to_writer(&mut *out, data);
    // An end of a line can only be between the parts of JSON, where it means what a space means.
    out[start..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    out.extend_from_slice(b"\n\n");
}

/// The data of an event. What is no JSON did not come through a gateway; it is told as null.
pub(crate) fn raw(data: &[u8]) -> &RawValue {
    serde_json::from_slice(data).unwrap_or(RawValue::NULL)
}

#[cfg(test)]
mod tests {
    use flotilla_model::{AccountName, Payload};

    use super::*;

    fn entry(data: &[u8]) -> JournalEntry {
        JournalEntry {
            id: EventId(7),
            kind: KindName::parse("order.created").unwrap(),
            account: AccountName::parse("ann").unwrap(),
            data: Payload::new(data),
            published_ms: 1_769_842_801_500,
            ended: None,
        }
    }

    #[test]
    fn a_frame_is_one_line_of_data() {
        for (data, expected) in [
            (&b"{\"a\": \"\xc3\xa4\"}"[..], r#"{"a": "ä"}"#),
            (b"[1,\r\n 2]", "[1,   2]"),
            (b"\xff", "null"),
            (b"not JSON", "null"),
        ] {
            let mut out = Vec::new();
            event(&entry(data), data, &mut out);
            let start = r#"{"id":7,"kind":"order.created","published_at":"2026-01-31T07:00:01.5Z","data":"#;
            assert_eq!(String::from_utf8(out).unwrap(), format!("id: 7\ndata: {start}{expected}}}\n\n"));
        }
    }

    #[test]
    fn what_was_lost_is_told() {
        let mut out = Vec::new();
        lost(EventId(3), EventId(9), &mut out);
        let expected = "event: lost\nid: 9\ndata: {\"after\":3,\"continues_from\":10}\n\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
