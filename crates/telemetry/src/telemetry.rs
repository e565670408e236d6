//! The export as a whole: started, counted, ended.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::trace::{RandomIdGenerator, Sampler};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::counters::{Counters, Counts};
use crate::export::{ExportConfig, Limits, Otlp, Sink, StartError, run};
use crate::tracer::{Shared, Tracer};

/// Traces of a process. One that is off has a tracer that does nothing.
#[derive(Debug, Default)]
pub struct Telemetry {
    tracer: Tracer,
    counters: Arc<Counters>,
    stop: CancellationToken,
    export: Option<JoinHandle<()>>,
}

impl Telemetry {
    pub fn off() -> Self {
        Self::default()
    }

    /// Exports on `runtime` until [`Telemetry::stop`]. Nothing is sent before there is a span.
    pub fn start(config: &ExportConfig, runtime: &Handle) -> Result<Self, StartError> {
        Ok(Self::with_sink(Otlp::new(config)?, config, Limits::default(), runtime))
    }

    fn with_sink(sink: impl Sink, config: &ExportConfig, limits: Limits, runtime: &Handle) -> Self {
        let (counters, stop) = (Arc::new(Counters::default()), CancellationToken::new());
        let (sender, queue) = mpsc::channel(limits.queue);
        let export = runtime.spawn(run(sink, queue, limits, Arc::clone(&counters), stop.clone()));
        let tracer = Tracer::on(Shared {
            node: config.node,
            sampler: Sampler::TraceIdRatioBased(config.sample_ratio),
            scope: InstrumentationScope::builder("flotilla").with_version(config.software_version).build(),
            ids: RandomIdGenerator::default(),
            queue: sender,
            counters: Arc::clone(&counters),
        });
        Self { tracer, counters, stop, export: Some(export) }
    }

    pub fn tracer(&self) -> Tracer {
        self.tracer.clone()
    }

    /// Reads the counts, now or later.
    pub fn counts(&self) -> impl Fn() -> Counts + Send + Sync + 'static {
        let counters = Arc::clone(&self.counters);
        move || counters.counts()
    }

    /// Exports what waits, and ends. Spans that end later are lost. The caller bounds the time.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Some(export) = self.export
            && let Err(error) = export.await
        {
            tracing::warn!(%error, "the export of traces did not end in order");
        }
    }
}

#[cfg(test)]
mod tests;
