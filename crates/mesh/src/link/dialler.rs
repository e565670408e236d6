//! One link: dials, runs the connection, dials again. It is the only one that dials this peer for this lane.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::NodeId;
use futures::FutureExt;
use futures::future::OptionFuture;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::DialError;
use crate::handshake::{Admission, Admitted, HandshakeError};
use crate::lane::Lane;
use crate::link::backoff::Backoff;
use crate::link::reachability::DialFailure;
use crate::link::status::{LinkState, LinkStatus};
use crate::link::succession::{PAUSE_MAX, PAUSE_MIN, Terms};
use crate::network::Network;
use crate::rpc::{ConnectionEnd, RequestClient};
use crate::stats::{Stats, wall_clock_ms};

/// What happened to a link, for whoever derives the peer's health from it.
pub(crate) enum LinkEvent<'a> {
    Connected,
    Ended(&'a ConnectionEnd),
    DialFailed(DialFailure),
}

/// One lane to one peer.
pub(crate) struct Link {
    peer: NodeId,
    address: String,
    lane: Lane,
    stats: Arc<Stats>,
    /// The connection in use; `None` between connections.
    current: watch::Sender<Option<RequestClient>>,
    progress: Mutex<Progress>,
    /// Ends a pause early.
    pub(crate) redial: Notify,
}

struct Progress {
    state: LinkState,
    since_ms: u64,
    last_error: Option<String>,
    connections: u64,
    successions: u64,
    software_version: Option<String>,
}

/// A connection that runs: its client, the way to end it, and its end.
struct Running<'a> {
    client: RequestClient,
    stop: CancellationToken,
    end: Pin<Box<dyn Future<Output = ConnectionEnd> + Send + 'a>>,
}

impl Link {
    pub(crate) fn new(peer: NodeId, address: String, lane: Lane) -> Self {
        let progress = Progress {
            state: LinkState::Connecting,
            since_ms: wall_clock_ms(),
            last_error: None,
            connections: 0,
            successions: 0,
            software_version: None,
        };
        Self {
            peer,
            address,
            lane,
            stats: Arc::default(),
            current: watch::channel(None).0,
            progress: Mutex::new(progress),
            redial: Notify::new(),
        }
    }

    /// The connection in use, or why there is none.
    pub(crate) fn client(&self) -> Result<RequestClient, String> {
        let client = self.current.borrow().clone();
        client.ok_or_else(|| self.progress.lock().last_error.clone().unwrap_or_else(|| "connecting".to_owned()))
    }

    /// Waits for a connection.
    pub(crate) async fn connected(&self) {
        // The sender is a field of this link, so it cannot be gone.
        let _ = self.current.subscribe().wait_for(Option::is_some).await;
    }

    pub(crate) fn status(&self) -> LinkStatus {
        let progress = self.progress.lock();
        LinkStatus {
            peer: self.peer,
            address: self.address.clone(),
            lane: self.lane,
            state: progress.state,
            since_ms: progress.since_ms,
            round_trip_us: self.stats.round_trip_us(),
            last_error: progress.last_error.clone(),
            connections: progress.connections,
            successions: progress.successions,
            in_flight: self.current.borrow().as_ref().map_or(0, RequestClient::in_flight),
            sent_bytes: self.stats.sent_bytes(),
            received_bytes: self.stats.received_bytes(),
            software_version: progress.software_version.clone(),
        }
    }

