//! The resources, one module each.

pub(crate) mod accounts;
pub(crate) mod administrators;
mod api_tokens;
pub(crate) mod audit;
pub(crate) mod certificate_authorities;
pub(crate) mod certificates;
pub(crate) mod cluster;
mod description;
pub(crate) mod doctor;
mod event_filter;
pub(crate) mod event_operations;
mod event_scan;
mod event_view;
pub(crate) mod events;
mod health;
mod join;
mod join_tokens;
mod lane_metrics;
pub(crate) mod lanes;
mod metrics;
pub(crate) mod parameters;
pub(crate) mod primary;
mod queue;
pub(crate) mod routes;
mod second_factor;
mod secret;
pub(crate) mod servers;
pub(crate) mod sessions;
mod status;
mod steps;
mod sync;
pub(crate) mod transaction_manager;
pub(crate) mod transfers;

use actix_web::{HttpRequest, web};
use flotilla_model::{AccountName, Outcome};

use crate::api::Done;
use crate::error::ApiError;
use crate::interface::Routes;
use crate::ports::Applied;

/// All of them.
pub(crate) fn routes() -> Routes {
    let mut routes = Routes::new();
    cluster::add(&mut routes);
    primary::add(&mut routes);
    status::add(&mut routes);
    sync::add(&mut routes);
    doctor::add(&mut routes);
    servers::add(&mut routes);
    join::add(&mut routes);
    join_tokens::add(&mut routes);
    transaction_manager::add(&mut routes);
    parameters::add(&mut routes);
    accounts::add(&mut routes);
    routes::add(&mut routes);
    events::add(&mut routes);
    lanes::add(&mut routes);
    transfers::add(&mut routes);
    audit::add(&mut routes);
    certificates::add(&mut routes);
    certificate_authorities::add(&mut routes);
    secret::add(&mut routes);
    administrators::add(&mut routes);
    second_factor::add(&mut routes);
    sessions::add(&mut routes);
    api_tokens::add(&mut routes);
    health::add(&mut routes);
    metrics::add(&mut routes);
    description::add(&mut routes);
    routes
}

pub(crate) async fn not_found(request: HttpRequest) -> Result<&'static str, ApiError> {
    let path: String = request.path().chars().take(200).collect();
    Err(ApiError::not_found(format!("there is nothing at {path}")))
}

/// A name in the path, where a wrong one cannot exist.
fn name_in_path(text: &str) -> Result<AccountName, ApiError> {
    AccountName::parse(text).map_err(|error| ApiError::invalid("name", error.to_string()))
}

/// What a change answers.
fn done(applied: &Applied) -> web::Json<Done> {
    let version = match applied.outcome {
        Outcome::Version(version) => Some(version),
        _ => None,
    };
    web::Json(Done { version, log_index: applied.index })
}

/// How many rows a page may have, and how many are looked at for it: a filter that matches little ends its page early.
const PAGE_ROWS_MAX: usize = 1000;
const PAGE_ROWS_DEFAULT: usize = 50;
const SCANNED_ROWS_MAX: usize = 20_000;

fn page_size(limit: Option<usize>) -> Result<usize, ApiError> {
    checked_limit(limit.unwrap_or(PAGE_ROWS_DEFAULT), PAGE_ROWS_MAX)
}

fn checked_limit(limit: usize, most: usize) -> Result<usize, ApiError> {
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(ApiError::invalid("limit", format!("a page has 1 to {most} rows")))
}
