//! An upload: the bytes to the disks, then the command that makes the file appear.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use flotilla_model::{BlobId, NodeId};
use opentelemetry::trace::SpanKind;
use opentelemetry::{Array, Value};

use super::Span;
use crate::trace::Trace;
use crate::traceparent;
use crate::tracer::Tracer;

/// What is known of an upload when it begins.
#[derive(Clone, Copy, Debug)]
pub struct Upload<'a> {
    pub blob: BlobId,
    pub account: &'a str,
    pub path: &'a str,
    /// As in the transfer log.
    pub protocol: &'static str,
    pub client: Option<SocketAddr>,
    /// The client's W3C header: becomes a link to their trace.
    pub traceparent: Option<&'a str>,
    /// When the request came, Unix time.
    pub started_ms: u64,
}

/// An upload under way.
#[derive(Debug)]
pub struct UploadSpan(Span);

impl UploadSpan {
    pub(crate) fn begin(tracer: &Tracer, upload: &Upload<'_>) -> Self {
        let trace = Trace::of_file(upload.blob);
        let Some(shared) = tracer.sampled(trace) else { return Self(Span(None)) };
        let started = UNIX_EPOCH + Duration::from_millis(upload.started_ms);
        let mut span = Span::root(shared, trace, "upload", SpanKind::Server, started);
        span.set("flotilla.account", upload.account.to_owned());
        span.set("flotilla.protocol", upload.protocol);
        span.set("file.path", upload.path.to_owned());
        if let Some(client) = upload.client {
            span.set("client.address", client.ip().to_string());
            span.set("client.port", i64::from(client.port()));
        }
        span.link(upload.traceparent.and_then(traceparent::parse));
        Self(span)
    }

    /// The bytes go to the disks of this node and of others.
    pub fn store(&self) -> Span {
        self.0.child("store")
    }

    /// They are there.
    pub fn stored(&mut self, bytes: u64, nodes: &[NodeId]) {
        if self.0.0.is_some() {
            self.0.set("file.size", bytes as i64);
            self.0.set("flotilla.replicas", Value::Array(Array::I64(nodes.iter().map(|node| node.0 as i64).collect())));
        }
    }

    /// The command that makes the file appear goes into the log.
    pub fn commit(&self) -> Span {
        self.0.child("commit")
    }

    /// The client gets its answer.
    pub fn end_with<T, E: fmt::Display>(self, result: &Result<T, E>) {
        self.0.end_with(result);
    }
}
