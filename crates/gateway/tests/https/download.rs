//! GET and HEAD: ranges, conditions, and files from other nodes.

use crate::raw::connect;
use crate::rig::{bytes_of, digest_header, etag, header, problem, rig, second};

#[tokio::test(flavor = "multi_thread")]
async fn headers_of_a_whole_file() {
    let rig = rig().await;
    let bytes = bytes_of(1000, 1);
    rig.put("/files/a.csv", bytes.clone()).await;
    for method in ["GET", "HEAD"] {
        let response = rig.ask(method, "/files/a.csv").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-length"), "1000", "{method}");
        assert_eq!(header(&response, "content-type"), "text/csv");
        assert_eq!(header(&response, "etag"), etag(&bytes));
        assert_eq!(header(&response, "content-digest"), digest_header(&bytes));
        assert_eq!(header(&response, "repr-digest"), digest_header(&bytes));
        assert_eq!(header(&response, "accept-ranges"), "bytes");
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert!(header(&response, "last-modified").ends_with(" GMT"));
        assert_eq!(response.bytes().await.unwrap(), if method == "GET" { bytes.clone() } else { "".into() });
    }
    problem(rig.ask("GET", "/files/none").send().await.unwrap(), 404, "not-found").await;
    let response = rig.ask("HEAD", "/files/none").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.bytes().await.unwrap().len()), (404, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges() {
    let rig = rig().await;
    let bytes = bytes_of(3_000_000, 1);
    rig.put("/files/a", bytes.clone()).await;
    let get = |range: &'static str| rig.ask("GET", "/files/a").header("range", range).send();
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=1000000-2499999", 1_000_000, 2_500_000),
        ("bytes=2999999-", 2_999_999, 3_000_000),
        ("bytes=-5", 2_999_995, 3_000_000),
        ("bytes=5-99999999", 5, 3_000_000),
    ] {
        let response = get(range).await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(header(&response, "content-range"), format!("bytes {from}-{}/3000000", to - 1));
        assert_eq!(header(&response, "repr-digest"), digest_header(&bytes));
        assert_eq!(header(&response, "content-digest"), "", "it would be that of the part");
        assert!(response.bytes().await.unwrap() == bytes[from..to], "{range}");
    }
    for range in ["bytes=0-1,5-6", "bytes=5-2", "chapters=1-2"] {
        assert_eq!(get(range).await.unwrap().status(), 200, "{range}");
    }
    let response = get("bytes=3000000-").await.unwrap();
    assert_eq!(header(&response, "content-range"), "bytes */3000000");
    problem(response, 416, "range-not-satisfiable").await;

    let if_range =
        |value: String| rig.ask("GET", "/files/a").header("range", "bytes=0-4").header("if-range", value).send();
    assert_eq!(if_range(etag(&bytes)).await.unwrap().status(), 206);
    assert_eq!(if_range(etag(b"other")).await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions() {
    let rig = rig().await;
    rig.put("/files/a", "hello").await;
    let modified = header(&rig.ask("HEAD", "/files/a").send().await.unwrap(), "last-modified").to_owned();
    let get = |name: &'static str, value: String| rig.ask("GET", "/files/a").header(name, value).send();
    let response = get("if-none-match", etag(b"hello")).await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "etag")), (304, etag(b"hello").as_str()));
    assert_eq!(get("if-none-match", etag(b"other")).await.unwrap().status(), 200);
    assert_eq!(get("if-modified-since", modified.clone()).await.unwrap().status(), 304);
    assert_eq!(get("if-unmodified-since", modified).await.unwrap().status(), 200);
    assert_eq!(get("if-match", etag(b"hello")).await.unwrap().status(), 200);
    problem(get("if-match", etag(b"other")).await.unwrap(), 412, "precondition-failed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_node_serves_any_file() {
    let rig = rig().await;
    rig.nodes.cut(3);
    let bytes = bytes_of(700_000, 1);
    assert_eq!(rig.put("/files/a", bytes.clone()).await.status(), 201);
    assert_eq!(rig.nodes.counts(), [1, 1, 0]);
    let third = second(3, rig.log.clone(), rig.nodes.clone(), rig.passwords.clone(), |_| {}).await;
    assert!(third.get("/files/a").await == bytes);
    rig.nodes.cut(1);
    assert!(third.get("/files/a").await == bytes, "from the other holder");
    rig.nodes.cut(2);
    problem(third.ask("GET", "/files/a").send().await.unwrap(), 503, "no-holder").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_this_node_does_not_know_yet_is_found() {
    let rig = rig().await;
    let third = second(3, rig.log.clone(), rig.nodes.clone(), rig.passwords.clone(), |_| {}).await;
    rig.log.lag();
    assert_eq!(rig.put("/files/in/a", "hello").await.status(), 201);
    assert_eq!(third.get("/files/in/a").await, "hello");
    assert_eq!(third.ask("GET", "/files/in/").send().await.unwrap().status(), 200);
    assert_eq!(third.ask("PROPFIND", "/files/in/a").header("depth", "0").send().await.unwrap().status(), 207);
    assert_eq!(third.ask("DELETE", "/files/in/a").send().await.unwrap().status(), 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_many_requests() {
    let rig = rig().await;
    let mut raw = connect(&rig).await.unwrap();
    for number in 0..20 {
        raw.head(&format!("PUT /files/{number}"), "Content-Length: 5\r\n").await;
        raw.write("hello").await;
        assert_eq!(raw.status().await, 201);
        let mut body = vec![0; 1];
        while !body.ends_with(b"}") {
            use tokio::io::AsyncReadExt;
            body.push(raw.0.read_u8().await.unwrap());
        }
    }
    assert_eq!(rig.metrics.connections_accepted.load(std::sync::atomic::Ordering::Relaxed), 1);
}
