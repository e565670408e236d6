//! How fast uploads and downloads are, TLS and disk included: `cargo test --release -p flotilla-gateway --test https --
//! --ignored --nocapture speed`. Client, gateway and two nodes' stores share one process and one disk.

use std::time::Instant;

use bytes::Bytes;
use futures::{StreamExt, stream};

use crate::rig::{bytes_of, rig};

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn speed_of_small_uploads() {
    let rig = rig().await;
    let body = bytes_of(64 << 10, 1);
    rig.put("/files/first", body.clone()).await;
    for clients in [1, 8, 32] {
        let begin = Instant::now();
        let count = 4000;
        stream::iter(0..count)
            .map(|number| {
                let (rig, body) = (&rig, body.clone());
                async move {
                    let response = rig.put(&format!("/files/{clients}/{number}"), body).await;
                    assert_eq!(response.status(), 201);
                }
            })
            .buffer_unordered(clients)
            .for_each(async |()| {})
            .await;
        let took = begin.elapsed();
        eprintln!("{clients} clients: {:.0} uploads of 64 KiB a second", f64::from(count) / took.as_secs_f64());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn speed_of_a_large_file() {
    let rig = rig().await;
    let piece = bytes_of(MIB, 1);
    let pieces = 1024;
    let body =
        reqwest::Body::wrap_stream(stream::iter((0..pieces).map(move |_| Ok::<Bytes, std::io::Error>(piece.clone()))));
    let begin = Instant::now();
    let request = rig.ask("PUT", "/files/large").header("content-length", pieces * MIB).body(body);
    assert_eq!(request.send().await.unwrap().status(), 201);
    eprintln!("upload: {:.0} MiB/s", pieces as f64 / begin.elapsed().as_secs_f64());

    let begin = Instant::now();
    let mut response = rig.ask("GET", "/files/large").send().await.unwrap();
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        length += chunk.len();
    }
    assert_eq!(length, pieces * MIB);
    eprintln!("download: {:.0} MiB/s", pieces as f64 / begin.elapsed().as_secs_f64());
}
