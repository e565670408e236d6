//! The resources, one module each.

pub(crate) mod accounts;
pub(crate) mod administrators;
mod api_tokens;
pub(crate) mod audit;
pub(crate) mod certificate_authorities;
pub(crate) mod certificates;
pub(crate) mod cluster;
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

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, Resource, web};
use flotilla_model::{AccountName, Outcome};

use crate::api::{BASE_PATH, Done};
use crate::error::ApiError;
use crate::ports::Applied;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    health::configure(config);
    metrics::configure(config);
    let scope = web::scope(BASE_PATH)
        .configure(accounts::configure)
        .configure(administrators::configure)
        .configure(api_tokens::configure)
        .configure(audit::configure)
        .configure(certificate_authorities::configure)
        .configure(certificates::configure)
        .configure(cluster::configure)
        .configure(doctor::configure)
        .configure(events::configure)
        .configure(join::configure)
        .configure(join_tokens::configure)
        .configure(lanes::configure)
        .configure(parameters::configure)
        .configure(primary::configure)
        .configure(routes::configure)
        .configure(second_factor::configure)
        .configure(secret::configure)
        .configure(servers::configure)
        .configure(sessions::configure)
        .configure(status::configure)
        .configure(sync::configure)
        .configure(transaction_manager::configure)
        .configure(transfers::configure);
    config.service(scope);
}

/// A resource whose unknown methods are answered as problems too.
fn resource(path: &str) -> Resource {
    web::resource(path).default_service(web::to(method_not_allowed))
}

async fn method_not_allowed(request: HttpRequest) -> Result<&'static str, ApiError> {
    let detail = format!("{} is not understood here", request.method());
    Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail))
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
