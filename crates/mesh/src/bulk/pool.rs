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
        self.check_header(&header)?;
        let lease = self.lease().await?;
        let connection = match self.take_idle(lease.generation) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok(UploadStream::new(connection, lease, Frame::new(Kind::Upload, 0, header)))
    }

    pub(crate) async fn download(&self, header: Bytes) -> Result<(Bytes, ChunkReader), CallError> {
        self.check_header(&header)?;
        let lease = self.lease().await?;
        let mut connection = self.ask(&lease, &Frame::new(Kind::Download, 0, header)).await?;
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

    fn check_header(&self, header: &Bytes) -> Result<(), CallError> {
        let limit_bytes = self.shared.admission.limits.bulk_header_max_bytes;
        if header.len() > limit_bytes {
            return Err(CallError::NotSent(NotSentReason::TooLong { length_bytes: header.len(), limit_bytes }));
        }
        Ok(())
    }

    /// Waits until there is room for one more stream.
    async fn lease(&self) -> Result<Lease, CallError> {
        let shared = &self.shared;
        let limit = shared.admission.limits.bulk_stall_timeout;
        let waited = tokio::time::timeout(limit, shared.streams.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = waited else { return Err(CallError::NotSent(NotSentReason::Deadline)) };
        let generation = *shared.admission.credentials.subscribe().borrow();
        Ok(Lease { shared: shared.clone(), generation, _permit: permit })
    }

    /// A connection on which the question is written.
    async fn ask(&self, lease: &Lease, question: &Frame) -> Result<BulkConnection, CallError> {
        // An idle connection may have died unnoticed; then a new one is made.
        while let Some(mut connection) = self.take_idle(lease.generation) {
            if connection.write(question).await.is_ok() {
                return Ok(connection);
            }
        }
        let mut connection = self.connect().await?;
        let written = connection.write(question).await;
        written.map_err(|error| CallError::NotSent(NotSentReason::NotConnected(error.to_string())))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<BulkConnection, CallError> {
        let shared = &self.shared;
        let admitted = dial(&*shared.network, &shared.admission, &shared.address, shared.peer, Lane::Bulk).await;
        let admitted = admitted.map_err(|error| CallError::NotSent(NotSentReason::NotConnected(error.to_string())))?;
        Ok(BulkConnection::new(admitted.stream, &shared.admission.limits, shared.stats.clone()))
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
