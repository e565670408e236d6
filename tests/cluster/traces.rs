//! Traces: one file, one id, on all nodes; and what a receiver that is away costs.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{EventView, Page, TransferView};
use flotilla_local::wait_until;
use flotilla_model::NodeId;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use reqwest::StatusCode as HttpStatus;

use crate::collector::{Collector, Received, hex};
use crate::common::{DEADLINE, PASSWORD, Scene};
use crate::receiver::{Behaviour, Receiver};

const CLIENTS_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

async fn traced_to(endpoint: &str) -> Result<Scene> {
    let environment = [
        ("FLOTILLA_TELEMETRY__OTLP_ENDPOINT", endpoint),
        ("FLOTILLA_TELEMETRY__SERVICE_NAME", "flotilla-test"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer of-the-receiver"),
    ];
    Scene::start_with(3, &environment.map(|(name, value)| (name.to_owned(), value.to_owned()))).await
}

/// Waits until the trace of a transfer has these spans, in any order.
async fn spans_of(collector: &Collector, row: &TransferView, names: &[&str]) -> Result<Vec<Received>> {
    let mut expected = names.to_vec();
    expected.sort_unstable();
    wait_until("the spans of the file have come", DEADLINE, async || {
        let mut spans = collector.trace(&row.trace);
        spans.sort_by(|left, right| left.span.name.cmp(&right.span.name));
        let found: Vec<_> = spans.iter().map(|received| received.span.name.clone()).collect();
        ensure!(found == expected, "{found:?} instead of {expected:?}");
        Ok(Some(spans))
    })
    .await
}

fn named<'a>(spans: &'a [Received], name: &str) -> Result<&'a Received> {
    spans.iter().find(|received| received.span.name == name).with_context(|| format!("no span {name}"))
}

/// Uploads through node `index`, as a client that has a trace of its own.
async fn upload_traced(scene: &Scene, index: usize) -> Result<u64> {
    let request = scene.cluster.client().put(scene.file_url(index, "in/a.txt")).body("hello");
    let request = request.basic_auth("alice", Some(PASSWORD)).timeout(Duration::from_secs(20));
    let request = request.header("traceparent", format!("00-{CLIENTS_TRACE}-b7ad6b7169203331-01"));
    let answer = request.send().await?;
    ensure!(answer.status() == HttpStatus::CREATED, "{answer:?}");
    Ok(answer.headers()["flotilla-transfer"].to_str()?.parse()?)
}

fn assert_on_node(received: &Received, node: NodeId) {
    assert_eq!(received.number("flotilla.node"), i64::try_from(node.0).ok(), "{received:?}");
    let instance = received.process_text("service.instance.id").unwrap_or_default();
    assert!(instance.ends_with(&format!("-{node}")), "{instance}");
}

#[tokio::test]
async fn one_trace_holds_an_upload_and_all_its_steps() -> Result<()> {
    let collector = Collector::start()?;
    let mut scene = traced_to(&collector.endpoint).await?;
    scene.partner("bob", &[]).await?;
    scene.partner("alice", &["checksum", "publish=bob:from-alice"]).await?;
    let row = scene.ended(2, upload_traced(&scene, 1).await?).await?;
    let worker_node = row.worker_node.context("no worker")?;
    assert_eq!(row.state, "Processed", "{row:?}");

    let blob: ulid::Ulid = row.blob.parse()?;
    assert_eq!(row.trace, format!("{:032x}", blob.0), "the trace of a file has the id of its contents");
    let spans = spans_of(&collector, &row, &["upload", "store", "commit", "event", "step", "step"]).await?;
    let (upload, event) = (named(&spans, "upload")?, named(&spans, "event")?);
    assert_eq!(upload.parent(), "", "the first span");
    for below in ["store", "commit", "event"] {
        assert_eq!(named(&spans, below)?.parent(), upload.id(), "{below}");
    }
    let steps: Vec<_> = spans.iter().filter(|received| received.span.name == "step").collect();
    for step in &steps {
        assert_eq!(step.parent(), event.id());
        assert_eq!(step.text("flotilla.result"), Some("succeeded"));
    }
    let mut kinds: Vec<_> = steps.iter().filter_map(|step| step.text("flotilla.step.kind")).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["checksum", "publish"]);

    for received in &spans {
        let below_upload = matches!(received.span.name.as_str(), "event" | "step");
        assert_on_node(received, if below_upload { worker_node } else { row.node });
        assert_eq!(received.process_text("service.name"), Some("flotilla-test"));
        assert_eq!(received.authorization.as_deref(), Some("Bearer of-the-receiver"));
        let code = received.span.status.as_ref().map_or(StatusCode::Unset, |status| status.code());
        assert_eq!(code, StatusCode::Unset, "{received:?}");
        assert!(received.span.start_time_unix_nano <= received.span.end_time_unix_nano);
    }
    assert_eq!(upload.text("flotilla.account"), Some("alice"));
    assert_eq!(upload.text("file.path"), Some(row.path.as_str()));
    assert_eq!(upload.number("file.size"), Some(5));
    assert_eq!(upload.text("client.address"), Some("127.0.0.1"));
    assert_eq!(upload.span.links.iter().map(|link| hex(&link.trace_id)).collect::<Vec<_>>(), [CLIENTS_TRACE]);
    assert_eq!(event.number("flotilla.attempt"), Some(1));
    assert_eq!(event.number("flotilla.worker"), row.worker.map(i64::from));
    assert!(event.number("flotilla.wait_ms").is_some(), "{event:?}");

    metrics_tell_of_it(&scene, worker_node.0 as usize - 1).await?;
    stops_with_all_spans_sent(&mut scene, &collector).await
}

