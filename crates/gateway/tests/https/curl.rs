//! The real curl, as partners use it.

use std::process::Stdio;

use tokio::process::Command;

use crate::rig::{PASSWORD, Rig, bytes_of, etag, rig};

/// Runs curl in a folder; gives its exit code and what it printed.
async fn curl(rig: &Rig, folder: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let port = rig.gateway.local_addr().port();
    let output = Command::new("curl")
        .current_dir(folder)
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--cacert", "ca.pem"])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1"), "--user", &format!("ann:{PASSWORD}")])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_up_down_range_and_expect() {
    let rig = rig().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let bytes = bytes_of(5_000_000, 1);
    std::fs::write(path("ca.pem"), &rig.certificate_pem).unwrap();
    std::fs::write(path("up"), &bytes).unwrap();
    let url = rig.url("/files/in/up");
    let run = async |arguments: &[&str]| curl(&rig, folder.path(), arguments).await;

    let (code, printed) = run(&["-T", "up", "-w", "%{http_code}", "-o", "answer", &url, "-v"]).await;
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("100 Continue"), "curl waited for the checks of the head: {printed}");
    let answer: serde_json::Value = serde_json::from_slice(&std::fs::read(path("answer")).unwrap()).unwrap();
    assert_eq!(answer["length"], 5_000_000);

    let (code, printed) = run(&["-o", "down", &url]).await;
    assert_eq!(code, 0, "{printed}");
    assert!(std::fs::read(path("down")).unwrap() == bytes);

    let (code, printed) = run(&["-o", "part", "-r", "1000-1999", "-w", "%{http_code}", &url]).await;
    assert_eq!((code, printed.as_str()), (0, "206"));
    assert!(std::fs::read(path("part")).unwrap() == bytes[1000..2000]);

    // Resuming a download that broke off.
    std::fs::write(path("resumed"), &bytes[..3_000_000]).unwrap();
    let (code, printed) = run(&["-C", "-", "-o", "resumed", &url]).await;
    assert_eq!(code, 0, "{printed}");
    assert!(std::fs::read(path("resumed")).unwrap() == bytes);

    let tag = format!("If-None-Match: {}", etag(&bytes));
    assert_eq!(run(&["-H", &tag, "-o", "none", "-w", "%{http_code}", &url]).await, (0, "304".to_owned()));

    rig.log.set("Files.maxSize", &(1_u64 << 20).to_string());
    let (_, printed) = run(&["-T", "up", "-o", "refused", "-w", "%{http_code} %{size_upload}", &url]).await;
    assert!(printed.starts_with("413 0"), "refused before the body: {printed}");
    let (code, printed) = run(&["-T", "up", "-H", "Expect:", "-o", "refused", "-w", "%{http_code}", &url]).await;
    assert!(printed.starts_with("413"), "the answer is seen though the body was not read: {code} {printed}");

    rig.log.set("Files.maxSize", &(1_u64 << 30).to_string());
    assert_eq!(run(&["-X", "DELETE", "-w", "%{http_code}", &url]).await, (0, "204".to_owned()));
}
