//! The answering side of a connection. The reader never waits for a handler: what it has no room for is refused at
//! once as "not processed", so that a busy lane still reads cancellations and pings.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use flotilla_pki::Fingerprint;
use futures::FutureExt;
use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

use crate::error::{CODE_BUSY, CODE_SHUTDOWN};
use crate::handler::Handler;
use crate::handshake::{Admission, Admitted};
use crate::rpc::fair::first_of;
use crate::rpc::jobs::Jobs;
use crate::rpc::ping::{ConnectionEnd, farewell, goodbye, linger, watch_silence};
use crate::stats::Stats;
use crate::wire::cut::CutReason;
use crate::wire::frame::{Frame, Kind};
use crate::wire::outbox::{Outbox, PushError};
use crate::wire::reader::FrameReader;
use crate::wire::refused::{RefusedBody, RefusedClass};
use crate::wire::writer::write_all;

/// What a served connection is given from outside.
pub(crate) struct Serving {
    pub(crate) handler: Arc<dyn Handler>,
    /// The process stops: running requests are finished, new ones refused.
    pub(crate) stop: CancellationToken,
    /// The peer has opened a newer connection for this lane: it asks nothing more on this one, and what it has asked is
    /// answered.
    pub(crate) superseded: CancellationToken,
    /// And yet another one: this connection has had its time.
    pub(crate) expired: CancellationToken,
}

impl Serving {
    /// Returns when a connection that was followed by another one is to end.
    async fn over(&self, grace: Duration) {
        self.superseded.cancelled().await;
        let _ = tokio::time::timeout(grace, self.expired.cancelled()).await;
    }
}

/// Serves a connection to its end.
pub(crate) async fn serve(admitted: Admitted, admission: &Admission, serving: Serving) -> ConnectionEnd {
    let peer = admitted.peer;
    let lane_limits = admission.limits.lane(peer.lane);
    let stats = Arc::new(Stats::default());
    stats.heard();
    let (read, mut write) = tokio::io::split(admitted.stream);
    let mut reader = FrameReader::new(read, lane_limits.body_max_bytes, stats.clone());
    let outbox = Arc::new(Outbox::default());
    let mut jobs = Jobs::new(serving.handler.clone(), peer.clone(), lane_limits, outbox.clone());
    let end = {
        let writing = write_all(&mut write, &outbox, &admission.limits, &stats).fuse();
        let mut writing = std::pin::pin!(writing);
        let traffic =
            first_of(read_requests(&mut reader, &mut jobs, &outbox), writing.as_mut().map(ConnectionEnd::from));
        let end = tokio::select! {
            // What is rare and needs no budget goes before what may be ready at every poll.
            biased;
            () = serving.stop.cancelled() => ConnectionEnd::Stopped,
            () = serving.over(admission.limits.drain_timeout) => ConnectionEnd::Cut(CutReason::Superseded),
            () = admission.distrusted(&admitted.chain) => ConnectionEnd::Cut(CutReason::Distrusted),
            never = tell_of_another_certificate(admission, admitted.chain.own(), &outbox) => match never {},
            end = watch_silence(&lane_limits, &stats) => end,
            end = traffic => end,
        };
        if end == ConnectionEnd::Stopped {
            let traffic = first_of(refuse_requests(&mut reader, &outbox), writing.as_mut().map(drop));
            tokio::select! {
                // Once the requests have ended there is nothing to wait for.
                biased;
                () = jobs.drain(admission.limits.drain_timeout) => {}
                () = traffic => {}
            }
        }
        if end.can_be_told() {
            outbox.finish(goodbye(&end));
            farewell(&mut writing).await;
        } else if let ConnectionEnd::Cut(reason) = &end {
            admission.remember_cut(peer.node_id, peer.lane, *reason);
        }
        end
    };
    outbox.close();
    if end.can_be_told() {
        linger(&mut reader, &mut write).await;
    }
    end
}

/// The dialling side cannot know that this node has another certificate; it makes the new connection.
async fn tell_of_another_certificate(admission: &Admission, shown: Fingerprint, outbox: &Outbox) -> Infallible {
    admission.shows_another(shown).await;
    // A queue that takes nothing more belongs to a connection that ends anyway.
    let _ = outbox.push_control(Frame::bare(Kind::Renew, 0));
    std::future::pending().await
}

async fn read_requests<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    jobs: &mut Jobs,
    outbox: &Outbox,
) -> ConnectionEnd {
    loop {
        let frame = tokio::select! {
            // What has ended makes room first. It cannot starve the reader: each request ends once.
            biased;
            () = jobs.one_ended() => continue,
            frame = reader.next() => frame,
        };
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => return error.into(),
        };
        let pushed = match frame.kind {
            Kind::Request => {
                let id = frame.id;
                if jobs.begin(frame) { Ok(()) } else { outbox.push_control(not_processed(id, CODE_BUSY)) }
            }
            Kind::Cancel => {
                jobs.cancel(frame.id);
                Ok(())
            }
            Kind::Ping => outbox.push_control(Frame::bare(Kind::Pong, frame.id)),
            Kind::Pong => Ok(()),
            Kind::Goodbye => return ConnectionEnd::CutByPeer(CutReason::from_code(frame.id)),
            _ => return ConnectionEnd::Cut(CutReason::Malformed),
        };
        match pushed {
            Ok(()) | Err(PushError::Closed) => {}
            Err(PushError::Flooded) => return ConnectionEnd::Cut(CutReason::Flood),
        }
    }
}

/// While the last requests are finished: everything new is refused as not processed.
async fn refuse_requests<R: AsyncRead + Unpin>(reader: &mut FrameReader<R>, outbox: &Outbox) {
    while let Ok(frame) = reader.next().await {
        if frame.kind == Kind::Request && outbox.push_control(not_processed(frame.id, CODE_SHUTDOWN)).is_err() {
            return;
        }
    }
}

fn not_processed(id: u64, code: u16) -> Frame {
    Frame::new(Kind::Refused, id, RefusedBody::new(RefusedClass::NotProcessed, code, "").encode())
}