async fn metrics_tell_of_it(scene: &Scene, worker: usize) -> Result<()> {
    let text = scene.metrics(worker).await?;
    for kind in ["checksum", "publish"] {
        let name = format!("flotilla_step_duration_seconds_count{{kind=\"{kind}\",result=\"succeeded\"}}");
        assert!(number(&text, &name) >= 1);
    }
    assert!(number(&text, "flotilla_event_wait_seconds_count") >= 1);
    let runs = text.lines().filter(|line| line.starts_with("flotilla_gmp_worker_runs_total{worker="));
    assert!(runs.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum::<u64>() >= 1, "{text}");
    // The receiver has the spans a moment before the node knows that.
    wait_until("the exported spans are counted", DEADLINE, async || {
        let exported = number(&scene.metrics(worker).await?, "flotilla_trace_spans_exported_total");
        Ok((exported >= 3).then_some(()))
    })
    .await?;
    let text = scene.metrics(1).await?;
    assert_eq!(number(&text, "flotilla_gateway_request_duration_seconds_count{method=\"PUT\"}"), 1);
    assert_eq!(number(&text, "flotilla_gateway_requests_total{method=\"PUT\",status=\"2xx\"}"), 1);
    assert_eq!(number(&text, "flotilla_trace_spans_dropped_total{reason=\"queue-full\"}"), 0);
    Ok(())
}

/// The value of a metric that counts.
fn number(text: &str, name: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} is missing in\n{text}"))
}

/// Spans that wait when a node is told to stop are sent before it ends.
async fn stops_with_all_spans_sent(scene: &mut Scene, collector: &Collector) -> Result<()> {
    let id = scene.upload(2, "bob", "last.txt", b"last".to_vec()).await?;
    let row = scene.transfer(2, id).await?;
    scene.cluster.nodes[2].stop(DEADLINE).await?;
    let mut names: Vec<_> = collector.trace(&row.trace).into_iter().map(|received| received.span.name).collect();
    names.sort_unstable();
    assert_eq!(names, ["commit", "store", "upload"]);
    Ok(())
}

