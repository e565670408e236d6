//! Paths that must not pass, as bytes on the wire.

use crate::raw::connect;
use crate::rig::rig;

#[tokio::test(flavor = "multi_thread")]
async fn hostile_paths_are_refused() {
    let rig = rig().await;
    let (component, deep) = ("x".repeat(256), "d/".repeat(2100));
    for (path, status) in [
        ("/files/../etc/passwd", 400),
        ("/files/a/../../b", 400),
        ("/files/%2e%2e/b", 400),
        ("/files/%2E%2E%2Fb", 400),
        ("/files/a%2fb", 400),
        ("/files/..%5cb", 400),
        ("/files/a%00b", 400),
        ("/files/a%0ab", 400),
        ("/files/%ff%fe", 400),
        ("/files/%c0%ae%c0%ae/b", 400),
        ("/files/a%zz", 400),
        ("/files//a", 400),
        ("/files/./a", 400),
        (&format!("/files/{component}"), 400),
        (&format!("/files/{deep}a"), 400),
        ("/a", 404),
        ("/", 404),
        ("/filesystem/a", 404),
    ] {
        for method in ["GET", "PUT", "DELETE", "PROPFIND", "MKCOL", "MOVE"] {
            let mut raw = connect(&rig).await.unwrap();
            raw.head(&format!("{method} {path}"), "Content-Length: 0\r\nDepth: 0\r\nDestination: /files/b\r\n").await;
            assert_eq!(raw.status().await, status, "{method} {path}");
        }
        let destination = format!("Content-Length: 0\r\nDestination: {path}\r\n");
        let mut raw = connect(&rig).await.unwrap();
        raw.head("MOVE /files/from", &destination).await;
        assert_eq!(raw.status().await, status, "MOVE to {path}");
    }
    assert_eq!(rig.nodes.total(), 0);
    assert_eq!(rig.put("/files/%C3%A4%20%25%2B", "hello").await.status(), 201);
    assert_eq!(rig.log.file("ä %+").unwrap().length, 5);
}
