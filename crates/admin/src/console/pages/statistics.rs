//! *Statistics*: what accounts have sent, and how the nodes fared in the last hour.

use actix_web::web;
use askama::Template;
use flotilla_model::AdministratorRole;
use serde::Deserialize;

use crate::api::{History, HistoryQuery, NodeHistory, Sample, Statistics, StatisticsQuery, from_ms, to_ms};
use crate::console::chart::{Chart, Line, Point, Unit};
use crate::console::form::filled;
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::{history, statistics};
use crate::server::now_ms;

const DAY_MS: u64 = 86_400_000;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/statistics").get(show)).service(web::resource("/statistics/nodes").get(nodes_live));
}

#[derive(Template)]
#[template(path = "statistics.html")]
struct StatisticsPage {
    frame: Frame,
    filter: Filter,
    found: Statistics,
    /// The cluster is none of a delegate's business.
    nodes: Option<Nodes>,
}

/// What is fetched anew all the time.
#[derive(Template)]
#[template(path = "statistics_nodes.html")]
struct Nodes {
    charts: Vec<Chart>,
    /// Nodes that have not answered, and why.
    silent: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(default)]
struct Filter {
    account: String,
    days: u64,
    per: String,
}

impl Default for Filter {
    fn default() -> Self {
        Self { account: String::new(), days: 7, per: "day".to_owned() }
    }
}

impl Filter {
    const PERIODS: [(u64, &'static str); 4] =
        [(1, "last 24 hours"), (7, "last 7 days"), (30, "last 30 days"), (365, "last 365 days")];
    const ROWS: [(&'static str, &'static str); 3] = [("hour", "hour"), ("day", "day"), ("period", "account")];

    fn periods(&self) -> &'static [(u64, &'static str)] {
        &Self::PERIODS
    }

    fn rows(&self) -> &'static [(&'static str, &'static str)] {
        &Self::ROWS
    }
}

impl StatisticsPage {
    /// Times of hours and days are those of UTC, as they are counted.
    fn begins(&self, at: &jiff::Timestamp) -> String {
        at.strftime(if self.found.per == "day" { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" }).to_string()
    }

    fn has_columns_of_time(&self) -> bool {
        self.found.per != "period"
    }

    /// What has left the logs, if that is within the period.
    fn missing(&self) -> Vec<(&'static str, jiff::Timestamp)> {
        let kept = [("transfers", self.found.transfers_complete_since), ("events", self.found.events_complete_since)];
        let within = kept.into_iter().filter_map(|(what, since)| Some((what, since?)));
        within.filter(|(_, since)| *since > self.found.since).collect()
    }
}

async fn show(visitor: Visitor, filter: web::Query<Filter>) -> Answer {
    let filter = filter.into_inner();
    let query = StatisticsQuery {
        account: filled(&filter.account),
        since: Some(from_ms(now_ms().saturating_sub(filter.days.saturating_mul(DAY_MS)))),
        until: None,
        per: filled(&filter.per),
    };
    let found = statistics::show(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner();
    let is_delegate = visitor.caller.role == AdministratorRole::Delegate;
    let nodes = if is_delegate { None } else { Some(read(&visitor).await?) };
    Ok(page(&StatisticsPage { frame: visitor.frame("Statistics", Section::Statistics), filter, found, nodes }))
}

async fn nodes_live(visitor: Visitor) -> Answer {
    Ok(page(&read(&visitor).await?))
}

async fn read(visitor: &Visitor) -> Result<Nodes, ApiError> {
    let query = web::Query(HistoryQuery::default());
    let found = history::show(visitor.admin.clone(), visitor.read()?, query).await?.into_inner();
    Ok(Nodes::new(found, from_ms(now_ms())))
}

impl Nodes {
    fn new(found: History, now: jiff::Timestamp) -> Self {
        let told = |node: &NodeHistory| node.failure.clone().map(|failure| (node.name.clone(), failure));
        let silent = found.nodes.iter().filter_map(told).collect();
        let chart = |title, note, unit, value: fn(&Sample) -> Option<f64>| {
            let lines = found
                .nodes
                .iter()
                .map(|node| Line { name: named(node, &found.nodes), points: points(&node.samples, value) });
            Chart::new(title, note, unit, now, lines.collect())
        };
        let charts = vec![
            chart("Processors", "kept busy by the process", Unit::Processors, |one| Some(one.process?.processors)),
            chart("Memory", "of the process", Unit::Bytes, |one| Some(one.process?.resident_bytes as f64)),
            chart("Uploads", "", Unit::PerSecond, |one| Some(one.uploads_per_s)),
            chart("Downloads", "", Unit::PerSecond, |one| Some(one.downloads_per_s)),
            chart("From partners", "", Unit::BytesPerSecond, |one| Some(one.bytes_in_per_s)),
            chart("To partners", "", Unit::BytesPerSecond, |one| Some(one.bytes_out_per_s)),
        ];
        Self { charts, silent }
    }
}

/// The host's name, with the number of the node where several nodes are on one host.
fn named(node: &NodeHistory, all: &[NodeHistory]) -> String {
    let is_shared = all.iter().filter(|other| other.name == node.name).count() > 1;
    if is_shared { format!("node {} · {}", node.node, node.name) } else { node.name.clone() }
}

/// One figure of samples over time.
pub(super) fn points(samples: &[Sample], value: impl Fn(&Sample) -> Option<f64>) -> Vec<Point> {
    samples.iter().filter_map(|sample| Some(Point { at_ms: to_ms(sample.at), value: value(sample)? })).collect()
}
