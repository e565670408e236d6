//! The real curl, as partners use it.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::rig::{PASSWORD, Rig, bytes_of, etag, rig};

/// curl, as `ann`.
fn command(rig: &Rig, folder: &std::path::Path, arguments: &[&str]) -> Command {
    let port = rig.gateway.local_addr().port();
    let mut command = Command::new("curl");
    command
        .current_dir(folder)
        .args(["--silent", "--show-error", "--noproxy", "*", "--cacert", "ca.pem"])
        .args(["--resolve", &format!("localhost:{port}:127.0.0.1"), "--user", &format!("ann:{PASSWORD}")])
        .args(arguments)
        .kill_on_drop(true);
    command
}

/// Runs curl in a folder; gives its exit code and what it printed.
async fn curl(rig: &Rig, folder: &std::path::Path, arguments: &[&str]) -> (i32, String) {
    let output =
        command(rig, folder, arguments).args(["--max-time", "30"]).stdin(Stdio::null()).output().await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn curl_publishes_and_follows_on_streams() {
    let rig = rig().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &rig.certificate_pem).unwrap();
    let url = rig.url("/events/stream");

    let mut following = command(&rig, folder.path(), &["-N", &format!("{url}?after=0&kind=order.*")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut frames = BufReader::new(following.stdout.take().unwrap()).lines();
    assert_eq!(frames.next_line().await.unwrap().unwrap(), "retry: 1000");

    // A dot for standard input lets curl read answers while it waits for input. (With --max-time it would not.)
    let arguments = ["-N", "-T", ".", "-X", "POST", "-H", "Content-Type: application/x-ndjson", &url];
    let mut publishing =
        command(&rig, folder.path(), &arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut up = publishing.stdin.take().unwrap();
    let mut answers = BufReader::new(publishing.stdout.take().unwrap()).lines();
    for number in 1..=3 {
        up.write_all(format!("{{\"kind\":\"order.created\",\"data\":{number}}}\n").as_bytes()).await.unwrap();
        assert_eq!(answers.next_line().await.unwrap().unwrap(), format!("{{\"id\":{number}}}"));
        let frame = loop {
            let line = frames.next_line().await.unwrap().unwrap();
            if let Some(data) = line.strip_prefix("data: ") {
                break serde_json::from_str::<serde_json::Value>(data).unwrap();
            }
        };
        assert_eq!((frame["id"].as_u64(), frame["data"].as_u64()), (Some(number), Some(number)));
    }
    drop(up);
    assert_eq!(answers.next_line().await.unwrap(), None);
    assert!(publishing.wait().await.unwrap().success());
    following.kill().await.unwrap();

    // A dash reads standard input to its end, so the answers come at the latest then.
    std::fs::write(folder.path().join("events"), "{\"kind\":\"a\",\"data\":1}\nnonsense\n".repeat(500)).unwrap();
    let from = std::fs::File::open(folder.path().join("events")).unwrap();
    let arguments = ["-N", "-T", "-", "-X", "POST", "-H", "Content-Type: application/x-ndjson", &url];
    let output = command(&rig, folder.path(), &arguments).stdin(from).output().await.unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().filter(|line| line.starts_with("{\"id\":")).count(), 500);
    assert_eq!(answers.lines().filter(|line| line.contains("bad-event")).count(), 500);
}
