//! Resumable uploads: tus as a client speaks it, through one node or several.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flotilla_model::{Command, UploadId};
use futures::stream;
use reqwest::{RequestBuilder, Response, StatusCode};

use crate::log::{Fate, name};
use crate::raw::connect;
use crate::rig::{Rig, bytes_of, digest_header, header, problem, rig, second, sha256, wait_until};

const PART: &str = "application/offset+octet-stream";

fn metadata(path: &str) -> String {
    format!("filename {},path {}", STANDARD.encode("ignored"), STANDARD.encode(path))
}

fn tus(request: RequestBuilder) -> RequestBuilder {
    request.header("tus-resumable", "1.0.0")
}

fn creation(rig: &Rig, path: &str, length: usize) -> RequestBuilder {
    let request = tus(rig.ask("POST", "/uploads"));
    request.header("upload-length", length.to_string()).header("upload-metadata", metadata(path))
}

async fn create(rig: &Rig, path: &str, length: usize) -> String {
    let response = creation(rig, path, length).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!((header(&response, "upload-offset"), header(&response, "tus-resumable")), ("0", "1.0.0"));
    assert!(header(&response, "upload-expires").ends_with("GMT"));
    header(&response, "location").to_owned()
}

fn part(rig: &Rig, at: &str, offset: usize) -> RequestBuilder {
    tus(rig.ask("PATCH", at)).header("content-type", PART).header("upload-offset", offset.to_string())
}

async fn append(rig: &Rig, at: &str, offset: usize, bytes: Bytes) -> Response {
    part(rig, at, offset).body(bytes).send().await.unwrap()
}

async fn offset(rig: &Rig, at: &str) -> String {
    let response = tus(rig.ask("HEAD", at)).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "cache-control"), "no-store");
    header(&response, "upload-offset").to_owned()
}

