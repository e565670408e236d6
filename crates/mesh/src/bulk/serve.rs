//! The serving side of a bulk connection: streams one after another until it is idle for too long.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use flotilla_model::NodeId;
use futures::FutureExt;
use tokio_util::sync::CancellationToken;

use crate::bulk::chunks::ChunkReader;
use crate::bulk::connection::{BulkConnection, application};
use crate::bulk::download::ChunkWriter;
use crate::error::{CODE_ANSWER_TOO_LONG, CODE_PANIC, Refusal};
use crate::handler::Handler;
use crate::handshake::{Admission, Admitted};
use crate::stats::Stats;
use crate::wire::frame::{Frame, Kind};
use crate::wire::refused::{RefusedBody, RefusedClass};

/// Serves a connection to its end. A stream in flight when the process stops is cut with it: its sender sees an error.
pub(crate) async fn serve(
    admitted: Admitted,
    admission: &Admission,
    handler: Arc<dyn Handler>,
    stop: &CancellationToken,
) {
    let connection = BulkConnection::new(admitted.stream, &admission.limits, Arc::new(Stats::default()));
    tokio::select! {
        // A peer that is no longer trusted gets not one chunk more.
        biased;
        () = admission.distrusted(&admitted.chain) => {
            tracing::warn!(peer = admitted.peer.node_id.0, "bulk connection cut: its certificate is no longer trusted");
        }
        () = streams(connection, admitted.peer.node_id, handler, stop) => {}
    }
}

async fn streams(mut connection: BulkConnection, from: NodeId, handler: Arc<dyn Handler>, stop: &CancellationToken) {
    loop {
        // Longer than the dialling side keeps it, so that the dialler is the one to drop it.
        let idle_timeout = connection.limits().bulk_idle_timeout * 2;
        let opening = tokio::select! {
            // A stream that has not begun when the process stops does not begin.
            biased;
            () = stop.cancelled() => return,
            opening = tokio::time::timeout(idle_timeout, connection.reader.next()) => opening,
        };
        let Ok(Ok(opening)) = opening else { return };
        let served = match opening.kind {
            Kind::Upload => upload(connection, from, opening.body, &*handler).await,
            Kind::Download => download(connection, from, opening.body, &*handler).await,
            _ => {
                tracing::warn!(peer = from.0, "bulk connection cut: a stream must begin with its header");
                return;
            }
        };
        match served {
            Some(next) => connection = next,
            None => return,
        }
    }
}

/// Serves an upload; returns the connection if it is in order for the next stream.
async fn upload(
    connection: BulkConnection,
    from: NodeId,
    header: Bytes,
    handler: &dyn Handler,
) -> Option<BulkConnection> {
    let answer_max_bytes = connection.limits().bulk_header_max_bytes;
    let mut chunks = ChunkReader::new(connection, None);
    let outcome = AssertUnwindSafe(handler.upload(from, header, &mut chunks)).catch_unwind().await;
    let (mut connection, whole) = chunks.into_connection()?;
    match outcome {
        Ok(Ok(answer)) if whole && answer.len() <= answer_max_bytes => {
            connection.write(&Frame::new(Kind::Response, 0, answer)).await.ok()?;
            Some(connection)
        }
        Ok(Ok(_)) => {
            let text = if whole { "its answer is too long" } else { "it did not read the stream to its end" };
            connection.refuse(RefusedBody::new(RefusedClass::Unknown, CODE_ANSWER_TOO_LONG, text)).await;
            None
        }
        Ok(Err(refusal)) if whole => connection.refuse_and_keep(application(refusal)).await,
        Ok(Err(refusal)) => {
            connection.refuse(application(refusal)).await;
            None
        }
        Err(_) => {
            connection.refuse(panicked(from)).await;
            None
        }
    }
}

async fn download(
    connection: BulkConnection,
    from: NodeId,
    header: Bytes,
    handler: &dyn Handler,
) -> Option<BulkConnection> {
    let mut sink = ChunkWriter::new(connection);
    match AssertUnwindSafe(handler.download(from, header, &mut sink)).catch_unwind().await {
        Ok(Ok(())) if sink.started() => sink.finish().await,
        Ok(Ok(())) => {
            let refusal = Refusal::new(CODE_ANSWER_TOO_LONG, "the download was never started");
            sink.into_connection().refuse_and_keep(application(refusal)).await
        }
        Ok(Err(refusal)) if !sink.started() => sink.into_connection().refuse_and_keep(application(refusal)).await,
        Ok(Err(refusal)) => {
            sink.into_connection().refuse(application(refusal)).await;
            None
        }
        Err(_) => {
            sink.into_connection().refuse(panicked(from)).await;
            None
        }
    }
}

fn panicked(from: NodeId) -> RefusedBody {
    tracing::error!(peer = from.0, "a stream handler panicked");
    RefusedBody::new(RefusedClass::Unknown, CODE_PANIC, "its handler panicked")
}
