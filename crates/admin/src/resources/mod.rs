//! The resources, one module each.

pub(crate) mod account_sessions;
pub(crate) mod account_uploads;
pub(crate) mod accounts;
pub(crate) mod administrator_certificates;
pub(crate) mod administrators;
pub(crate) mod api_tokens;
pub(crate) mod audit;
pub(crate) mod certificate_authorities;
pub(crate) mod certificates;
mod changes;
pub(crate) mod cluster;
mod description;
pub(crate) mod doctor;
pub(crate) mod dry_run;
mod event_filter;
pub(crate) mod event_operations;
mod event_scan;
mod event_view;
pub(crate) mod events;
mod health;
pub(crate) mod history;
mod join;
pub(crate) mod join_tokens;
mod lane_metrics;
pub(crate) mod lanes;
mod metrics;
pub(crate) mod parameters;
pub(crate) mod primary;
mod queue;
pub(crate) mod routes;
pub(crate) mod second_factor;
pub(crate) mod secret;
pub(crate) mod server_log;
pub(crate) mod servers;
pub(crate) mod sessions;
pub(crate) mod statistics;
mod status;
mod steps;
pub(crate) mod sync;
pub(crate) mod transaction_manager;
pub(crate) mod transfers;

use actix_web::{HttpRequest, web};
use flotilla_model::{AccountName, Command, EncodedCommand, Outcome, Rejection, State, VersionedRow};

use crate::Admin;
use crate::api::Done;
use crate::error::ApiError;
use crate::interface::Routes;
use crate::ports::{Applied, LedgerError};
use crate::problems::Code;
use crate::server::{Caller, Versioned};

pub(crate) use cluster::standings;

/// All of them.
pub(crate) fn add(routes: &mut Routes) {
    cluster::add(routes);
    primary::add(routes);
    status::add(routes);
    sync::add(routes);
    doctor::add(routes);
    changes::add(routes);
    servers::add(routes);
    join::add(routes);
    join_tokens::add(routes);
    transaction_manager::add(routes);
    parameters::add(routes);
    accounts::add(routes);
    account_sessions::add(routes);
    account_uploads::add(routes);
    routes::add(routes);
    events::add(routes);
    lanes::add(routes);
    transfers::add(routes);
    server_log::add(routes);
    statistics::add(routes);
    history::add(routes);
    audit::add(routes);
    certificates::add(routes);
    certificate_authorities::add(routes);
    secret::add(routes);
    administrators::add(routes);
    administrator_certificates::add(routes);
    second_factor::add(routes);
    sessions::add(routes);
    api_tokens::add(routes);
    health::add(routes);
    metrics::add(routes);
    description::add(routes);
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

/// What a change of a row that has a version answers.
fn changed(applied: &Applied) -> Versioned<Done> {
    let web::Json(document) = done(applied);
    Versioned { version: document.version, document }
}

/// How often a change of what is there is made anew when others change it at the same time.
const AMENDS_MAX: usize = 8;

/// Changes a row as it is now: `make` gives the command for a state, with the version that the row has there. When somebody changes
/// the row in between, it is looked at again, unless the caller has said which version is meant.
async fn amend(
    admin: &Admin,
    caller: &Caller,
    expected_version: Option<u64>,
    make: impl Fn(&State) -> Result<(u64, MakeCommand), ApiError>,
) -> Result<Applied, ApiError> {
    for _ in 0..AMENDS_MAX {
        let (version, command) = make(&admin.fresh_view().await?.state)?;
        match admin.propose(caller, command(expected_version.unwrap_or(version))).await {
            Err(LedgerError::Rejected(Rejection::VersionConflict { .. })) if expected_version.is_none() => {}
            answer => return Ok(answer?),
        }
    }
    Err(ApiError::new(Code::Unavailable, "others change it all the time").mend("try again"))
}

/// The command that depends on a version.
type MakeCommand = Box<dyn FnOnce(u64) -> Command>;

/// A command of which the row has no place for a version itself.
fn if_version(row: VersionedRow, expected_version: Option<u64>, command: Command) -> Command {
    match expected_version {
        Some(expected_version) => Command::IfVersion { row, expected_version, command: EncodedCommand::new(&command) },
        None => command,
    }
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
