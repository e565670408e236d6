use std::future::pending;
use std::time::{Duration, UNIX_EPOCH};

use flotilla_model::{BlobId, EventId, NodeId, WorkerId};
use opentelemetry::trace::Status;
use opentelemetry::{SpanId, Value};
use opentelemetry_sdk::trace::SpanData;
use parking_lot::Mutex;

use super::*;
use crate::{EventRun, Publish, RunEnd, StepEnd, Trace, Upload};

const BLOB: BlobId = BlobId(0x0192_f3a4_b5c6_d7e8_f900_1122_3344_5566);

/// A receiver in memory, that can be told how to behave.
#[derive(Clone, Default)]
struct Receiver {
    spans: Arc<Mutex<Vec<SpanData>>>,
    batches: Arc<Mutex<Vec<usize>>>,
    behaviour: Arc<Mutex<Behaviour>>,
}

#[derive(Clone, Copy, Default)]
enum Behaviour {
    #[default]
    Takes,
    Refuses,
    Hangs,
}

impl Sink for Receiver {
    async fn take(&self, batch: Vec<SpanData>) -> Result<(), String> {
        let behaviour = *self.behaviour.lock();
        self.batches.lock().push(batch.len());
        match behaviour {
            Behaviour::Takes => {
                self.spans.lock().extend(batch);
                Ok(())
            }
            Behaviour::Refuses => Err("refused".to_owned()),
            Behaviour::Hangs => pending().await,
        }
    }
}

impl Receiver {
    fn telemetry_of(&self, node: u64, sample_ratio: f64, limits: Limits) -> Telemetry {
        let config = ExportConfig {
            endpoint: String::new(),
            sample_ratio,
            service_name: "flotilla".to_owned(),
            software_version: "0.0.0",
            node: NodeId(node),
            node_name: format!("node-{node}"),
            cluster_id: 7,
        };
        Telemetry::with_sink(self.clone(), &config, limits, &Handle::current())
    }

    fn named(&self, name: &str) -> SpanData {
        let spans = self.spans.lock();
        let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {spans:?}");
        found[0].clone()
    }
}

fn upload(blob: BlobId) -> Upload<'static> {
    Upload {
        blob,
        account: "ann",
        path: "in/a.txt",
        protocol: "https",
        client: Some("192.0.2.7:4711".parse().unwrap()),
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        started_ms: 1_700_000_000_000,
    }
}

fn run(blob: BlobId) -> EventRun<'static> {
    EventRun {
        trace: Trace::of_file(blob),
        event: EventId(9),
        kind: "file.received",
        account: "ann",
        origin: NodeId(1),
        worker: WorkerId(3),
        attempt: 2,
        wait: Some(Duration::from_millis(15)),
    }
}

fn attribute(span: &SpanData, key: &str) -> Option<Value> {
    span.attributes.iter().find(|pair| pair.key.as_str() == key).map(|pair| pair.value.clone())
}

fn node_of(span: &SpanData) -> Option<Value> {
    attribute(span, "flotilla.node")
}

