//! The accepting side: takes connections in, admits them, and serves them by lane.
//!
//! Bounds: handshakes at once (the next waits in the listen queue), admitted connections (the next is refused as
//! busy), one connection a peer and request lane (a newer one replaces the older, which may finish what it has begun).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::bulk;
use crate::handler::Handler;
use crate::handshake::{Admission, Admitted, HandshakeError};
use crate::identity::PeerIdentity;
use crate::lane::Lane;
use crate::network::{BoxedStream, Listener};
use crate::rpc::{Serving, serve};
use crate::tasks::Tasks;

/// Out of descriptors or memory: waiting a little lets others close some, spinning does not.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// A dialler may take a connection for admitted whose last message has not arrived here yet: at shutdown it gets so
/// long to arrive, so that this peer too is told goodbye.
const STOP_GRACE: Duration = Duration::from_millis(200);

pub(crate) struct Acceptor {
    admission: Arc<Admission>,
    handler: Arc<dyn Handler>,
    handshakes: Arc<Semaphore>,
    connections: Arc<Semaphore>,
    /// The connection of each peer and request lane that is in use, to be replaced by a newer one.
    newest: Mutex<HashMap<(NodeId, Lane), Place>>,
    /// Every connection's task; the mesh waits for it at shutdown.
    tasks: Tasks,
    signals: Signals,
}

/// The connection in use, and the one before it, which may still answer what it was asked.
struct Place {
    superseded: CancellationToken,
    expired: CancellationToken,
    former_expired: Option<CancellationToken>,
}

/// How a mesh ends.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    /// In order: nothing new, finish, say goodbye.
    pub(crate) stop: CancellationToken,
    /// At once.
    pub(crate) cut: CancellationToken,
}

impl Acceptor {
    pub(crate) fn new(admission: Arc<Admission>, handler: Arc<dyn Handler>, tasks: Tasks, signals: Signals) -> Self {
        let handshakes = Arc::new(Semaphore::new(admission.limits.handshakes_max));
        let connections = Arc::new(Semaphore::new(admission.limits.connections_max));
        Self { admission, handler, handshakes, connections, newest: Mutex::default(), tasks, signals }
    }

    /// Accepts until the mesh stops; dropping the listener then closes the port.
    pub(crate) async fn run(self: Arc<Self>, listener: Arc<dyn Listener>) {
        loop {
            let Ok(permit) = self.handshakes.clone().acquire_owned().await else { return };
            let accepted = tokio::select! {
                // A mesh that stops takes in nothing new, however much waits.
                biased;
                () = self.signals.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    let acceptor = self.clone();
                    // Ends with its connection, or when the mesh stops.
                    self.tasks.spawn(async move {
                        tokio::select! {
                            biased;
                            () = acceptor.signals.cut.cancelled() => {}
                            () = acceptor.connection(stream, address, permit) => {}
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cluster listener cannot accept");
                    tokio::time::sleep(ACCEPT_ERROR_PAUSE).await;
                }
            }
        }
    }

    async fn connection(&self, stream: BoxedStream, address: String, handshake: OwnedSemaphorePermit) {
        let mut room = None;
        let admit = |peer: &PeerIdentity| {
            let permit = self.connections.clone().try_acquire_owned();
            room = Some(permit.map_err(|_| HandshakeError::Busy { claimed: peer.node_id })?);
            Ok(())
        };
        let admitted = tokio::select! {
            // A peer that is admitted at the last moment is told goodbye; one that is dropped is not.
            biased;
            admitted = self.admission.accept(stream, admit) => admitted,
            () = self.stopped_for(STOP_GRACE) => return,
        };
        drop(handshake);
        match admitted {
            Ok(admitted) => self.serve(admitted).await,
            // Port scanners and lost connections are no news; a peer that got as far as a hello is.
            Err(error) if error.refusal().is_none() => tracing::debug!(%address, %error, "connection refused"),
            Err(error) => tracing::warn!(%address, %error, "connection refused"),
        }
    }

    async fn stopped_for(&self, grace: Duration) {
        self.signals.stop.cancelled().await;
        tokio::time::sleep(grace).await;
    }

    async fn serve(&self, admitted: Admitted) {
        let PeerIdentity { node_id, lane, .. } = admitted.peer;
        if let Some(reason) = admitted.previous_cut {
            tracing::warn!(peer = node_id.0, ?lane, %reason, "the peer had cut this node off");
        }
        if lane == Lane::Bulk {
            return bulk::serve(admitted, &self.admission, self.handler.clone(), &self.signals.stop).await;
        }
        let (superseded, expired) = (CancellationToken::new(), CancellationToken::new());
        let place = Place { superseded: superseded.clone(), expired: expired.clone(), former_expired: None };
        self.take_place(node_id, lane, place);
        let handler = self.handler.clone();
        let serving = Serving { handler, stop: self.signals.stop.clone(), superseded: superseded.clone(), expired };
        let end = serve(admitted, &self.admission, serving).await;
        tracing::debug!(peer = node_id.0, ?lane, %end, "served connection ended");
        if !superseded.is_cancelled() {
            self.newest.lock().remove(&(node_id, lane));
        }
    }

    /// At most two connections of a peer and lane are open: the newest, and the one before it for a while.
    fn take_place(&self, node: NodeId, lane: Lane, mut place: Place) {
        let mut newest = self.newest.lock();
        if let Some(older) = newest.remove(&(node, lane)) {
            older.superseded.cancel();
            if let Some(former) = older.former_expired {
                former.cancel();
            }
            place.former_expired = Some(older.expired);
        }
        newest.insert((node, lane), place);
    }
}