    /// Keeps the link up until `stop`. Owner: the peer entry that holds the token.
    pub(crate) async fn run(
        &self,
        network: &dyn Network,
        admission: &Admission,
        stop: &CancellationToken,
        seed: u64,
        mut on_event: impl FnMut(LinkEvent<'_>),
    ) {
        let limits = &admission.limits;
        let mut backoff = Backoff::new(limits.redial_pause_min, limits.redial_pause_max, seed);
        while !stop.is_cancelled() {
            self.enter(LinkState::Connecting, None);
            let dialled = tokio::select! {
                // Who stops needs no new connection.
                biased;
                () = stop.cancelled() => return,
                dialled = dial(network, admission, &self.address, self.peer, self.lane) => dialled,
            };
            let pause = match dialled {
                Ok(admitted) => {
                    let started = Instant::now();
                    let end = self.connection(network, admitted, admission, stop, &mut on_event).await;
                    tracing::info!(peer = self.peer.0, lane = ?self.lane, %end, "link ended");
                    on_event(LinkEvent::Ended(&end));
                    self.progress.lock().last_error = Some(end.to_string());
                    backoff.after_connection(started.elapsed())
                }
                Err(error) => {
                    tracing::debug!(peer = self.peer.0, lane = ?self.lane, %error, "link not established");
                    on_event(LinkEvent::DialFailed(failure_of(&error)));
                    self.progress.lock().last_error = Some(error.to_string());
                    backoff.after_failure()
                }
            };
            self.pause(pause, &mut backoff, stop).await;
        }
    }

    /// Runs a connection, and the ones that take over from it, until one of them ends by itself.
    async fn connection(
        &self,
        network: &dyn Network,
        admitted: Admitted,
        admission: &Admission,
        stop: &CancellationToken,
        on_event: &mut impl FnMut(LinkEvent<'_>),
    ) -> ConnectionEnd {
        if let Some(reason) = admitted.previous_cut {
            tracing::warn!(peer = self.peer.0, lane = ?self.lane, %reason, "the peer had cut this node off");
        }
        self.enter(LinkState::Connected, Some(&admitted));
        let mut terms = Terms::of(&admitted.chain);
        let mut running = self.start(admitted, admission, stop);
        self.current.send_replace(Some(running.client.clone()));
        on_event(LinkEvent::Connected);
        let mut retiring = OptionFuture::default();
        loop {
            let mut successor = pin!(self.successor(network, admission, terms, running.client.clone()));
            let admitted = loop {
                tokio::select! {
                    // What is rare and needs no budget goes before what may be ready at every poll.
                    biased;
                    end = &mut running.end => {
                        self.current.send_replace(None);
                        return end;
                    }
                    Some(()) = &mut retiring => retiring = OptionFuture::default(),
                    admitted = &mut successor => break admitted,
                }
            };
            terms = Terms::of(&admitted.chain);
            let next = self.start(admitted, admission, stop);
            self.current.send_replace(Some(next.client.clone()));
            self.succeeded();
            tracing::debug!(peer = self.peer.0, lane = ?self.lane, "a new connection has taken over");
            // One that still retires is dropped: its calls are told so.
            retiring =
                Some(retire(std::mem::replace(&mut running, next), admission.limits.drain_timeout).boxed()).into();
        }
    }

    fn start<'a>(&'a self, admitted: Admitted, admission: &'a Admission, stop: &CancellationToken) -> Running<'a> {
        let client = RequestClient::new(admission.limits.lane(self.lane));
        let stop = stop.child_token();
        let (runs, stops) = (client.clone(), stop.clone());
        let end = Box::pin(async move { runs.run(admitted, admission, &self.stats, &stops).await });
        Running { client, stop, end }
    }

    /// Waits until the terms of a connection are over, and makes the one that takes over.
    async fn successor(
        &self,
        network: &dyn Network,
        admission: &Admission,
        terms: Terms,
        client: RequestClient,
    ) -> Admitted {
        let mut pause = PAUSE_MIN;
        tokio::select! {
            biased;
            () = client.peer_shows_another() => {}
            () = terms.over(admission) => {}
        }
        loop {
            // It is never closed. One connection of this node moves at a time.
            let turn = admission.succession.acquire().await;
            match dial(network, admission, &self.address, self.peer, self.lane).await {
                Ok(admitted) => return admitted,
                Err(error) => {
                    drop(turn);
                    tracing::warn!(peer = self.peer.0, lane = ?self.lane, %error, "no connection can take over from this one yet");
                    self.progress.lock().last_error =
                        Some(format!("no connection can take over from this one: {error}"));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    fn succeeded(&self) {
        let mut progress = self.progress.lock();
        progress.successions += 1;
        progress.last_error = None;
    }

    async fn pause(&self, pause: Duration, backoff: &mut Backoff, stop: &CancellationToken) {
        if pause.is_zero() {
            return;
        }
        self.enter(LinkState::Waiting, None);
        tokio::select! {
            // News of the peer counts also when it comes with the end of the pause.
            biased;
            () = stop.cancelled() => {}
            () = self.redial.notified() => backoff.reset(),
            () = tokio::time::sleep(pause) => {}
        }
    }

    fn enter(&self, state: LinkState, admitted: Option<&Admitted>) {
        let mut progress = self.progress.lock();
        if progress.state != state {
            progress.state = state;
            progress.since_ms = wall_clock_ms();
        }
        progress.software_version = admitted.map(|admitted| admitted.peer.software_version.clone());
        if let Some(admitted) = admitted {
            progress.connections += 1;
            progress.last_error = admitted.previous_cut.map(|reason| format!("the peer had cut us off: {reason}"));
        }
    }
}

/// Lets a connection answer what it was asked, and ends it.
async fn retire(mut running: Running<'_>, timeout: Duration) {
    running.client.retire();
    tokio::select! {
        biased;
        _ = &mut running.end => return,
        () = running.client.answered() => {}
        () = tokio::time::sleep(timeout) => {}
    }
    running.stop.cancel();
    running.end.await;
}

/// Connects to a peer for a lane.
pub(crate) async fn dial(
    network: &dyn Network,
    admission: &Admission,
    address: &str,
    peer: NodeId,
    lane: Lane,
) -> Result<Admitted, DialError> {
    let stream = match tokio::time::timeout(admission.limits.connect_timeout, network.dial(address)).await {
        Err(_) => return Err(DialError::Timeout { address: address.to_owned() }),
        Ok(result) => result.map_err(|source| DialError::Connect { address: address.to_owned(), source })?,
    };
    let admitted = admission.dial(stream, peer, lane).await;
    admitted.map_err(|source| DialError::Handshake { address: address.to_owned(), source })
}

fn failure_of(error: &DialError) -> DialFailure {
    match error {
        error if error.is_connection_refused() => DialFailure::Refused,
        DialError::Timeout { .. } | DialError::Connect { .. } => DialFailure::NoAnswer,
        DialError::Handshake { source: HandshakeError::Deadline { .. } | HandshakeError::Lost { .. }, .. } => {
            DialFailure::NoAnswer
        }
        DialError::Handshake { .. } => DialFailure::Rejected,
    }
}
