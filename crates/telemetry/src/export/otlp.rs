//! OTLP over HTTP with protobuf, by the OpenTelemetry project's exporter over the workspace's HTTP client.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use parking_lot::Mutex;

use super::{ExportConfig, Sink, StartError};

/// A receiver is near; one that cannot even be reached in this time is away.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// One request. A batch is a few hundred kilobytes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// A batch with its retries; the queue has to hold what is made in the meantime.
const BATCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The exporter, and why it failed last.
#[derive(Debug)]
pub(crate) struct Otlp {
    exporter: SpanExporter,
    failure: Arc<Mutex<Option<String>>>,
}

impl Otlp {
    pub(crate) fn new(config: &ExportConfig) -> Result<Self, StartError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(StartError::Client)?;
        let failure = Arc::new(Mutex::new(None));
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Told { client, failure: Arc::clone(&failure) })
            .with_endpoint(format!("{}/v1/traces", config.endpoint))
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(BATCH_TIMEOUT)
            .build()
            .map_err(StartError::Exporter)?;
        exporter.set_resource(&resource(config));
        Ok(Self { exporter, failure })
    }
}

impl Sink for Otlp {
    async fn take(&self, batch: Vec<SpanData>) -> Result<(), String> {
        let exported = self.exporter.export(batch).await;
        let cause = self.failure.lock().take();
        exported.map_err(|error| match cause {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })
    }
}

/// What all spans of this process have in common.
fn resource(config: &ExportConfig) -> Resource {
    Resource::builder()
        .with_service_name(config.service_name.clone())
        .with_attributes([
            KeyValue::new("service.version", config.software_version),
            KeyValue::new("service.instance.id", format!("{:032x}-{}", config.cluster_id, config.node)),
            KeyValue::new("host.name", config.node_name.clone()),
            KeyValue::new("flotilla.cluster", format!("{:032x}", config.cluster_id)),
        ])
        .build()
}

/// The client, which keeps the cause of a failure: the exporter's own error says only that there was one.
#[derive(Debug)]
struct Told {
    client: reqwest::Client,
    failure: Arc<Mutex<Option<String>>>,
}

#[async_trait]
impl HttpClient for Told {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.client.send_bytes(request).await;
        *self.failure.lock() = answer.as_ref().err().map(|error| innermost(&**error));
        answer
    }
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use flotilla_model::NodeId;

    use super::*;

    #[tokio::test]
    async fn a_failure_has_its_cause() {
        // Set by another test of the process, perhaps.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = ExportConfig {
            endpoint: format!("http://127.0.0.1:{port}"),
            sample_ratio: 1.0,
            service_name: "flotilla".to_owned(),
            software_version: "0.0.0",
            node: NodeId(1),
            node_name: "node-1".to_owned(),
            cluster_id: 7,
        };
        let reason = Otlp::new(&config).unwrap().take(Vec::new()).await.unwrap_err();
        assert!(reason.contains("refused"), "{reason}");
    }
}