#[tokio::test]
async fn a_file_has_one_trace_on_all_nodes() {
    let receiver = Receiver::default();
    let (first, second) =
        (receiver.telemetry_of(1, 1.0, Limits::default()), receiver.telemetry_of(2, 1.0, Limits::default()));

    let mut taken = first.tracer().upload(&upload(BLOB));
    taken.store().end();
    taken.stored(5, &[NodeId(1), NodeId(3)]);
    taken.commit().end();
    taken.end_with(&Ok::<_, String>(()));
    let event = second.tracer().event(&run(BLOB));
    event.step(0, "checksum").end(StepEnd::Succeeded);
    event.step(1, "webhook").end(StepEnd::Failed { reason: "answered 500" });
    event.end(RunEnd::Failed { reason: "webhook: answered 500" });
    first.stop().await;
    second.stop().await;

    let trace = Trace::of_file(BLOB);
    let [upload, store, commit, event] = ["upload", "store", "commit", "event"].map(|name| receiver.named(name));
    let steps: Vec<_> = receiver.spans.lock().iter().filter(|span| span.name == "step").cloned().collect();
    assert!(receiver.spans.lock().iter().all(|span| span.span_context.trace_id() == trace.id()));
    assert_eq!((upload.span_context.span_id(), upload.parent_span_id), (trace.root(), SpanId::INVALID));
    for (child, is_remote) in [(&store, false), (&commit, false), (&event, true)] {
        assert_eq!((child.parent_span_id, child.parent_span_is_remote), (trace.root(), is_remote), "{child:?}");
    }
    assert!(steps.iter().all(|step| step.parent_span_id == event.span_context.span_id()));
    assert_eq!([&upload, &store, &commit, &event].map(node_of), [1, 1, 1, 2].map(|node| Some(Value::I64(node))));
    assert!(steps.iter().all(|step| node_of(step) == Some(Value::I64(2))));

    assert_eq!(upload.start_time, UNIX_EPOCH + Duration::from_millis(1_700_000_000_000));
    assert_eq!(upload.links[0].span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(attribute(&upload, "client.address"), Some("192.0.2.7".into()));
    assert_eq!(attribute(&upload, "file.path"), Some("in/a.txt".into()));
    assert_eq!(attribute(&upload, "file.size"), Some(5.into()));
    assert_eq!(attribute(&event, "flotilla.attempt"), Some(2.into()));
    assert_eq!(attribute(&event, "flotilla.wait_ms"), Some(15.into()));
    assert_eq!(attribute(&event, "flotilla.result"), Some("failed".into()));
    assert_eq!(upload.status, Status::Unset);
    assert_eq!(
        steps.iter().map(|step| step.status.clone()).collect::<Vec<_>>(),
        [Status::Unset, Status::error("answered 500")]
    );
}

#[tokio::test]
async fn an_event_of_an_application_has_a_trace_that_begins_with_its_publishing() {
    let receiver = Receiver::default();
    let telemetry = receiver.telemetry_of(1, 1.0, Limits::default());
    let trace = Trace::of_event(7, EventId(42));
    let publish = Publish { trace, event: EventId(42), kind: "order.created", account: "shop", started_ms: 1 };
    telemetry.tracer().publish(&publish).end();
    telemetry.stop().await;
    let span = receiver.named("publish");
    assert_eq!((span.span_context.trace_id(), span.span_context.span_id()), (trace.id(), trace.root()));
    assert!(span.links.is_empty());
}

#[tokio::test]
async fn work_that_is_dropped_was_cut_off() {
    let receiver = Receiver::default();
    let telemetry = receiver.telemetry_of(1, 1.0, Limits::default());
    {
        let event = telemetry.tracer().event(&run(BLOB));
        let _step = event.step(0, "checksum");
    }
    telemetry.stop().await;
    for name in ["event", "step"] {
        assert_eq!(receiver.named(name).status, Status::error("cut off"));
    }
}

#[tokio::test]
async fn an_upload_that_fails_says_where_and_why() {
    let receiver = Receiver::default();
    let telemetry = receiver.telemetry_of(1, 1.0, Limits::default());
    let result = Err::<(), _>("no room");
    let taken = telemetry.tracer().upload(&upload(BLOB));
    taken.store().end_with(&result);
    taken.end_with(&result);
    telemetry.stop().await;
    for name in ["upload", "store"] {
        assert_eq!(receiver.named(name).status, Status::error("no room"));
    }
}

#[tokio::test]
async fn a_tracer_that_is_off_does_nothing() {
    let telemetry = Telemetry::off();
    let mut upload_span = telemetry.tracer().upload(&upload(BLOB));
    upload_span.store().end();
    upload_span.stored(1, &[NodeId(1)]);
    upload_span.end_with(&Ok::<_, String>(()));
    drop(telemetry.tracer().event(&run(BLOB)));
    let counts = telemetry.counts();
    telemetry.stop().await;
    assert_eq!(counts(), Counts::default());
}

#[tokio::test]
async fn all_nodes_trace_the_same_share() {
    let receiver = Receiver::default();
    let limits = Limits { queue: 10_000, ..Limits::default() };
    let (first, second) = (receiver.telemetry_of(1, 0.25, limits), receiver.telemetry_of(2, 0.25, limits));
    let blobs = (0..1000).map(|number| {
        let random = Trace::of_event(1, EventId(number)).id().to_bytes();
        BlobId(u128::from_be_bytes(random))
    });
    for blob in blobs {
        first.tracer().upload(&upload(blob)).end_with(&Ok::<_, String>(()));
        second.tracer().event(&run(blob)).end(RunEnd::Done);
    }
    first.stop().await;
    second.stop().await;
    let traces = |name: &str| -> std::collections::BTreeSet<_> {
        let spans = receiver.spans.lock();
        spans.iter().filter(|span| span.name == name).map(|span| span.span_context.trace_id().to_string()).collect()
    };
    assert_eq!(traces("upload"), traces("event"));
    assert!((200..300).contains(&traces("upload").len()), "{}", traces("upload").len());
}

/// The test's runtime has one thread: nothing is exported until the test waits.
#[tokio::test]
async fn a_full_queue_loses_spans_and_holds_up_nobody() {
    let receiver = Receiver::default();
    *receiver.behaviour.lock() = Behaviour::Hangs;
    let telemetry = receiver.telemetry_of(1, 1.0, Limits { queue: 10, batch: 4, linger: Duration::ZERO });
    for _ in 0..1000 {
        telemetry.tracer().event(&run(BLOB)).end(RunEnd::Done);
    }
    assert_eq!(telemetry.counts()(), Counts { queue_full: 990, ..Counts::default() });
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_comes_back_gets_what_is_new() {
    let receiver = Receiver::default();
    *receiver.behaviour.lock() = Behaviour::Refuses;
    let telemetry = receiver.telemetry_of(1, 1.0, Limits::default());
    let counts = telemetry.counts();
    telemetry.tracer().event(&run(BLOB)).end(RunEnd::Done);
    while counts().export_failed == 0 {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    *receiver.behaviour.lock() = Behaviour::Takes;
    telemetry.tracer().event(&run(BLOB)).end(RunEnd::Done);
    telemetry.stop().await;
    assert_eq!(counts(), Counts { exported: 1, export_failed: 1, queue_full: 0 });
}

#[tokio::test(start_paused = true)]
async fn batches_are_full_or_their_first_span_has_waited_long_enough() {
    let receiver = Receiver::default();
    let linger = Duration::from_secs(1);
    let telemetry = receiver.telemetry_of(1, 1.0, Limits { queue: 100, batch: 4, linger });
    let end_events = |events: u32| (0..events).for_each(|_| telemetry.tracer().event(&run(BLOB)).end(RunEnd::Done));
    end_events(9);
    let begun = tokio::time::Instant::now();
    while receiver.batches.lock().len() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(*receiver.batches.lock(), [4, 4, 1]);
    assert!(begun.elapsed() >= linger && begun.elapsed() < 2 * linger);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_receiver_that_fails() {
    let receiver = Receiver::default();
    *receiver.behaviour.lock() = Behaviour::Refuses;
    let telemetry = receiver.telemetry_of(1, 1.0, Limits { queue: 100, batch: 4, linger: Duration::ZERO });
    let counts = telemetry.counts();
    (0..40).for_each(|_| telemetry.tracer().event(&run(BLOB)).end(RunEnd::Done));
    telemetry.stop().await;
    assert_eq!(counts(), Counts { export_failed: 40, ..Counts::default() });
    assert_eq!(receiver.batches.lock().len(), 1, "the first failure is enough");
}
