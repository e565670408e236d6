//! `statistics`: what accounts have sent and what became of it, by hour or day.

use actix_web::web;
use flotilla_model::AccountName;

use super::name_in_path;
use crate::Admin;
use crate::api::{Statistics, StatisticsQuery, from_ms, to_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::{ReadOf, now_ms};
use crate::statistics::{Per, TooManyRows, Wanted, count};

const PERIOD_DEFAULT_MS: u64 = 7 * 86_400_000;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Logs);
    routes
        .get("/statistics", show)
        .named("getStatistics", "What accounts have sent and what became of it, by hour or day")
        .explained(
            "Counted from the transfer log and the journal of applications' events when it is asked for: what has left them is not \
             counted, and the answer says from when on nothing has. A file counts at the time when it was stored, an event when it was \
             published, both in the state in which they are now. An event that follows up on a file is told of by its transfer.",
        );
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<StatisticsQuery>,
) -> Result<web::Json<Statistics>, ApiError> {
    let account = query.account.as_deref().map(name_in_path).transpose()?;
    if let Some(account) = &account {
        scope.require(account)?;
    }
    let wanted = wanted(&query)?;
    let state = admin.view().state;
    let is_wanted = move |name: &AccountName| scope.covers(name) && account.as_ref().is_none_or(|only| only == name);
    // A log of millions of rows takes seconds.
    let counted = web::block(move || count(&state, &wanted, is_wanted)).await;
    let counted = counted.map_err(|error| ApiError::internal(error.to_string()))?;
    counted.map(web::Json).map_err(|TooManyRows { limit }| {
        ApiError::invalid("since", format!("there are more than {limit} rows"))
            .mend("ask for a shorter period, for one account, or with per=day or per=period")
    })
}

fn wanted(query: &StatisticsQuery) -> Result<Wanted, ApiError> {
    let until = query.until.unwrap_or_else(|| from_ms(now_ms() + 1));
    let until_ms = to_ms(until);
    let since_ms = query.since.map_or(until_ms.saturating_sub(PERIOD_DEFAULT_MS), to_ms);
    if since_ms >= until_ms {
        return Err(ApiError::invalid("until", "the period ends before it begins"));
    }
    let per = match query.per.as_deref() {
        None => Per::Day,
        Some(text) => Per::ALL.into_iter().find(|per| per.name() == text).ok_or_else(|| {
            let names = Per::ALL.map(Per::name).join(", ");
            ApiError::invalid("per", "there is no such row").mend(format!("write one of {names}"))
        })?,
    };
    Ok(Wanted { since_ms, until_ms, per })
}
