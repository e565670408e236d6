//! The way of spans out of the process.

mod batches;
mod otlp;

use flotilla_model::NodeId;

pub(crate) use batches::{Limits, run};
pub(crate) use otlp::Otlp;

/// Where spans go and what they say of this process.
#[derive(Clone, Debug)]
pub struct ExportConfig {
    /// The base URL of an OTLP receiver, without a trailing slash.
    pub endpoint: String,
    /// The share of traces, from 0 to 1.
    pub sample_ratio: f64,
    pub service_name: String,
    pub software_version: &'static str,
    pub node: NodeId,
    pub node_name: String,
    pub cluster_id: u128,
}

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the HTTP client for traces cannot be made")]
    Client(#[source] reqwest::Error),
    #[error("the export of traces cannot be set up: see telemetry.otlp_endpoint and the OTEL_EXPORTER_OTLP_ variables")]
    Exporter(#[source] opentelemetry_otlp::ExporterBuildError),
}

/// Takes batches of spans.
pub(crate) trait Sink: Send + 'static {
    /// Answers when the receiver has them, or why it has not. Takes a bounded time.
    fn take(&self, batch: Vec<opentelemetry_sdk::trace::SpanData>) -> impl Future<Output = Result<(), String>> + Send;
}