fn refused(response: &Response, status: u16) {
    assert_eq!((response.status().as_u16(), header(response, "tus-resumable")), (status, "1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_parts_appears_with_its_last_byte() {
    let rig = rig().await;
    let bytes = bytes_of(700_000, 1);
    let at = create(&rig, "in/ä b.bin", bytes.len()).await;
    let first = append(&rig, &at, 0, bytes.slice(..300_000)).await;
    assert_eq!((first.status(), header(&first, "upload-offset")), (StatusCode::NO_CONTENT, "300000"));
    assert_eq!(offset(&rig, &at).await, "300000");
    assert!(rig.log.file("in/ä b.bin").is_none());
    assert_eq!(append(&rig, &at, 300_000, bytes.slice(300_000..)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.get("/files/in/%C3%A4%20b.bin").await, bytes);
    let file = rig.log.file("in/ä b.bin").unwrap();
    assert_eq!(file.sha256.0, sha256(&bytes));
    let looked = tus(rig.ask("HEAD", &at)).send().await.unwrap();
    assert_eq!((header(&looked, "upload-offset"), header(&looked, "flotilla-transfer")), ("700000", "1"));
    // The parts are of no more use: the sweep takes them from all nodes.
    rig.nodes.sweep(&rig.log, 1).await;
    rig.nodes.settle(&rig.log, 2).await;
    assert_eq!(append(&rig, &at, 700_000, Bytes::new()).await.status(), StatusCode::NO_CONTENT, "finished once more");
    assert_eq!(rig.metrics.uploads_resumable.load(Ordering::Relaxed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_one_part_moves_no_bytes_twice() {
    let rig = rig().await;
    let bytes = bytes_of(300_000, 2);
    let request = creation(&rig, "x", bytes.len()).header("content-type", PART).body(bytes.clone());
    let response = request.send().await.unwrap();
    assert_eq!((response.status(), header(&response, "upload-offset")), (StatusCode::CREATED, "300000"));
    assert_eq!(rig.get("/files/x").await, bytes);
    assert_eq!(rig.nodes.total(), 2);
    let empty = create(&rig, "empty", 0).await;
    assert_eq!(offset(&rig, &empty).await, "0");
    assert_eq!(rig.log.file("empty").unwrap().length, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_node_goes_on_with_what_another_began() {
    let first = rig().await;
    let other = second(2, first.log.clone(), Arc::clone(&first.nodes), first.passwords.clone(), |_| {}).await;
    let bytes = bytes_of(200_000, 3);
    let at = create(&first, "x", bytes.len()).await;
    assert_eq!(append(&first, &at, 0, bytes.slice(..150_000)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(offset(&other, &at).await, "150000");
    assert_eq!(append(&other, &at, 150_000, bytes.slice(150_000..)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(other.get("/files/x").await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_part_that_breaks_off_is_kept_what_came() {
    let rig = rig().await;
    let bytes = bytes_of(200_000, 4);
    let at = create(&rig, "x", bytes.len()).await;
    for (length, cut) in [("Content-Length: 200000\r\n", 120_000), ("Content-Length: 200000\r\n", 1)] {
        let here: usize = offset(&rig, &at).await.parse().unwrap();
        let stored = rig.metrics.upload_parts_interrupted.load(Ordering::Relaxed);
        let mut raw = connect(&rig).await.unwrap();
        let head = format!("Tus-Resumable: 1.0.0\r\nContent-Type: {PART}\r\nUpload-Offset: {here}\r\n");
        let length = length.replace("200000", &(200_000 - here).to_string());
        let came = rig.metrics.bytes_in.load(Ordering::Relaxed);
        raw.head(&format!("PATCH {at}"), &format!("{head}{length}")).await;
        raw.write(bytes.slice(here..here + cut)).await;
        wait_until("bytes come", || rig.metrics.bytes_in.load(Ordering::Relaxed) > came).await;
        drop(raw);
        let metrics = &rig.metrics;
        let is_stored = || metrics.upload_parts_interrupted.load(Ordering::Relaxed) > stored;
        wait_until("what came is stored", is_stored).await;
        assert!(rig.log.file("x").is_none());
    }
    let here: usize = offset(&rig, &at).await.parse().unwrap();
    assert!((2..=120_001).contains(&here), "{here}");
    assert_eq!(append(&rig, &at, here, bytes.slice(here..)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.get("/files/x").await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_with_a_checksum_come_whole_or_not_at_all() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 5);
    let at = create(&rig, "x", bytes.len()).await;
    let sum = |bytes: &[u8]| format!("sha256 {}", STANDARD.encode(sha256(bytes)));
    let wrong =
        part(&rig, &at, 0).header("upload-checksum", sum(b"other")).body(bytes.slice(..500)).send().await.unwrap();
    refused(&wrong, 460);
    assert_eq!(offset(&rig, &at).await, "0");
    let unknown =
        part(&rig, &at, 0).header("upload-checksum", "sha1 AAAA").body(bytes.slice(..500)).send().await.unwrap();
    assert_eq!(problem(unknown, 400, "bad-header").await["field"], "upload-checksum");
    for (from, to) in [(0, 500), (500, 1000)] {
        let piece = bytes.slice(from..to);
        let sent = part(&rig, &at, from).header("upload-checksum", sum(&piece)).body(piece).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(rig.get("/files/x").await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_file_is_the_announced_one_or_none() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 6);
    for (digest, status) in [(digest_header(b"other"), 460), (digest_header(&bytes), 204)] {
        let created = creation(&rig, "x", bytes.len()).header("repr-digest", digest).send().await.unwrap();
        let at = header(&created, "location").to_owned();
        assert_eq!(append(&rig, &at, 0, bytes.slice(..500)).await.status(), StatusCode::NO_CONTENT);
        refused(&append(&rig, &at, 500, bytes.slice(500..)).await, status);
        assert_eq!(rig.log.file("x").is_some(), status == 204);
        let left = tus(rig.ask("HEAD", &at)).send().await.unwrap();
        assert_eq!(left.status().is_success(), status == 204, "what cannot become right is given up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 7);
    let at = create(&rig, "x", bytes.len()).await;
    assert_eq!(append(&rig, &at, 0, bytes.slice(..400)).await.status(), StatusCode::NO_CONTENT);
    let early = append(&rig, &at, 0, bytes.slice(..400)).await;
    refused(&early, 409);
    assert_eq!(header(&early, "upload-offset"), "400");
    problem(early, 409, "upload-offset").await;
    problem(append(&rig, &at, 400, bytes_of(601, 1)).await, 413, "upload-length").await;
    let unsized_body = reqwest::Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(bytes_of(601, 1))]));
    problem(part(&rig, &at, 400).body(unsized_body).send().await.unwrap(), 413, "upload-length").await;
    let untyped = tus(rig.ask("PATCH", &at)).header("upload-offset", "400").body("x").send().await.unwrap();
    problem(untyped, 415, "media-type-unsupported").await;
    let unplaced = tus(rig.ask("PATCH", &at)).header("content-type", PART).body("x").send().await.unwrap();
    problem(unplaced, 400, "bad-header").await;
    let unversioned = rig.ask("HEAD", &at).send().await.unwrap();
    refused(&unversioned, 412);
    assert_eq!(header(&unversioned, "tus-version"), "1.0.0");
    let stranger = tus(rig.client.head(rig.url(&at))).send().await.unwrap();
    refused(&stranger, 401);
    let missing = format!("/uploads/{}", UploadId(9));
    problem(append(&rig, &missing, 0, bytes.clone()).await, 404, "no-such-upload").await;
    problem(tus(rig.ask("GET", &at)).send().await.unwrap(), 405, "method-not-allowed").await;
    assert_eq!(offset(&rig, &at).await, "400");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_begun_is_refused() {
    let rig = rig().await;
    rig.put("/files/folder/file", "x").await;
    for (path, status, code) in
        [("../x", 400, "bad-path"), ("folder", 409, "path-is-folder"), ("folder/file/x", 409, "parent-is-file")]
    {
        problem(creation(&rig, path, 10).send().await.unwrap(), status, code).await;
    }
    let post = || tus(rig.ask("POST", "/uploads"));
    problem(post().header("upload-length", "1").send().await.unwrap(), 400, "bad-header").await;
    problem(post().header("upload-metadata", metadata("x")).send().await.unwrap(), 400, "bad-header").await;
    let deferred = creation(&rig, "x", 1).header("upload-defer-length", "1").send().await.unwrap();
    problem(deferred, 400, "bad-header").await;
    let only_new = creation(&rig, "folder/file", 1).header("if-none-match", "*").send().await.unwrap();
    problem(only_new, 412, "precondition-failed").await;
    rig.log.set("Files.maxSize", "100");
    problem(creation(&rig, "x", 101).send().await.unwrap(), 413, "too-large").await;
    rig.log.set("Files.maxOpenUploads", "1");
    create(&rig, "x", 10).await;
    problem(creation(&rig, "y", 10).send().await.unwrap(), 507, "too-many-uploads").await;
    assert_eq!(rig.log.now().uploads.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_fill_the_quota_and_an_upload_given_up_frees_it() {
    let rig = rig().await;
    rig.log.put_account("ann", None, true, (Some(1000), None));
    let at = create(&rig, "x", 900).await;
    assert_eq!(append(&rig, &at, 0, bytes_of(800, 1)).await.status(), StatusCode::NO_CONTENT);
    problem(rig.put("/files/y", bytes_of(300, 1)).await, 507, "quota-exceeded").await;
    let cancelled = tus(rig.ask("DELETE", &at)).send().await.unwrap();
    assert_eq!(cancelled.status(), StatusCode::NO_CONTENT);
    refused(&tus(rig.ask("HEAD", &at)).send().await.unwrap(), 404);
    assert_eq!(rig.put("/files/y", bytes_of(300, 1)).await.status(), StatusCode::CREATED);
    rig.nodes.sweep(&rig.log, 1).await;
    rig.nodes.settle(&rig.log, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_condition_of_the_beginning_holds_at_the_end() {
    let rig = rig().await;
    let created = creation(&rig, "x", 10).header("if-none-match", "*").send().await.unwrap();
    let at = header(&created, "location").to_owned();
    rig.put("/files/x", "first").await;
    problem(append(&rig, &at, 0, bytes_of(10, 1)).await, 412, "precondition-failed").await;
    assert_eq!(rig.get("/files/x").await, "first");
    assert_eq!(rig.ask("DELETE", "/files/x").send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(append(&rig, &at, 10, Bytes::new()).await.status(), StatusCode::NO_CONTENT, "the bytes had been kept");
    assert_eq!(rig.get("/files/x").await, bytes_of(10, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_died_over_the_last_byte_leaves_the_end_to_whoever_is_asked() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 8);
    let at = create(&rig, "x", bytes.len()).await;
    assert_eq!(append(&rig, &at, 0, bytes.slice(..500)).await.status(), StatusCode::NO_CONTENT);
    // All has come and nobody has made a file of it.
    let id = UploadId::parse(at.rsplit('/').next().unwrap()).unwrap();
    let elsewhere = rig.nodes.files(2);
    let blob = flotilla_model::BlobId(77);
    let request = flotilla_files::UploadRequest {
        blob,
        length: None,
        sha256: None,
        limit_bytes: 1000,
        replicas: 2,
        candidates: vec![flotilla_model::NodeId(3)],
    };
    let source = stream::iter([Ok::<_, std::io::Error>(bytes.slice(500..))]);
    let stored = elsewhere.upload(request, source).await.unwrap();
    rig.log.apply(&Command::AppendToUpload {
        account: name("ann"),
        id,
        offset: 500,
        blob,
        length: stored.length,
        sha256: stored.sha256,
        holders: stored.nodes,
        expires_ms: 1 << 42,
        now_ms: 1,
    });
    assert_eq!(offset(&rig, &at).await, "1000");
    assert_eq!(rig.get("/files/x").await, bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_does_no_harm() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 9);
    rig.log.next(&[Fate::AnswerLost, Fate::AnswerLost, Fate::NotDone]);
    let at = create(&rig, "x", bytes.len()).await;
    rig.log.next(&[Fate::AnswerLost, Fate::NotDone, Fate::AnswerLost]);
    assert_eq!(append(&rig, &at, 0, bytes.slice(..500)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(append(&rig, &at, 500, bytes.slice(500..)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.get("/files/x").await, bytes);
    assert_eq!(rig.log.now().transfers.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_what_it_speaks() {
    let rig = rig().await;
    let response = rig.client.request(reqwest::Method::OPTIONS, rig.url("/uploads")).send().await.unwrap();
    refused(&response, 204);
    assert_eq!(header(&response, "tus-version"), "1.0.0");
    assert_eq!(header(&response, "tus-extension"), "creation,creation-with-upload,termination,expiration,checksum");
    assert_eq!(header(&response, "tus-checksum-algorithm"), "sha256");
    assert!(header(&response, "tus-max-size").parse::<u64>().is_ok());
    let at = create(&rig, "x", 3).await;
    let posted = tus(rig.ask("POST", &at)).header("x-http-method-override", "PATCH");
    let posted = posted.header("content-type", PART).header("upload-offset", "0").body("abc").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::NO_CONTENT);
    assert_eq!(rig.get("/files/x").await, "abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_makes_room_for_its_successor() {
    let rig = rig().await;
    rig.log.put_account("ann", None, true, (Some(1000), None));
    rig.put("/files/x", bytes_of(700, 1)).await;
    let at = create(&rig, "x", 900).await;
    assert_eq!(append(&rig, &at, 0, bytes_of(500, 2)).await.status(), StatusCode::NO_CONTENT);
    let last = append(&rig, &at, 500, bytes_of(400, 3)).await;
    assert_eq!(last.status(), StatusCode::NO_CONTENT, "{}", last.text().await.unwrap());
    assert_eq!(rig.log.file("x").unwrap().length, 900);
    problem(creation(&rig, "x", 1001).send().await.unwrap(), 507, "quota-exceeded").await;
}
