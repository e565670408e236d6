//! The stream of one client, as server-sent events.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use actix_web::web::Bytes;
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use super::marks::Marks;
use crate::Admin;
use crate::api::{Change, ChangeKind, NodeStanding, QueueStatus};
use crate::ports::LedgerView;
use crate::resources::standings;
use crate::server::{Caller, now_ms};

/// Streams of one node. Beyond it a client is told to ask again later, or another node.
pub(crate) const STREAMS_MAX: usize = 32;
/// Changes that follow each other faster are told of together.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// The standing of nodes is in no log: it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A line without meaning, so that both sides notice when the other has gone.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(15);
/// Then the client comes again by itself, and shows again who it is.
const LIFE: Duration = Duration::from_secs(300);

struct Watched {
    admin: Admin,
    caller: Caller,
    marks: Marks,
    index: u64,
    nodes: Vec<NodeStanding>,
    ends_at: Instant,
    looked_at: Instant,
    sent_at: Instant,
    _place: OwnedSemaphorePermit,
}

/// The events of a client that has seen everything up to `seen`, if it says so.
///
/// It ends when the server stops, when the caller may not look any more, and after [`LIFE`].
pub(crate) fn stream(
    admin: Admin,
    caller: Caller,
    seen: Option<u64>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let view = admin.view();
    let now = Instant::now();
    let watched = Watched {
        marks: Marks::of(&view.state),
        index: view.index,
        nodes: standings(&admin, &view),
        ends_at: now + LIFE,
        looked_at: now,
        sent_at: now,
        admin,
        caller,
        _place: place,
    };
    let first = present(&watched, &view, seen);
    unfold((watched, Some(first)), |(mut watched, first)| async move {
        let text = match first {
            Some(text) => text,
            None => next(&mut watched).await?,
        };
        watched.sent_at = Instant::now();
        Some((Ok(Bytes::from(text)), (watched, None)))
    })
}

/// What a client has to read that begins. Of equal indexes the states are equal, on whichever node; what happened between two
/// indexes is not kept, so from any other it reads all.
fn present(watched: &Watched, view: &LedgerView, seen: Option<u64>) -> String {
    let kinds = if seen == Some(view.index) { vec![ChangeKind::Nodes] } else { ChangeKind::ALL.to_vec() };
    let change = Change { log_index: view.index, kinds, queue: Some(queue(view)), nodes: Some(watched.nodes.clone()) };
    format!("retry: 1000\n{}", event("present", &change))
}

fn queue(view: &LedgerView) -> QueueStatus {
    view.state.queue_statistics().into()
}

/// Waits for the next change; `None`: it is over.
async fn next(watched: &mut Watched) -> Option<String> {
    let mut stopping = watched.admin.stopping();
    loop {
        let earliest = watched.looked_at + AT_MOST_EVERY;
        tokio::select! {
            _ = stopping.wait_for(|is_stopping| *is_stopping) => return None,
            () = sleep_until(watched.looked_at + LOOK_EVERY) => {}
            () = later(watched, earliest) => {}
        }
        watched.looked_at = Instant::now();
        let view = watched.admin.view();
        if Instant::now() >= watched.ends_at || !watched.caller.is_in_force(&view.state, now_ms()) {
            return None;
        }
        if let Some(text) = compared(watched, &view) {
            return Some(text);
        }
        if watched.sent_at.elapsed() >= SIGN_OF_LIFE_EVERY {
            return Some(":\n\n".to_owned());
        }
    }
}

/// Until the state has gone on, and not earlier than that.
async fn later(watched: &Watched, earliest: Instant) {
    watched.admin.parts().ledger.later_than(watched.index).await;
    sleep_until(earliest).await;
}

fn compared(watched: &mut Watched, view: &LedgerView) -> Option<String> {
    let (marks, nodes) = (Marks::of(&view.state), standings(&watched.admin, view));
    let mut kinds = marks.since(&watched.marks);
    let moved = nodes != watched.nodes;
    if moved {
        kinds.insert(0, ChangeKind::Nodes);
    }
    (watched.marks, watched.index) = (marks, view.index);
    watched.nodes.clone_from(&nodes);
    if kinds.is_empty() {
        return None;
    }
    let queue = kinds.contains(&ChangeKind::Queue).then(|| queue(view));
    let change = Change { log_index: view.index, kinds, queue, nodes: moved.then_some(nodes) };
    Some(event("change", &change))
}

fn event(name: &str, change: &Change) -> String {
    let mut text = format!("event: {name}\nid: {}\n", change.log_index);
    // JSON of one line: it needs no splitting.
    let _ = write!(text, "data: {}\n\n", serde_json::to_string(change).unwrap_or_default());
    text
}
