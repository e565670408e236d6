//! Every node is asked at once; one that does not answer in time is named instead of its lines.

use flotilla_model::NodeId;
use futures::future::join_all;

use super::merge::{Cursor, newest, oldest};
use super::position::Position;
use crate::Admin;
use crate::api::{LogLevel, LogSourceView, ServerLog, from_us};
use crate::nodes::{LogLines, LogRequest, NodeAnswer, NodeRequest};
use crate::server::now_ms;

/// Which lines are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) node: Option<NodeId>,
    pub(crate) level: LogLevel,
    pub(crate) since_us: Option<u64>,
    /// In lower case.
    pub(crate) contains: Option<String>,
    pub(crate) limit: usize,
}

impl Wanted {
    /// The nodes that are meant, in their order, with their names.
    pub(super) fn nodes(&self, admin: &Admin) -> Vec<(NodeId, String)> {
        admin.named_nodes(self.node)
    }

    fn request(&self) -> LogRequest {
        let Self { level, since_us, contains, limit, .. } = self.clone();
        LogRequest { level, since_us, contains, limit, ..LogRequest::default() }
    }
}

/// A page behind a place, newest first.
pub(crate) async fn page(admin: &Admin, wanted: &Wanted, cursor: Option<Cursor>) -> ServerLog {
    let begun_us = now_ms().saturating_mul(1000);
    let ask = |node: NodeId| LogRequest { before_us: cursor.map(|cursor| cursor.before_us(node)), ..wanted.request() };
    let asked = ask_all(admin, wanted, ask).await;
    let mut position = Position::at(begun_us, asked.iter().map(|(node, ..)| *node));
    for (node, _, answer) in &asked {
        if let Ok(lines) = answer {
            position.advance(*node, lines.newest_us);
        }
    }
    let (nodes, answers) = told(asked);
    let (items, next) = newest(answers, wanted.limit);
    ServerLog { items, next_cursor: next.map(|cursor| cursor.to_string()), position: position.to_string(), nodes }
}

/// What was said behind a position, oldest first.
pub(crate) async fn since(admin: &Admin, wanted: &Wanted, mut position: Position) -> (ServerLog, Position) {
    let ask = |node: NodeId| LogRequest { after_us: Some(position.of(node)), ..wanted.request() };
    let asked = ask_all(admin, wanted, ask).await;
    for (node, _, answer) in &asked {
        match answer {
            Ok(LogLines { lines, has_more: true, .. }) => {
                position.advance(*node, lines.last().map_or(position.of(*node), |line| line.at_us));
            }
            // A process that has started anew, on a clock that was set back, has no later line than that.
            Ok(lines) => position.advance(*node, lines.newest_us),
            // It is asked for the same again.
            Err(_) => position.advance(*node, position.of(*node)),
        }
    }
    let (nodes, answers) = told(asked);
    let log = ServerLog { items: oldest(answers), next_cursor: None, position: position.to_string(), nodes };
    (log, position)
}

type Asked = (NodeId, String, Result<LogLines, String>);

async fn ask_all(admin: &Admin, wanted: &Wanted, request: impl Fn(NodeId) -> LogRequest) -> Vec<Asked> {
    let ask = |(node, name): (NodeId, String)| {
        let asked = admin.ask_patiently(node, NodeRequest::LogLines(request(node)));
        async move {
            let answer = match asked.await {
                Ok(NodeAnswer::LogLines(lines)) => Ok(lines),
                Ok(_) => Err("it answered something else".to_owned()),
                Err(failure) => Err(failure),
            };
            (node, name, answer)
        }
    };
    join_all(wanted.nodes(admin).into_iter().map(ask)).await
}

fn told(asked: Vec<Asked>) -> (Vec<LogSourceView>, Vec<(NodeId, LogLines)>) {
    let (mut nodes, mut answers) = (Vec::new(), Vec::new());
    for (node, name, answer) in asked {
        let mut source = LogSourceView { node, name, kept: None, lost: None, oldest_at: None, failure: None };
        match answer {
            Ok(lines) => {
                (source.kept, source.lost) = (Some(lines.kept), Some(lines.lost));
                source.oldest_at = Some(lines.oldest_us).filter(|at_us| *at_us > 0).map(from_us);
                answers.push((node, lines));
            }
            Err(reason) => source.failure = Some(reason),
        }
        nodes.push(source);
    }
    (nodes, answers)
}
