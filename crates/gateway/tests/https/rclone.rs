//! The real rclone, over WebDAV and over the listing in HTML. Needs `rclone` in the path.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::rig::{PASSWORD, Rig, bytes_of, rig};

async fn rclone(rig: &Rig, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("rclone")
        .current_dir(folder)
        .env("RCLONE_CONFIG", folder.join("none.conf"))
        .env("RCLONE_CONFIG_DAV_TYPE", "webdav")
        .env("RCLONE_CONFIG_DAV_URL", rig.url("/files/"))
        .env("RCLONE_CONFIG_DAV_VENDOR", "other")
        .env("RCLONE_CONFIG_DAV_USER", "ann")
        .env("RCLONE_CONFIG_DAV_PASS", obscured(folder).await)
        .env("RCLONE_CONFIG_WEB_TYPE", "http")
        .env(
            "RCLONE_CONFIG_WEB_URL",
            rig.url("/files/").replace("https://", &format!("https://ann:{}@", PASSWORD.replace(' ', "%20"))),
        )
        .args(["--ca-cert", "ca.pem", "--retries", "1", "--low-level-retries", "1"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "rclone {arguments:?}: {printed}");
    printed
}

/// The password in the form in which rclone wants it.
async fn obscured(folder: &Path) -> String {
    let output = Command::new("rclone").current_dir(folder).args(["obscure", PASSWORD]).output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_copies_lists_moves_and_removes() {
    let rig = rig().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), &rig.certificate_pem).unwrap();
    std::fs::write(folder.path().join("none.conf"), "").unwrap();
    let local = folder.path().join("local");
    std::fs::create_dir_all(local.join("sub/deep")).unwrap();
    for (name, length) in [("a b.txt", 5), ("ä&+%.bin", 300_000), ("sub/deep/large", 12_000_000), ("sub/empty", 0)] {
        std::fs::write(local.join(name), bytes_of(length, length as u64)).unwrap();
    }
    let run = async |arguments: &[&str]| rclone(&rig, folder.path(), arguments).await;

    run(&["copy", "local", "dav:in"]).await;
    run(&["check", "--download", "local", "dav:in"]).await;
    let printed = run(&["copy", "-v", "local", "dav:in"]).await;
    assert!(printed.contains("nothing to transfer"), "a second copy does nothing: {printed}");
    let listed = run(&["lsf", "-R", "dav:in"]).await;
    for name in ["a b.txt", "ä&+%.bin", "sub/", "sub/deep/", "sub/deep/large", "sub/empty"] {
        assert!(listed.lines().any(|line| line == name), "{name} in {listed}");
    }
    run(&["check", "--download", "local", "web:in"]).await;
    run(&["copy", "web:in", "from-web"]).await;
    run(&["moveto", "dav:in/a b.txt", "dav:out/c d.txt"]).await;
    assert_eq!(run(&["cat", "dav:out/c d.txt"]).await.len(), String::from_utf8_lossy(&bytes_of(5, 5)).len());
    run(&["deletefile", "dav:in/sub/empty"]).await;
    run(&["delete", "dav:in"]).await;
    assert_eq!(run(&["lsf", "-R", "dav:"]).await, "out/\nout/c d.txt\n");
}
