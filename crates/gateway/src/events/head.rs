//! What the heads of requests for events have in common.

use actix_web::http::header;

use crate::codes;
use crate::problem::Problem;
use crate::request::head::{Head, text};

/// Refuses a body that is said to be something else, or that is packed.
pub(crate) fn check_media_type(head: Head<'_>, expected: &str) -> Result<(), Problem> {
    let refused = |detail: String, field| Err(Problem::new(&codes::MEDIA_TYPE_UNSUPPORTED, detail).field(field));
    let found = text(head.headers, header::CONTENT_TYPE.as_str())?.unwrap_or_default();
    let essence = found.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case(expected) {
        return refused(format!("{essence:.80?} is not taken here: send {expected}"), "content-type");
    }
    match text(head.headers, header::CONTENT_ENCODING.as_str())? {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            refused(format!("the encoding {encoding:.80} is not taken: send plain text"), "content-encoding")
        }
        _ => Ok(()),
    }
}

/// The trace id of `traceparent` (W3C Trace Context). A malformed one is as none, as the standard says.
pub(crate) fn trace_id(head: Head<'_>) -> Option<u128> {
    parse_trace_parent(head.headers.get("traceparent")?.to_str().ok()?)
}

fn parse_trace_parent(value: &str) -> Option<u128> {
    let mut parts = value.trim().split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    // Later versions may add parts; version ff is forbidden.
    let is_version = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let is_valid = is_version && is_hex(trace, 32) && is_hex(parent, 16) && is_hex(flags, 2);
    let is_parent = parent.bytes().any(|byte| byte != b'0');
    u128::from_str_radix(trace, 16).ok().filter(|id| is_valid && is_parent && *id != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_parents() {
        let trace = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
        for (value, id) in [
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(trace)),
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", Some(trace)),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", None),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None),
            ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", None),
            ("", None),
        ] {
            assert_eq!(parse_trace_parent(value), id, "{value}");
        }
    }
}
