//! What the others are held against: one processor, one disk, one pair of sockets, without any code of ours.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;

use criterion::{Criterion, Throughput};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{RECORD_BYTES, runtime};

const HASHED_BYTES: usize = 1 << 20;
const APPENDED_BYTES: usize = 4096;
const WRITTEN_BYTES: usize = 16 << 20;

pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reference");
    group.throughput(Throughput::Bytes(HASHED_BYTES as u64));
    let bytes = vec![7u8; HASHED_BYTES];
    group.bench_function("sha256-1mib", |bencher| {
        bencher.iter(|| ring::digest::digest(&ring::digest::SHA256, black_box(&bytes)));
    });

    group.throughput(Throughput::Bytes(WRITTEN_BYTES as u64));
    let dir = tempfile::tempdir().unwrap();
    group.bench_function("write-and-sync-16mib", |bencher| {
        bencher.iter(|| {
            let mut file = File::create(dir.path().join("written")).unwrap();
            for _ in 0..WRITTEN_BYTES / HASHED_BYTES {
                file.write_all(&bytes).unwrap();
            }
            file.sync_data().unwrap();
        });
    });

    group.throughput(Throughput::Elements(1));
    let mut file = File::create(dir.path().join("appended")).unwrap();
    group.bench_function("append-and-sync-4kib", |bencher| {
        bencher.iter(|| {
            file.write_all(&bytes[..APPENDED_BYTES]).unwrap();
            file.sync_data().unwrap();
        });
    });

    let runtime = runtime();
    let mut stream = runtime.block_on(echo());
    let mut record = vec![7u8; RECORD_BYTES];
    group.bench_function("loopback-round-trip-1kib", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                stream.write_all(&record).await.unwrap();
                stream.read_exact(&mut record).await.unwrap();
            });
        });
    });
    group.finish();
}

/// A connection whose other end sends everything back.
async fn echo() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut other, _) = listener.accept().await.unwrap();
    for end in [&stream, &other] {
        end.set_nodelay(true).unwrap();
    }
    tokio::spawn(async move {
        let mut buffer = [0; RECORD_BYTES];
        // Ends with the connection.
        while other.read_exact(&mut buffer).await.is_ok() && other.write_all(&buffer).await.is_ok() {}
    });
    stream
}
