//! The W3C `traceparent` header of a client: the span of theirs that an upload belongs to.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// `version-trace-parent-flags` of version 0 has 55 characters; a later version may have more, not kilobytes.
const LENGTH_MAX: usize = 256;

struct Header<'a>(&'a str);

impl Extractor for Header<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// What the header names; nothing when it is not well-formed, as the standard asks.
pub(crate) fn parse(header: &str) -> Option<SpanContext> {
    if header.len() > LENGTH_MAX {
        return None;
    }
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Header(header));
    let named = context.span().span_context().clone();
    named.is_valid().then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_headers_are_read_and_others_ignored() {
        let named = parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap();
        assert_eq!(named.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(named.span_id().to_string(), "b7ad6b7169203331");
        assert!(named.is_sampled() && named.is_remote());
        for header in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            &"0".repeat(10_000),
        ] {
            assert!(parse(header).is_none(), "{header}");
        }
    }
}
