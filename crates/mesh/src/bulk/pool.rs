//! The bulk connections to one peer: as many as streams at once, up to a bound; idle ones are reused.

use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bulk::chunks::ChunkReader;
use crate::bulk::connection::{BulkConnection, KEPT};
use crate::bulk::upload::UploadStream;
use crate::error::{CallError, NotSentReason, UnknownReason};
use crate::handshake::Admission;
use crate::lane::Lane;
use crate::link::dial;
use crate::network::Network;
use crate::stats::Stats;
use crate::wire::frame::{Frame, Kind};
use crate::wire::refused::RefusedBody;

pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    peer: NodeId,
    address: String,
    network: Arc<dyn Network>,
    admission: Arc<Admission>,
    stats: Arc<Stats>,
    /// One permit a stream.
    streams: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
    /// The peer was removed: nothing is kept any more.
    stop: CancellationToken,
}

struct Idle {
    connection: BulkConnection,
    since: Instant,
    /// Of the credentials under which it was made; after a change a new connection is made instead.
    generation: u64,
}

/// The right to one stream; gives the connection back when the stream ended in order.
pub(super) struct Lease {
    shared: Arc<Shared>,
    generation: u64,
    _permit: OwnedSemaphorePermit,
}

impl Lease {
    pub(super) fn give_back(self, connection: BulkConnection) {
        let mut idle = self.shared.idle.lock();
        if idle.len() < self.shared.admission.limits.bulk_idle_max && !self.shared.stop.is_cancelled() {
            idle.push(Idle { connection, since: Instant::now(), generation: self.generation });
        }
    }
}

impl Pool {
    pub(crate) fn new(
        peer: NodeId,
        address: String,
        network: Arc<dyn Network>,
        admission: Arc<Admission>,
        stop: CancellationToken,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(admission.limits.bulk_streams_max));
        let stats = Arc::default();
        let idle = Mutex::default();
        Self { shared: Arc::new(Shared { peer, address, network, admission, stats, streams, idle, stop }) }
    }

    pub(crate) async fn upload(&self, header: Bytes) -> Result<UploadStream, CallError> {
        let (connection, lease) = self.open(Kind::Upload, header).await?;
        Ok(UploadStream::new(connection, lease))
    }

    pub(crate) async fn download(&self, header: Bytes) -> Result<(Bytes, ChunkReader), CallError> {
        let (mut connection, lease) = self.open(Kind::Download, header).await?;
        let frame = connection.read().await?;
        match frame.kind {
            Kind::Header => Ok((frame.body, ChunkReader::new(connection, Some(lease)))),
            Kind::Refused => {
                if frame.id == KEPT {
                    lease.give_back(connection);
                }
                Err(RefusedBody::decode(frame.body).into())
            }
            _ => Err(CallError::Unknown(UnknownReason::Malformed)),
        }
    }

    async fn open(&self, kind: Kind, header: Bytes) -> Result<(BulkConnection, Lease), CallError> {
        let shared = &self.shared;
        let limits = &shared.admission.limits;
        if header.len() > limits.bulk_header_max_bytes {
            let reason =
                NotSentReason::TooLong { length_bytes: header.len(), limit_bytes: limits.bulk_header_max_bytes };
            return Err(CallError::NotSent(reason));
        }
        let waited = tokio::time::timeout(limits.bulk_stall_timeout, shared.streams.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = waited else { return Err(CallError::NotSent(NotSentReason::Deadline)) };
        let generation = *shared.admission.credentials.subscribe().borrow();
        let lease = Lease { shared: shared.clone(), generation, _permit: permit };
        let frame = Frame::new(kind, 0, header);
        // An idle connection may have died unnoticed; then a new one is made.
        while let Some(mut connection) = self.take_idle(generation) {
            if connection.write(&frame).await.is_ok() {
                return Ok((connection, lease));
            }
        }
        let not_connected = |text: String| CallError::NotSent(NotSentReason::NotConnected(text));
        let admitted = dial(&*shared.network, &shared.admission, &shared.address, shared.peer, Lane::Bulk)
            .await
            .map_err(|error| not_connected(error.to_string()))?;
        let mut connection = BulkConnection::new(admitted.stream, limits, shared.stats.clone());
        connection.write(&frame).await.map_err(|error| not_connected(error.to_string()))?;
        Ok((connection, lease))
    }

    fn take_idle(&self, generation: u64) -> Option<BulkConnection> {
        let limits = &self.shared.admission.limits;
        let mut idle = self.shared.idle.lock();
        idle.retain(|entry| entry.generation == generation && entry.since.elapsed() < limits.bulk_idle_timeout);
        while let Some(mut entry) = idle.pop() {
            if entry.connection.reader.is_quiet() {
                return Some(entry.connection);
            }
        }
        None
    }

    /// Drops the idle connections.
    pub(crate) fn close(&self) {
        self.shared.idle.lock().clear();
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    pub(crate) fn streams(&self) -> usize {
        self.shared.admission.limits.bulk_streams_max - self.shared.streams.available_permits()
    }
}
