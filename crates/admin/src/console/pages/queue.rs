//! *Event Queue*: depth, lanes, and lists of events by state.

use actix_web::{HttpRequest, web};
use askama::Template;
use jiff::Timestamp;
use serde::Deserialize;

use super::next_page;
use super::statistics::points;
use crate::api::{EventQuery, EventStatistics, EventView, LaneChange, LaneQuery, LaneView, Sample, from_ms};
use crate::console::chart::{Chart, Line, Unit};
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::history;
use crate::resources::{events, lanes};
use crate::server::{Body, IfMatch, now_ms};

const PATH: &str = "/console/queue";
const LANES_SHOWN: usize = 50;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/queue").get(show))
        .service(web::resource("/queue/live").get(live))
        .service(web::resource("/queue/charts").get(charts))
        .service(web::resource("/queue/events").get(list))
        .service(web::resource("/queue/lane").post(change_lane));
}

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    frame: Frame,
    charts: Charts,
    live: Live,
}

#[derive(Template)]
#[template(path = "queue_live.html")]
struct Live {
    statistics: EventStatistics,
    lanes: Vec<LaneView>,
    has_more_lanes: bool,
    may_operate: bool,
    csrf: String,
}

impl Live {
    /// Name, number, class of the tile and the state to list.
    fn tiles(&self) -> [(&'static str, u64, &'static str, &'static str); 6] {
        let queue = &self.statistics.queue;
        let alarm = |count: u64| if count > 0 { "bad" } else { "" };
        [
            ("Ready", queue.ready, "", "ready"),
            ("In work", queue.leased, "", "leased"),
            ("Waiting", queue.waiting, "", "waiting"),
            ("Blocked", queue.blocked, "", "blocked"),
            ("Dead letters", queue.dead, alarm(queue.dead), "dead"),
            ("Outcome unknown", queue.outcome_unknown, alarm(queue.outcome_unknown), "outcome-unknown"),
        ]
    }

    fn fill_percent(&self) -> u64 {
        let room = &self.statistics.room;
        let share = |used: u64, most: u64| used.saturating_mul(100).checked_div(most).unwrap_or(0);
        share(room.events, room.events_max).max(share(room.data_bytes, room.data_bytes_max)).min(100)
    }
}

async fn read(visitor: &Visitor, frame: &Frame) -> Result<Live, ApiError> {
    let statistics = events::statistics(visitor.admin.clone(), visitor.read()?).await.into_inner();
    let query = LaneQuery { limit: Some(LANES_SHOWN), ..LaneQuery::default() };
    let lanes = lanes::list(visitor.admin.clone(), visitor.read()?, web::Query(query)).await?.into_inner();
    Ok(Live {
        statistics,
        has_more_lanes: lanes.next_cursor.is_some(),
        lanes: lanes.items,
        may_operate: frame.may_operate,
        csrf: frame.csrf.clone(),
    })
}

async fn show(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Event Queue", Section::Queue);
    let live = read(&visitor, &frame).await?;
    Ok(page(&QueuePage { frame, charts: draw(&visitor).await?, live }))
}

/// The last hour, as the node saw it that runs longest.
#[derive(Template)]
#[template(path = "queue_charts.html")]
struct Charts {
    events: Chart,
    age: Chart,
    rate: Chart,
}

impl Charts {
    fn new(samples: &[Sample], now: Timestamp) -> Self {
        let line = |name: &str, value: fn(&Sample) -> f64| Line {
            name: name.to_owned(),
            points: points(samples, |sample| Some(value(sample))),
        };
        let events = vec![
            line("ready", |one| one.queue.ready as f64),
            line("in work", |one| one.queue.leased as f64),
            line("waiting", |one| (one.queue.waiting + one.queue.blocked) as f64),
            line("need a person", |one| (one.queue.dead + one.queue.outcome_unknown) as f64),
        ];
        let age = vec![line("oldest ready", |one| one.queue.oldest_ready_age_ms as f64)];
        let rate = vec![line("published", |one| one.published_per_s), line("completed", |one| one.completed_per_s)];
        Self {
            events: Chart::new("Events", "", Unit::Count, now, events),
            age: Chart::new("Age", "of the oldest ready event", Unit::Milliseconds, now, age),
            rate: Chart::new("Throughput", "", Unit::PerSecond, now, rate),
        }
    }
}

async fn draw(visitor: &Visitor) -> Result<Charts, ApiError> {
    visitor.read()?;
    Ok(Charts::new(&history::longest(&visitor.admin).await, from_ms(now_ms())))
}

async fn charts(visitor: Visitor) -> Answer {
    Ok(page(&draw(&visitor).await?))
}

async fn live(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Event Queue", Section::Queue);
    Ok(page(&read(&visitor, &frame).await?))
}

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    frame: Frame,
    filter: Filter,
    events: Vec<EventView>,
    next: Option<String>,
}

const STATES: [(&str, &str); 7] = [
    ("", "any state"),
    ("ready", "ready"),
    ("waiting", "waiting"),
    ("blocked", "blocked"),
    ("leased", "in work"),
    ("dead", "dead letter"),
    ("outcome-unknown", "outcome unknown"),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    state: String,
    account: String,
    lane: String,
    kind: String,
    reason: String,
    cursor: Option<u64>,
}

impl Filter {
    /// What may be done to all of them at once: in this state, or in each that it names.
    fn deeds(&self) -> &'static [(&'static str, &'static str)] {
        match self.state.as_str() {
            "dead" => &[("retry", "Retry all"), ("discard", "Discard all")],
            "outcome-unknown" => &[("discard", "Discard all")],
            "waiting" => &[("retry", "Retry all now"), ("cancel", "Cancel all")],
            "ready" | "blocked" => &[("cancel", "Cancel all")],
            _ => &[],
        }
    }

    fn states(&self) -> &'static [(&'static str, &'static str)] {
        &STATES
    }
}

async fn list(visitor: Visitor, request: HttpRequest, filter: web::Query<Filter>) -> Answer {
    let filter = filter.into_inner();
    let query = EventQuery {
        cursor: filter.cursor,
        state: filled(&filter.state),
        account: filled(&filter.account),
        lane: filled(&filter.lane),
        kind: filled(&filter.kind),
        reason: filled(&filter.reason),
        ..EventQuery::default()
    };
    let found = events::list(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner();
    Ok(page(&EventsPage {
        frame: visitor.frame("Events", Section::Queue),
        next: next_page("/console/queue/events", request.query_string(), found.next_cursor),
        filter,
        events: found.items,
    }))
}

#[derive(Deserialize)]
struct LaneForm {
    lane: String,
    weight: Option<u32>,
    is_paused: Option<bool>,
}

async fn change_lane(Form { visitor, fields }: Form<LaneForm>) -> Answer {
    let change = LaneChange { weight: fields.weight, is_paused: fields.is_paused };
    lanes::change(visitor.admin.clone(), visitor.operate()?, web::Path::from(fields.lane), IfMatch(None), Body(change))
        .await?;
    Ok(see_other(&format!("{PATH}?done=lane-changed")))
}
