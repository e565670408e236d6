//! What spans cost the work that they tell of, in processor time: `cargo run --release -p flotilla-telemetry --example cost`.

use std::net::SocketAddr;

use flotilla_model::{BlobId, EventId, NodeId, WorkerId};
use flotilla_telemetry::{EventRun, ExportConfig, RunEnd, StepEnd, Telemetry, Trace, Tracer, Upload};
use tokio::runtime::Handle;

/// With five spans each fewer than the queue has room for.
const FILES_IN_QUEUE: u64 = 1600;
const FILES: u64 = 100_000;

/// An upload and a run with one step: five spans.
fn trace_one(tracer: &Tracer, number: u64) {
    let blob = BlobId(u128::from(number));
    let mut upload = tracer.upload(&Upload {
        blob,
        account: "alice",
        path: "in/some-file-name.txt",
        protocol: "https",
        client: Some(SocketAddr::from(([192, 0, 2, 1], 4711))),
        traceparent: None,
        started_ms: 1_700_000_000_000,
    });
    upload.store().end();
    upload.stored(1024, &[NodeId(1), NodeId(2)]);
    upload.commit().end();
    upload.end_with(&Ok::<_, String>(()));
    let run = tracer.event(&EventRun {
        trace: Trace::of_file(blob),
        event: EventId(number),
        kind: "file.received",
        account: "alice",
        origin: NodeId(1),
        worker: WorkerId(1),
        attempt: 1,
        wait: None,
    });
    run.step(0, "checksum").end(StepEnd::Succeeded);
    run.end(RunEnd::Done);
}

/// Processor time of this thread so far.
fn spent_ns() -> u64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    statistics.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

#[allow(clippy::print_stdout, reason = "the figures are its purpose")]
fn measure(what: &str, tracer: &Tracer, files: u64) {
    let before = spent_ns();
    (0..files).for_each(|number| trace_one(std::hint::black_box(tracer), number));
    println!("{what}: {} ns a file", (spent_ns() - before) / files);
}

/// One thread that never waits: nothing is exported meanwhile.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), flotilla_telemetry::StartError> {
    // Nobody else has set one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = |sample_ratio| ExportConfig {
        endpoint: "http://127.0.0.1:9".to_owned(),
        sample_ratio,
        service_name: "flotilla".to_owned(),
        software_version: "0",
        node: NodeId(1),
        node_name: "node-1".to_owned(),
        cluster_id: 7,
    };
    measure("off", &Tracer::off(), FILES);
    measure("not in the sample", &Telemetry::start(&config(0.0), &Handle::current())?.tracer(), FILES);
    let all = Telemetry::start(&config(1.0), &Handle::current())?.tracer();
    measure("traced", &all, FILES_IN_QUEUE);
    measure("traced, the queue full", &all, FILES);
    Ok(())
}