/// The step of a file that came in on one node is taken over by another one, and the trace shows it.
#[tokio::test]
async fn a_trace_goes_on_where_the_work_goes_on() -> Result<()> {
    let collector = Collector::start()?;
    let mut scene = traced_to(&collector.endpoint).await?;
    let receiver = Receiver::start(0, Behaviour::Hold)?;
    scene.partner("alice", &[]).await?;
    let hook = format!("webhook={}", receiver.url);
    scene.cluster.command(0, &["route", "set", "alice", "--step", &hook, "--webhook-idempotent"]).await?;
    let id = upload_traced(&scene, 1).await?;
    let holder = wait_until("a worker has the event", DEADLINE, async || {
        let page = scene.cluster.command(0, &["queue", "list", "--account", "alice"]).await?;
        let page: Page<EventView> = serde_json::from_value(page)?;
        Ok(page.items.first().and_then(|event| event.leased_to))
    })
    .await?;
    let row = scene.transfer(0, id).await?;
    spans_of(&collector, &row, &["upload", "store", "commit"]).await?;
    // On a busy machine another node may have it already; mostly the one that took the file was first.
    let dies = holder == row.node;
    if dies {
        scene.cluster.nodes[1].kill()?;
    }
    receiver.behave(Behaviour::Answer("200 OK"));

    let row = scene.ended(0, id).await?;
    let worker_node = row.worker_node.context("no worker")?;
    assert_ne!(worker_node, row.node, "{row:?}");
    let spans = spans_of(&collector, &row, &["upload", "store", "commit", "event", "step"]).await?;
    let (upload, event, step) = (named(&spans, "upload")?, named(&spans, "event")?, named(&spans, "step")?);
    assert_on_node(upload, row.node);
    assert_on_node(event, worker_node);
    assert_on_node(step, worker_node);
    assert_eq!((event.parent(), step.parent()), (upload.id(), event.id()));
    assert_eq!(event.number("flotilla.attempt"), Some(if dies { 2 } else { 1 }));
    assert_eq!(event.number("flotilla.origin"), i64::try_from(row.node.0).ok());
    Ok(())
}

/// The trace that a publisher names holds the publishing, the run and the step, and the receiver of the webhook hears of it.
#[tokio::test]
async fn an_event_of_an_application_goes_on_in_its_publishers_trace() -> Result<()> {
    let collector = Collector::start()?;
    let scene = traced_to(&collector.endpoint).await?;
    let receiver = Receiver::start(0, Behaviour::Answer("200 OK"))?;
    scene.partner("alice", &[]).await?;
    let hook = format!("webhook={}", receiver.url);
    scene.cluster.command(0, &["route", "set", "alice", "--kind", "order.*", "--step", &hook]).await?;
    let url = format!("{}/events", scene.cluster.nodes[1].transfer_url());
    let request = scene.cluster.client().post(url).basic_auth("alice", Some(PASSWORD));
    let request = request.header("traceparent", format!("00-{CLIENTS_TRACE}-b7ad6b7169203331-01"));
    let answer = request.json(&serde_json::json!({"kind": "order.created", "data": 1})).send().await?;
    ensure!(answer.status() == HttpStatus::CREATED, "{answer:?}");
    let id = answer.json::<serde_json::Value>().await?["id"].as_i64().context("no id")?;

    let spans = wait_until("the spans of the event have come", DEADLINE, async || {
        let spans = collector.trace(CLIENTS_TRACE);
        Ok((spans.len() == 3).then_some(spans))
    })
    .await?;
    let (publish, event, step) = (named(&spans, "publish")?, named(&spans, "event")?, named(&spans, "step")?);
    assert_eq!((event.parent(), step.parent()), (publish.id(), event.id()));
    assert_on_node(publish, NodeId(2));
    assert_eq!(publish.number("flotilla.event"), Some(id));
    assert_eq!(publish.text("flotilla.event.kind"), Some("order.created"));
    let requests = receiver.requests();
    let expected = format!("traceparent: 00-{CLIENTS_TRACE}-{}-01", step.id());
    assert!(requests.len() == 1 && requests[0].lines().any(|line| line == expected), "{expected} in {requests:?}");
    Ok(())
}

/// A receiver that takes connections and never answers is worse than one that is not there.
#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_no_upload() -> Result<()> {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut scene = traced_to(&format!("http://{}", silent.local_addr()?)).await?;
    scene.partner("alice", &["checksum"]).await?;
    for number in 0..30 {
        scene.upload(number % 3, "alice", &format!("{number}.txt"), b"hello".to_vec()).await?;
    }
    let statistics = scene.drained(0).await?;
    assert_eq!((statistics.queue.dead, statistics.completed_total), (0, 30), "{statistics:?}");
    for index in 0..3 {
        wait_until("the lost spans are counted", DEADLINE, async || {
            let text = scene.metrics(index).await?;
            let lost = number(&text, "flotilla_trace_spans_dropped_total{reason=\"export-failed\"}");
            Ok((lost > 0).then_some(()))
        })
        .await?;
    }
    scene.cluster.stop().await
}
