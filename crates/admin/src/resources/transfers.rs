//! `logs/transfers`: the transfer log, newest first.

use actix_web::web;
use flotilla_model::{Command, Outcome, Protocol, StepReport, StepResult, Transfer, TransferId, TransferState};

use super::{SCANNED_ROWS_MAX, page_size};
use crate::Admin;
use crate::api::{Page, Resubmitted, StepRunView, TransferQuery, TransferView, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Operate, ReadOf, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Logs);
    routes.get("/logs/transfers", list).named("listTransfers", "The transfer log, newest first");
    routes.get("/logs/transfers/{id}", show).named("getTransfer", "One transfer with each step");
    routes
        .post("/logs/transfers/{id}/operations/resubmit", resubmit)
        .named("resubmitTransfer", "Runs the account's route again on the file, from its beginning")
        .explained("As the route is now. A dead letter begins anew; a transfer that has ended gets a new event, if its contents are \
            still there. Receivers get what they may have got before under another idempotency key.")
        .refuses(&[Code::WrongState]);
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    query: web::Query<TransferQuery>,
) -> Result<web::Json<Page<TransferView>>, ApiError> {
    let limit = page_size(query.limit)?;
    let state_wanted = query.state.as_deref().map(parse_state).transpose()?;
    let wanted = |row: &Transfer| {
        scope.covers(&row.account)
            && query.account.as_deref().is_none_or(|account| row.account.as_str() == account)
            && state_wanted.is_none_or(|state| row.state == state)
    };
    let state = admin.view().state;
    let end = TransferId(query.cursor.unwrap_or(u64::MAX));
    let mut rows = state.transfers.range(..end).rev();
    let mut page = Page { items: Vec::new(), next_cursor: None };
    for (id, row) in rows.by_ref().take(SCANNED_ROWS_MAX) {
        page.next_cursor = Some(id.0);
        if wanted(row) {
            page.items.push(describe(row));
        }
        if page.items.len() == limit {
            break;
        }
    }
    if rows.next().is_none() {
        page.next_cursor = None;
    }
    Ok(web::Json(page))
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    id: web::Path<u64>,
) -> Result<web::Json<TransferView>, ApiError> {
    let state = admin.view().state;
    // One of somebody else's account is not there for a delegate.
    let row = state.transfers.get(&TransferId(*id)).filter(|row| scope.covers(&row.account));
    let row = row.ok_or_else(|| {
        ApiError::not_found(format!("there is no transfer {id}"))
            .mend("old records go when TransferLog.maxRecords is reached")
    })?;
    Ok(web::Json(describe(row)))
}

/// The node that answers has the first go: it is the one that has no less to do than to answer.
pub(crate) async fn resubmit(
    admin: web::Data<Admin>,
    Operate(caller): Operate,
    id: web::Path<u64>,
) -> Result<web::Json<Resubmitted>, ApiError> {
    let (transfer, node) = (TransferId(*id), admin.parts().facts.status().node);
    let applied = admin.change(&caller, Command::ResubmitTransfer { transfer, node, now_ms: now_ms() }).await?;
    let Outcome::Resubmitted { event } = applied.outcome else {
        return Err(ApiError::internal("the log answered something else"));
    };
    tracing::info!(%transfer, %event, by = %caller.name, log_index = applied.index, "transfer resubmitted");
    Ok(web::Json(Resubmitted { transfer, event: event.0, log_index: applied.index }))
}

/// `in-progress` is `In progress`.
fn parse_state(text: &str) -> Result<TransferState, ApiError> {
    let normal = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
    let found = TransferState::ALL.into_iter().find(|state| normal(state.name()) == normal(text));
    found.ok_or_else(|| {
        let names = TransferState::ALL.map(TransferState::name).join(", ");
        ApiError::invalid("state", "there is no such state of a transfer").mend(format!("write one of {names}"))
    })
}

fn describe(row: &Transfer) -> TransferView {
    TransferView {
        id: row.id,
        account: row.account.to_string(),
        path: row.path.to_string(),
        protocol: match row.protocol {
            Protocol::Https => "https".to_owned(),
            Protocol::Webdav => "webdav".to_owned(),
            Protocol::Sftp => "sftp".to_owned(),
        },
        remote: row.remote.clone(),
        size_bytes: row.length,
        sha256: row.sha256.to_string(),
        blob: row.blob.to_string(),
        trace: format!("{:032x}", row.blob.0),
        state: row.state.name().to_owned(),
        node: row.node,
        replicas: row.replicas.clone(),
        started_at: from_ms(row.started_ms),
        stored_at: from_ms(row.stored_ms),
        ended_at: row.ended_ms.map(from_ms),
        event: row.event.map(|event| event.0),
        worker_node: row.worker.map(|(node, _)| node),
        worker: row.worker.map(|(_, worker)| worker.0),
        steps: row.steps.iter().map(describe_run).collect(),
        failure: row.failure.clone(),
    }
}

pub(super) fn describe_run(report: &StepReport) -> StepRunView {
    let (succeeded, detail) = match &report.result {
        StepResult::Succeeded { detail } => (true, detail),
        StepResult::Failed { message } => (false, message),
    };
    StepRunView {
        step: report.step,
        kind: report.kind.clone(),
        attempt: report.attempt,
        node: report.node,
        worker: report.worker.0,
        started_at: from_ms(report.started_ms),
        duration_us: report.duration_us,
        succeeded,
        detail: detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_found_however_they_are_written() {
        for text in ["Failed subtransmission", "failed-subtransmission", "FAILED_SUBTRANSMISSION"] {
            assert_eq!(parse_state(text), Ok(TransferState::FailedSubtransmission));
        }
        let error = parse_state("done").unwrap_err();
        assert!(error.mend.unwrap().contains("Processed"));
    }
}
