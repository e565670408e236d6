//! Two nodes over TCP on loopback: a request and its answer, and a stream of bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use criterion::{Criterion, Throughput};
use flotilla_mesh::{
    ChunkReader, ChunkWriter, Handler, Identity, Lane, Mesh, MeshConfig, PeerRole, Refusal, TcpNetwork,
};
use flotilla_model::NodeId;
use flotilla_pki::{Authority, ClusterSecret, CredentialsHandle, SecretHandle, SecretSet};

use crate::{RECORD_BYTES, runtime, tls};

const SECOND: NodeId = NodeId(2);
const TIMEOUT: Duration = Duration::from_secs(20);
const UPLOADED_BYTES: usize = 16 << 20;
const CHUNK_BYTES: usize = 1 << 20;

pub(crate) fn measure(criterion: &mut Criterion) {
    let runtime = runtime();
    let (first, _second) = runtime.block_on(pair());
    let mut group = criterion.benchmark_group("mesh");
    group.throughput(Throughput::Elements(1));
    let record = Bytes::from(vec![7; RECORD_BYTES]);
    group.bench_function("round-trip-1kib", |bencher| {
        bencher.iter(|| runtime.block_on(first.call(SECOND, Lane::Control, record.clone(), TIMEOUT)).unwrap());
    });
    group.throughput(Throughput::Bytes(UPLOADED_BYTES as u64));
    let chunk = Bytes::from(vec![7; CHUNK_BYTES]);
    group.bench_function("upload-16mib", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let mut stream = first.upload(SECOND, "measured").await.unwrap();
                for _ in 0..UPLOADED_BYTES / CHUNK_BYTES {
                    stream.send(chunk.clone()).await.unwrap();
                }
                stream.finish().await.unwrap()
            })
        });
    });
    group.finish();
    runtime.block_on(first.shutdown());
}

/// Node 1, which dials node 2.
async fn pair() -> (Mesh, Mesh) {
    let (authority, secret) = (tls::authority(), ClusterSecret::generate().unwrap());
    let (first, second) = (node(1, &authority, &secret).await, node(2, &authority, &secret).await);
    first.set_peers(BTreeMap::from([(SECOND, second.local_address().to_owned())]));
    first.connected(SECOND, Lane::Control, TIMEOUT).await.unwrap();
    (first, second)
}

async fn node(number: u64, authority: &Authority, secret: &ClusterSecret) -> Mesh {
    let identity = Identity {
        node_id: NodeId(number),
        role: PeerRole::Member,
        cluster_id: "parts".to_owned(),
        software_version: "0.1.0".to_owned(),
    };
    let mut config = MeshConfig::new(identity, "127.0.0.1:0");
    config.network = Arc::new(TcpNetwork);
    let credentials = CredentialsHandle::new(tls::credentials(authority, number));
    let secrets = SecretHandle::new(SecretSet::new(secret.clone()));
    Mesh::bind(config, credentials, secrets, Arc::new(Service)).await.unwrap()
}

/// Sends requests back, and counts the bytes of streams.
struct Service;

#[async_trait]
impl Handler for Service {
    async fn request(&self, _: NodeId, _: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        Ok(body)
    }

    async fn upload(&self, _: NodeId, _: Bytes, chunks: &mut ChunkReader) -> Result<Bytes, Refusal> {
        let mut bytes = 0;
        while let Some(chunk) = chunks.next().await.map_err(|error| Refusal::new(400, error.to_string()))? {
            bytes += chunk.len();
        }
        Ok(Bytes::from(bytes.to_string()))
    }

    async fn download(&self, _: NodeId, _: Bytes, _: &mut ChunkWriter) -> Result<(), Refusal> {
        Err(Refusal::new(404, "nothing to download"))
    }
}
