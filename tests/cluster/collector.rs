//! A receiver of traces: OTLP over HTTP, decoded as the standard defines it.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use prost::Message;

/// A span, and what its process says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) span: Span,
    pub(crate) process: Vec<KeyValue>,
    /// The `authorization` header of the request.
    pub(crate) authorization: Option<String>,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Received>>>);

pub(crate) struct Collector {
    pub(crate) endpoint: String,
    kept: Kept,
    server: ServerHandle,
}

impl Collector {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let kept = Kept::default();
        let data = web::Data::new(kept.clone());
        let app = move || App::new().app_data(data.clone()).route("/v1/traces", web::post().to(take));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        // Ends with the collector.
        tokio::spawn(server);
        Ok(Self { endpoint, kept, server: handle })
    }

    /// All spans of a trace, given in hexadecimal digits.
    pub(crate) fn trace(&self, id: &str) -> Vec<Received> {
        self.kept.0.lock().iter().filter(|received| hex(&received.span.trace_id) == id).cloned().collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        // It is told at once; nobody waits for it.
        drop(self.server.stop(false));
    }
}

async fn take(kept: web::Data<Kept>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("content-type") != Some("application/x-protobuf") {
        return HttpResponse::UnsupportedMediaType().finish();
    }
    let Ok(export) = ExportTraceServiceRequest::decode(body) else { return HttpResponse::BadRequest().finish() };
    let authorization = header("authorization").map(str::to_owned);
    let mut kept = kept.0.lock();
    for of_process in export.resource_spans {
        let process = of_process.resource.map(|resource| resource.attributes).unwrap_or_default();
        for span in of_process.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            kept.push(Received { span, process: process.clone(), authorization: authorization.clone() });
        }
    }
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    HttpResponse::Ok().content_type("application/x-protobuf").body(answer)
}

impl Received {
    pub(crate) fn id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// Empty for the first span.
    pub(crate) fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    pub(crate) fn number(&self, key: &str) -> Option<i64> {
        match value(&self.span.attributes, key)? {
            Value::IntValue(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        text(&self.span.attributes, key)
    }

    pub(crate) fn process_text(&self, key: &str) -> Option<&str> {
        text(&self.process, key)
    }
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match value(attributes, key)? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    let Some(AnyValue { value: Some(value) }) = &found.value else { return None };
    Some(value)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
