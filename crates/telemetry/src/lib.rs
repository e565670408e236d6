//! Traces that follow a file through the cluster: from the upload on one node to the last step on another, under one id.
//!
//! Every node works out the same ids from what the replicated state says anyway ([`Trace`]), so nothing about traces is
//! sent between nodes and the model knows nothing of them. Spans are made by the [`Tracer`]'s named methods, wait in a
//! bounded queue and are exported in batches by OTLP over HTTP. When a receiver is slow or away spans are lost and counted;
//! the work that they tell of is never held up. Without an endpoint a tracer does nothing.
//!
//! Beside that, the last lines of the node's log ([`RecentLines`]).

mod counters;
mod export;
mod recent;
mod span;
mod telemetry;
mod trace;
mod traceparent;
mod tracer;

pub use counters::Counts;
pub use export::{ExportConfig, StartError};
pub use recent::{LogLine, RecentLines, Selection, Span as LogSpan};
pub use span::{EventRun, EventSpan, Publish, RunEnd, Span, StepEnd, StepSpan, Upload, UploadSpan};
pub use telemetry::Telemetry;
pub use trace::Trace;
pub use tracer::Tracer;
