//! `flotilla queue`

mod bulk;
mod json_text;
mod lanes;
mod list;
mod select;
mod show;
mod stats;

use anyhow::Result;
use flotilla_admin::api::{LaneChange, Resolution};

use super::route::read_steps;
use super::{call, route};
use crate::cli::QueueCommand;
use crate::connection::connect;
use crate::output::{Format, answer};
use crate::watch;

use bulk::Operation;
pub(super) use stats::room_text;

pub(super) async fn run(command: QueueCommand, format: Format) -> Result<()> {
    use QueueCommand as Q;
    match command {
        Q::Stats { connection, watch } => {
            let client = connect(&connection)?;
            let ask = async || call(client.event_statistics().await);
            watch::show(&watch, format, &client, ask, stats::text).await
        }
        Q::List { connection, watch, filter, limit, cursor } => {
            let client = connect(&connection)?;
            let ask = async || list::collect(&client, select::query(&filter), limit as usize, cursor).await;
            watch::show(&watch, format, &client, ask, list::text).await
        }
        Q::Show { connection, watch, id } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.event(id).await), show::text).await
        }
        Q::Retry { connection, selection, steps } => {
            let client = connect(&connection)?;
            let steps = if steps.steps.is_empty() { None } else { Some(read_steps(&steps)?) };
            bulk::run(&client, Operation::Retry { steps }, &selection, format).await
        }
        Q::Cancel { connection, selection } => {
            bulk::run(&connect(&connection)?, Operation::Cancel, &selection, format).await
        }
        Q::Discard { connection, selection } => {
            bulk::run(&connect(&connection)?, Operation::Discard, &selection, format).await
        }
        Q::Resolve { connection, ids, answer } => {
            let resolution = if answer.happened { Resolution::Happened } else { Resolution::DoItAgain };
            bulk::change(&connect(&connection)?, &Operation::Resolve(resolution), &ids, format).await
        }
        Q::Lanes { connection, watch, all, limit } => {
            let client = connect(&connection)?;
            let ask = async || lanes::collect(&client, all, limit, format).await;
            watch::show(&watch, format, &client, ask, lanes::text).await
        }
        Q::Lane { connection, watch, lane } => {
            let client = connect(&connection)?;
            watch::show(&watch, format, &client, async || call(client.lane(&lane).await), lanes::one).await
        }
        Q::Pause { connection, lane } => {
            let change = LaneChange { is_paused: Some(true), weight: None };
            let done = call(connect(&connection)?.set_lane(&lane, &change).await)?;
            answer(format, &done, |_| format!("the lane {lane} is paused"))
        }
        Q::Resume { connection, lane } => {
            let change = LaneChange { is_paused: Some(false), weight: None };
            let done = call(connect(&connection)?.set_lane(&lane, &change).await)?;
            answer(format, &done, |_| format!("the lane {lane} goes on"))
        }
        Q::Weight { connection, lane, weight } => {
            let change = LaneChange { is_paused: None, weight: Some(weight) };
            let done = call(connect(&connection)?.set_lane(&lane, &change).await)?;
            answer(format, &done, |_| format!("the lane {lane} has weight {weight}"))
        }
    }
}
