//! A connection of the network in memory: two buffers, and a carrier for each direction.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio_util::sync::CancellationToken;

use super::Shared;

/// Bytes that a connection holds in each direction before its writer waits; like a socket buffer.
const BUFFER_BYTES: usize = 64 * 1024;

struct Carrier {
    read: ReadHalf<DuplexStream>,
    write: WriteHalf<DuplexStream>,
    from: String,
    to: String,
    shared: Arc<Shared>,
}

/// Joins two nodes; returns the ends for the first and for the second.
pub(super) fn connect(shared: &Arc<Shared>, ends: [&str; 2], over: CancellationToken) -> (DuplexStream, DuplexStream) {
    let (near, near_carrier) = tokio::io::duplex(BUFFER_BYTES);
    let (far, far_carrier) = tokio::io::duplex(BUFFER_BYTES);
    let (near_read, near_write) = tokio::io::split(near_carrier);
    let (far_read, far_write) = tokio::io::split(far_carrier);
    let carrier = |read, write, [from, to]: [&str; 2]| Carrier {
        read,
        write,
        from: from.to_owned(),
        to: to.to_owned(),
        shared: shared.clone(),
    };
    let forth = carrier(near_read, far_write, ends);
    let back = carrier(far_read, near_write, [ends[1], ends[0]]);
    // Ends when both directions are at their end, or the connection is broken.
    tokio::spawn(async move {
        let _over = over.clone().drop_guard();
        tokio::select! {
            // What is on its way when a process dies is lost.
            biased;
            () = over.cancelled() => {}
            _ = async { tokio::join!(forth.run(), back.run()) } => {}
        }
    });
    (near, far)
}

impl Carrier {
    async fn run(mut self) {
        let mut piece = vec![0; 16 * 1024];
        loop {
            let length = self.read.read(&mut piece).await.unwrap_or(0);
            let delay = self.shared.weather.delay();
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            self.shared.weather.joined(&self.from, &self.to).await;
            if length == 0 {
                // Passes the end on; an error means that the other side is gone already.
                let _ = self.write.shutdown().await;
                return;
            }
            if self.write.write_all(&piece[..length]).await.is_err() {
                return;
            }
        }
    }
}
