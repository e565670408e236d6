//! The log as it is written, as server-sent events.

use std::convert::Infallible;
use std::fmt::Write;
use std::time::Duration;

use actix_web::web::Bytes;
use futures::Stream;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};

use super::{Position, Wanted, since};
use crate::Admin;
use crate::api::{LogSourceView, ServerLog};
use crate::server::{Caller, now_ms};

/// Lines are in no log that tells of its changes: nodes are asked.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// A line without meaning, so that both sides notice when the other has gone.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(15);
/// Then the client comes again by itself, and shows again who it is.
const LIFE: Duration = Duration::from_secs(300);

struct Followed {
    admin: Admin,
    caller: Caller,
    wanted: Wanted,
    position: Position,
    /// Of each node whether it was missing: told of when it changes.
    missing: Option<Vec<bool>>,
    ends_at: Instant,
    asked_at: Instant,
    sent_at: Instant,
    _place: OwnedSemaphorePermit,
}

/// What is said from now on, or behind `position`.
///
/// It ends when the server stops, when the caller may not look any more, and after [`LIFE`].
pub(crate) fn stream(
    admin: Admin,
    caller: Caller,
    wanted: Wanted,
    position: Option<Position>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let now = Instant::now();
    let from_now = || {
        let nodes = wanted.nodes(&admin).into_iter().map(|(node, _)| node);
        Position::at(now_ms().saturating_mul(1000), nodes)
    };
    let followed = Followed {
        position: position.unwrap_or_else(from_now),
        wanted,
        missing: None,
        ends_at: now + LIFE,
        asked_at: now,
        sent_at: now,
        admin,
        caller,
        _place: place,
    };
    unfold(followed, |mut followed| async move {
        let text = next(&mut followed).await?;
        followed.sent_at = Instant::now();
        Some((Ok(Bytes::from(text)), followed))
    })
}

/// Waits for what is said next; `None`: it is over.
async fn next(followed: &mut Followed) -> Option<String> {
    let mut stopping = followed.admin.stopping();
    loop {
        // The first question is asked at once: it tells which nodes answer.
        if followed.missing.is_some() {
            tokio::select! {
                _ = stopping.wait_for(|is_stopping| *is_stopping) => return None,
                () = sleep_until(followed.asked_at + ASK_EVERY) => {}
            }
        }
        followed.asked_at = Instant::now();
        let state = followed.admin.view().state;
        if Instant::now() >= followed.ends_at || !followed.caller.is_in_force(&state, now_ms()) {
            return None;
        }
        let (log, position) = since(&followed.admin, &followed.wanted, followed.position.clone()).await;
        followed.position = position;
        let text = told(&log, &mut followed.missing);
        if !text.is_empty() {
            return Some(text);
        }
        if followed.sent_at.elapsed() >= SIGN_OF_LIFE_EVERY {
            return Some(":\n\n".to_owned());
        }
    }
}

/// An event for each line, and one when a node has gone missing or is there again.
fn told(log: &ServerLog, missing: &mut Option<Vec<bool>>) -> String {
    let mut text = String::new();
    let now: Vec<bool> = log.nodes.iter().map(|node| node.failure.is_some()).collect();
    if missing.as_ref() != Some(&now) {
        event::<[LogSourceView]>(&mut text, "nodes", &log.position, log.items.is_empty(), &log.nodes);
        *missing = Some(now);
    }
    // Whoever comes again begins behind all of them or none: only the last has the id.
    for (index, line) in log.items.iter().enumerate() {
        event(&mut text, "line", &log.position, index + 1 == log.items.len(), line);
    }
    text
}

fn event<T: Serialize + ?Sized>(text: &mut String, name: &str, id: &str, has_id: bool, data: &T) {
    let _ = writeln!(text, "event: {name}");
    if has_id {
        let _ = writeln!(text, "id: {id}");
    }
    // JSON of one line: it needs no splitting.
    let _ = write!(text, "data: {}\n\n", serde_json::to_string(data).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use flotilla_model::NodeId;

    use super::*;
    use crate::api::{LogLevel, LogLineView, from_us};

    fn log(messages: &[&str], failure: Option<&str>) -> ServerLog {
        let line = |message: &&str| LogLineView {
            node: NodeId(1),
            at: from_us(17),
            level: LogLevel::Warn,
            target: "t".to_owned(),
            message: (*message).to_owned(),
            fields: Default::default(),
        };
        let failure = failure.map(str::to_owned);
        let source =
            LogSourceView { node: NodeId(1), name: "a".to_owned(), kept: None, lost: None, oldest_at: None, failure };
        let items = messages.iter().map(line).collect();
        ServerLog { items, next_cursor: None, position: "1-17".to_owned(), nodes: vec![source] }
    }

    #[test]
    fn nodes_are_told_of_when_they_go_and_come() {
        let mut missing = None;
        let first = told(&log(&[], None), &mut missing);
        assert!(first.starts_with("event: nodes\nid: 1-17\ndata: [{"), "{first}");
        assert_eq!(told(&log(&[], None), &mut missing), "");
        assert!(told(&log(&[], Some("it is down")), &mut missing).contains("it is down"));
        let again = told(&log(&["a\nb", "c"], None), &mut missing);
        let names: Vec<_> = again.lines().filter(|line| line.starts_with("event: ")).collect();
        assert_eq!(names, ["event: nodes", "event: line", "event: line"]);
        assert_eq!(again.matches("id: 1-17").count(), 1, "{again}");
        assert!(again.contains(r"a\nb") && again.ends_with("\n\n"), "{again}");
    }
}
