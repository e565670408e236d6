//! *Server Log*: what all nodes' processes say, as one.

use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use crate::api::{LogLevel, LogLineView, LogSourceView, NodeId, ServerLogQuery};
use crate::console::form::filled;
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::server_log;

const PATH: &str = "/console/log";
const LINES_SHOWN: usize = 100;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/log").get(show)).service(web::resource("/log/live").get(live));
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    node: String,
    level: String,
    contains: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "log.html")]
struct LogPage {
    frame: Frame,
    filter: Filter,
    /// Id and name.
    nodes: Vec<(String, String)>,
    live: Live,
    /// Where the lines are asked for again; none for what was earlier, which stays as it is.
    live_path: Option<String>,
    earlier: Option<String>,
}

impl LogPage {
    /// Value and name.
    fn levels(&self) -> [(&'static str, &'static str); 5] {
        [
            ("", "any level"),
            ("error", "error"),
            ("warn", "warn and worse"),
            ("info", "info and worse"),
            ("debug", "debug and worse"),
        ]
    }
}

#[derive(Template)]
#[template(path = "log_live.html")]
struct Live {
    lines: Vec<LogLineView>,
    nodes: Vec<LogSourceView>,
}

impl Live {
    fn tone(&self, level: &LogLevel) -> &'static str {
        match level {
            LogLevel::Error => "bad",
            LogLevel::Warn => "warn",
            _ => "",
        }
    }
}

/// The lines, and the cursor of earlier ones.
async fn read(visitor: &Visitor, filter: &Filter) -> Result<(Live, Option<String>), ApiError> {
    let node = filled(&filter.node).map(|text| {
        let node = text.parse().map(NodeId);
        node.map_err(|_| ApiError::invalid("node", "this is the id of no node"))
    });
    let query = ServerLogQuery {
        node: node.transpose()?,
        level: filled(&filter.level),
        contains: filled(&filter.contains),
        cursor: filled(&filter.cursor),
        limit: Some(LINES_SHOWN),
        ..ServerLogQuery::default()
    };
    let found = server_log::list(visitor.admin.clone(), visitor.read()?, web::Query(query)).await?.into_inner();
    Ok((Live { lines: found.items, nodes: found.nodes }, found.next_cursor))
}

async fn show(visitor: Visitor, request: HttpRequest, filter: web::Query<Filter>) -> Answer {
    let filter = filter.into_inner();
    let (live, next_cursor) = read(&visitor, &filter).await?;
    let query = without_cursor(request.query_string());
    let state = visitor.admin.view().state;
    let names =
        state.servers().iter().filter_map(|node| Some((node.to_string(), state.members.get(node)?.name.clone())));
    Ok(page(&LogPage {
        frame: visitor.frame("Server Log", Section::Log),
        nodes: names.collect(),
        live_path: filter.cursor.is_empty().then(|| format!("{PATH}/live?{query}")),
        earlier: next_cursor.map(|cursor| format!("{PATH}?{query}cursor={cursor}")),
        live,
        filter,
    }))
}

async fn live(visitor: Visitor, filter: web::Query<Filter>) -> Answer {
    Ok(page(&read(&visitor, &filter).await?.0))
}

/// The query, to which another pair can be added.
fn without_cursor(query: &str) -> String {
    let kept = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    kept.map(|pair| format!("{pair}&")).collect()
}
