//! PUT: what is stored, and what is refused with nothing left behind.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures::stream;
use serde_json::Value;

use crate::log::{lost, name};
use crate::raw::connect;
use crate::rig::{bytes_of, digest_header, etag, header, problem, rig, wait_until};

fn chunked(pieces: Vec<Bytes>) -> reqwest::Body {
    reqwest::Body::wrap_stream(stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_stored_and_replaced() {
    let rig = rig().await;
    let response = rig.put("/files/in/a.txt", "hello").await;
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "etag"), etag(b"hello"));
    assert_eq!(header(&response, "content-digest"), digest_header(b"hello"));
    assert_eq!(header(&response, "repr-digest"), digest_header(b"hello"));
    assert_eq!(header(&response, "location"), "/files/in/a.txt");
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["path"], "in/a.txt");
    assert_eq!((document["length"].as_u64(), document["transfer"].as_u64()), (Some(5), Some(1)));
    assert_eq!(document["replicas"].as_array().unwrap().len(), 2);
    assert_eq!(rig.nodes.total(), 2, "two nodes hold it");
    assert_eq!(rig.nodes.counts()[0], 1, "this node holds it");

    let response = rig.put("/files/in/a.txt", "other").await;
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (204, etag(b"other").as_str()));
    assert_eq!(header(&response, "flotilla-transfer"), "2");
    assert_eq!(rig.get("/files/in/a.txt").await, "other");
    let transfer = rig.log.now().transfers.values().next().unwrap().clone();
    assert!(transfer.remote.starts_with("127.0.0.1:") && transfer.started_ms <= transfer.stored_ms);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_all_sizes_come_back() {
    let rig = rig().await;
    for (number, length) in [0, 1, 4096, 65_536, 300_000, 20_000_001].into_iter().enumerate() {
        let bytes = bytes_of(length, number as u64);
        let path = format!("/files/sizes/{length}");
        assert_eq!(rig.put(&path, bytes.clone()).await.status(), 201);
        assert!(rig.get(&path).await == bytes, "{length} bytes");
    }
    let pieces: Vec<Bytes> = (0..100).map(|seed| bytes_of(7001, seed)).collect();
    let response = rig.ask("PUT", "/files/chunked").body(chunked(pieces.clone())).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(rig.get("/files/chunked").await == pieces.concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn announced_checksums_are_checked() {
    let rig = rig().await;
    let put = |name: &'static str, digest: String| rig.ask("PUT", "/files/a").header(name, digest).body("hello").send();
    problem(put("content-digest", digest_header(b"other")).await.unwrap(), 400, "digest-mismatch").await;
    problem(put("repr-digest", digest_header(b"other")).await.unwrap(), 400, "digest-mismatch").await;
    let document = problem(put("content-digest", "sha-256=hello".into()).await.unwrap(), 400, "bad-header").await;
    assert_eq!(document["field"], "content-digest");
    assert!(rig.log.file("a").is_none());
    rig.nodes.settle(&rig.log, 0).await;
    assert_eq!(put("content-digest", digest_header(b"hello")).await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_protect_what_is_there() {
    let rig = rig().await;
    let put = |name: &'static str, value: String, body: &'static str| {
        rig.ask("PUT", "/files/a").header(name, value).body(body).send()
    };
    problem(put("if-match", "*".into(), "zero").await.unwrap(), 412, "precondition-failed").await;
    assert_eq!(put("if-none-match", "*".into(), "one").await.unwrap().status(), 201);
    problem(put("if-none-match", "*".into(), "two").await.unwrap(), 412, "precondition-failed").await;
    problem(put("if-match", etag(b"zero"), "two").await.unwrap(), 412, "precondition-failed").await;
    assert_eq!(put("if-match", etag(b"one"), "two").await.unwrap().status(), 204);
    let past = "Thu, 01 Jan 1970 00:00:05 GMT".to_owned();
    problem(put("if-unmodified-since", past, "three").await.unwrap(), 412, "precondition-failed").await;
    problem(put("if-match", "two".into(), "three").await.unwrap(), 400, "bad-header").await;
    assert_eq!(rig.get("/files/a").await, "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_decides_when_this_node_lags() {
    let rig = rig().await;
    rig.log.lag();
    assert_eq!(rig.put("/files/a", "one").await.status(), 201);
    let response = rig.ask("PUT", "/files/a").header("if-none-match", "*").body("two").send().await.unwrap();
    problem(response, 412, "precondition-failed").await;
    rig.nodes.settle(&rig.log, 2).await;
    let put = |tag: String| rig.ask("PUT", "/files/a").header("if-match", tag).body("three").send();
    assert_eq!(put(etag(b"one")).await.unwrap().status(), 204, "the latest state has the file");
    let remove = |tag: String| rig.ask("DELETE", "/files/a").header("if-match", tag).send();
    problem(remove(etag(b"one")).await.unwrap(), 412, "precondition-failed").await;
    assert_eq!(remove(etag(b"three")).await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn five_writers_of_one_name() {
    let rig = rig().await;
    let bodies: Vec<Bytes> = (0..5).map(|seed| bytes_of(100_000, seed)).collect();
    let create = |body: &Bytes| rig.ask("PUT", "/files/new").header("if-none-match", "*").body(body.clone()).send();
    let answers = futures::future::join_all(bodies.iter().map(create)).await;
    let mut statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 412, 412, 412, 412]);
    rig.nodes.settle(&rig.log, 2).await;
    assert!(bodies.contains(&rig.get("/files/new").await));

    let answers = futures::future::join_all(bodies.iter().map(|body| rig.put("/files/any", body.clone()))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 204, 204, 204, 204]);
    let winner = rig.get("/files/any").await;
    assert!(bodies.contains(&winner), "a mixture of two writers");
    assert_eq!(rig.log.now().transfers.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_and_sizes() {
    let rig = rig().await;
    rig.log.put_account("ann", None, true, (Some(1000), Some(2)));
    assert_eq!(rig.put("/files/a", bytes_of(600, 1)).await.status(), 201);
    problem(rig.put("/files/b", bytes_of(401, 1)).await, 507, "quota-exceeded").await;
    let body = chunked(vec![bytes_of(300, 1), bytes_of(300, 2)]);
    problem(rig.ask("PUT", "/files/b").body(body).send().await.unwrap(), 507, "quota-exceeded").await;
    assert_eq!(rig.put("/files/a", bytes_of(1000, 2)).await.status(), 204, "the old bytes do not count");
    assert_eq!(rig.put("/files/b", "").await.status(), 201);
    problem(rig.put("/files/c", "").await, 507, "quota-exceeded").await;

    rig.log.put_account("ann", None, true, (None, None));
    rig.log.set("Files.maxSize", &(1_u64 << 20).to_string());
    problem(rig.put("/files/c", bytes_of((1 << 20) + 1, 1)).await, 413, "too-large").await;
    let body = chunked(vec![bytes_of(1 << 20, 1), bytes_of(1, 2)]);
    problem(rig.ask("PUT", "/files/c").body(body).send().await.unwrap(), 413, "too-large").await;
    assert_eq!(rig.nodes.counts()[0], 3, "the replaced contents stay until the sweep, the refused ones are gone");
    rig.nodes.sweep(&rig.log, 1).await;
    rig.nodes.settle(&rig.log, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_come_before_the_body() {
    let rig = rig().await;
    let quota = (Some(10), None);
    rig.log.put_account("ann", None, true, quota);
    for (path, length, extra, status) in [
        ("/files/a", 11, "", 507),
        ("/files/a", 1_u64 << 60, "", 413),
        ("/files/a", 5, "Content-Range: bytes 0-4/10\r\n", 400),
        ("/files/a", 5, "Content-Encoding: gzip\r\n", 415),
        ("/files/a/", 5, "", 400),
        ("/files/a", 5, "If-Match: *\r\n", 412),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            let mut raw = connect(&rig).await.unwrap();
            raw.head(&format!("PUT {path}"), &format!("Content-Length: {length}\r\n{extra}{expect}")).await;
            assert_eq!(raw.status().await, status, "{path} {length} {extra} {expect}");
        }
    }
    let mut raw = connect(&rig).await.unwrap();
    raw.head("PUT /files/a", "Content-Length: 5\r\nExpect: 100-continue\r\n").await;
    assert_eq!(raw.status().await, 100);
    raw.write("hello").await;
    assert_eq!(raw.status().await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_leaves_nothing() {
    let rig = rig().await;
    let metrics = &rig.metrics;
    let ended = || metrics.requests[2].iter().map(|count| count.load(Ordering::Relaxed)).sum::<u64>();
    for (number, (headers, part)) in [
        ("Content-Length: 900000\r\n", bytes_of(400_000, 1)),
        ("Content-Length: 900\r\n", bytes_of(400, 1)),
        ("Transfer-Encoding: chunked\r\n", Bytes::from_static(b"5\r\nhello\r\n")),
        ("Transfer-Encoding: chunked\r\n", Bytes::from_static(b"5\r\nhello\r\nrubbish\r\n")),
    ]
    .into_iter()
    .enumerate()
    {
        let came = metrics.bytes_in.load(Ordering::Relaxed);
        let mut raw = connect(&rig).await.unwrap();
        raw.head("PUT /files/a", headers).await;
        raw.write(part).await;
        wait_until("bytes come", || metrics.bytes_in.load(Ordering::Relaxed) > came || ended() > number as u64).await;
        drop(raw);
        wait_until("the upload has ended", || ended() == number as u64 + 1).await;
    }
    rig.nodes.settle(&rig.log, 0).await;
    assert!(rig.log.file("a").is_none());
    assert_eq!(metrics.uploads_in_flight.load(Ordering::Relaxed), 0);
    assert_eq!(metrics.requests[2][1].load(Ordering::Relaxed), 0, "none was acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_files_and_folders_do_not_mix() {
    let rig = rig().await;
    assert_eq!(rig.put("/files/a/b", "hello").await.status(), 201);
    problem(rig.put("/files/a", "hello").await, 409, "path-is-folder").await;
    problem(rig.put("/files/a/b/c", "hello").await, 409, "parent-is-file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_nodes() {
    let rig = rig().await;
    rig.nodes.cut(2);
    assert_eq!(rig.put("/files/a", "hello").await.status(), 201, "node 3 stands in");
    rig.nodes.cut(3);
    problem(rig.put("/files/b", "hello").await, 503, "too-few-nodes").await;
    rig.nodes.settle(&rig.log, 2).await;
    rig.log.apply(&lost(2));
    rig.log.apply(&lost(3));
    problem(rig.put("/files/b", "hello").await, 503, "too-few-nodes").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_uploads_as_may() {
    let rig = rig().await;
    rig.log.set("Gateway.maxUploads", "1");
    let mut first = connect(&rig).await.unwrap();
    first.head("PUT /files/a", "Content-Length: 5\r\n").await;
    let running = || rig.metrics.uploads_in_flight.load(Ordering::Relaxed) == 1;
    wait_until("the first upload runs", running).await;
    problem(rig.put("/files/b", "hello").await, 503, "uploads-full").await;
    rig.log.set("Gateway.maxUploads", "2");
    assert_eq!(rig.put("/files/b", "hello").await.status(), 201, "the bound is live");
    first.write("hello").await;
    assert_eq!(first.status().await, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_disabled_during_the_upload() {
    let rig = rig().await;
    let mut raw = connect(&rig).await.unwrap();
    raw.head("PUT /files/a", "Content-Length: 5\r\n").await;
    let running = || rig.metrics.uploads_in_flight.load(Ordering::Relaxed) == 1;
    wait_until("the upload runs", running).await;
    rig.log.put_account("ann", None, false, (None, None));
    raw.write("hello").await;
    assert_eq!(raw.status().await, 403);
    rig.nodes.settle(&rig.log, 0).await;
    assert!(rig.log.now().usage(&name("ann")).files == 0);
}
