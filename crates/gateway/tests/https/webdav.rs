//! As much of WebDAV as rclone and file managers need.

use flotilla_model::{BlobId, Command, FilePath, NodeId, Protocol, PutCondition, Sha256};
use reqwest::Response;
use roxmltree::Document;

use crate::log::name;
use crate::rig::{Rig, header, problem, rig};

const DAV: &str = "DAV:";

async fn find(rig: &Rig, path: &str, depth: &str) -> Response {
    rig.ask("PROPFIND", path)
        .header("depth", depth)
        .body("<propfind xmlns='DAV:'><allprop/></propfind>")
        .send()
        .await
        .unwrap()
}

/// (href, is folder, length) of each entry.
async fn entries(response: Response) -> Vec<(String, bool, Option<u64>)> {
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type")),
        (207, "application/xml; charset=utf-8")
    );
    let text = response.text().await.unwrap();
    let document = Document::parse(&text).unwrap();
    let responses = document.descendants().filter(|node| node.has_tag_name((DAV, "response")));
    let read = |response: roxmltree::Node<'_, '_>| {
        let text = |tag: &str| {
            response
                .descendants()
                .find(|node| node.has_tag_name((DAV, tag)))
                .and_then(|node| node.text())
                .map(str::to_owned)
        };
        assert_eq!(text("status").as_deref(), Some("HTTP/1.1 200 OK"));
        let is_folder = response.descendants().any(|node| node.has_tag_name((DAV, "collection")));
        (text("href").unwrap(), is_folder, text("getcontentlength").map(|length| length.parse().unwrap()))
    };
    responses.map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn propfind_lists() {
    let rig = rig().await;
    rig.put("/files/in/a%26b", "hello").await;
    rig.put("/files/in/sub/x", "hello").await;
    let folder = ("/files/in/".to_owned(), true, None);
    let file = ("/files/in/a%26b".to_owned(), false, Some(5));
    let all = vec![folder.clone(), file.clone(), ("/files/in/sub/".to_owned(), true, None)];
    assert_eq!(entries(find(&rig, "/files/in/", "1").await).await, all);
    assert_eq!(entries(find(&rig, "/files/in", "1").await).await, all);
    assert_eq!(entries(find(&rig, "/files/in/", "0").await).await, [folder]);
    assert_eq!(entries(find(&rig, "/files/in/a%26b", "0").await).await, [file]);
    assert_eq!(entries(find(&rig, "/files/", "0").await).await, [("/files/".to_owned(), true, None)]);
    problem(find(&rig, "/files/none", "1").await, 404, "not-found").await;
    problem(find(&rig, "/files/", "infinity").await, 403, "depth-infinite").await;
    problem(find(&rig, "/files/", "2").await, 400, "bad-header").await;
    problem(rig.ask("PROPFIND", "/files/").send().await.unwrap(), 403, "depth-infinite").await;
    let long = rig.ask("PROPFIND", "/files/").header("depth", "0").body(vec![b' '; 70_000]).send().await.unwrap();
    problem(long, 413, "too-large").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_folder_is_streamed_whole() {
    let rig = rig().await;
    for number in 0..1501_u32 {
        rig.log.apply(&Command::FileStored {
            account: name("ann"),
            path: FilePath::parse(&format!("many/{number:04}{}", if number % 2 == 0 { "/x" } else { "" })).unwrap(),
            blob: BlobId(number.into()),
            length: 1,
            sha256: Sha256([1; 32]),
            holders: vec![NodeId(1), NodeId(2)],
            node: NodeId(1),
            protocol: Protocol::Https,
            remote: String::new(),
            condition: PutCondition::Any,
            started_ms: 1,
            now_ms: 1,
        });
    }
    let found = entries(find(&rig, "/files/many/", "1").await).await;
    assert_eq!(found.len(), 1502);
    assert!(found.is_sorted() && found.last().unwrap().0 == "/files/many/1500/");
    let page = rig.ask("GET", "/files/many/").header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("href=").count(), 1502);
    assert!(page.ends_with("</html>\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn options_and_unknown_methods() {
    let rig = rig().await;
    let response = rig.client.request(reqwest::Method::OPTIONS, rig.url("/files/")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "dav")), (204, "1"));
    assert!(header(&response, "allow").contains("PROPFIND"));
    for method in ["POST", "PATCH", "COPY", "LOCK", "PROPPATCH", "BREW"] {
        let response = rig.ask(method, "/files/a").send().await.unwrap();
        assert!(header(&response, "allow").contains("PUT"), "{method}");
        problem(response, 405, "method-not-allowed").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_made_by_their_files() {
    let rig = rig().await;
    rig.put("/files/in/a", "hello").await;
    for path in ["/files/new", "/files/new/", "/files/x/y/z/"] {
        assert_eq!(rig.ask("MKCOL", path).send().await.unwrap().status(), 201, "{path}");
    }
    for path in ["/files/", "/files/in", "/files/in/", "/files/in/a"] {
        problem(rig.ask("MKCOL", path).send().await.unwrap(), 405, "folder-exists").await;
    }
    problem(rig.ask("MKCOL", "/files/new").body("x").send().await.unwrap(), 415, "encoding-unsupported").await;
    problem(rig.ask("DELETE", "/files/in").send().await.unwrap(), 409, "folder-not-empty").await;
    problem(rig.ask("DELETE", "/files/in/").send().await.unwrap(), 409, "folder-not-empty").await;
    problem(rig.ask("DELETE", "/files/none/").send().await.unwrap(), 404, "not-found").await;
    assert_eq!(rig.ask("DELETE", "/files/in/a").send().await.unwrap().status(), 204);
    problem(rig.ask("GET", "/files/in/").send().await.unwrap(), 404, "not-found").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_renamed() {
    let rig = rig().await;
    rig.put("/files/in/a", "hello").await;
    rig.put("/files/b", "other").await;
    let shift = |from: &str, to: String| rig.ask("MOVE", from).header("destination", to);
    let response = shift("/files/in/a", rig.url("/files/out/%C3%A4")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "location")), (201, "/files/out/%C3%A4"));
    assert_eq!(rig.get("/files/out/%C3%A4").await, "hello");
    problem(rig.ask("GET", "/files/in/a").send().await.unwrap(), 404, "not-found").await;
    let kept = shift("/files/b", "/files/out/%C3%A4".into()).header("overwrite", "F").send().await.unwrap();
    problem(kept, 412, "precondition-failed").await;
    assert_eq!(shift("/files/b", "/files/out/%C3%A4".into()).send().await.unwrap().status(), 204);
    assert_eq!(rig.get("/files/out/%C3%A4").await, "other");
    assert_eq!(rig.nodes.total(), 4, "no bytes were moved");

    problem(shift("/files/none", "/files/c".into()).send().await.unwrap(), 404, "not-found").await;
    problem(shift("/files/out", "/files/c".into()).send().await.unwrap(), 403, "folder-move").await;
    problem(shift("/files/out/%C3%A4", "/files/out".into()).send().await.unwrap(), 409, "path-is-folder").await;
    problem(shift("/files/out/%C3%A4", "https://elsewhere/files/c".into()).send().await.unwrap(), 422, "other-server")
        .await;
    problem(rig.ask("MOVE", "/files/b").send().await.unwrap(), 400, "bad-header").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_removed_if_it_is_the_expected_one() {
    let rig = rig().await;
    rig.put("/files/a", "hello").await;
    let remove = |tag: String| rig.ask("DELETE", "/files/a").header("if-match", tag).send();
    problem(remove(crate::rig::etag(b"other")).await.unwrap(), 412, "precondition-failed").await;
    assert_eq!(remove(crate::rig::etag(b"hello")).await.unwrap().status(), 204);
    assert!(rig.log.file("a").is_none());
}
