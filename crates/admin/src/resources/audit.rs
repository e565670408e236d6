//! `logs/audit`: who changed what, newest first.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use flotilla_model::{AuditId, AuditRecord};

use super::{SCANNED_ROWS_MAX, checked_limit, page_size};
use crate::Admin;
use crate::api::{AuditExportQuery, AuditQuery, AuditView, Page, from_ms, to_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::Read;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Logs);
    routes.get("/logs/audit", list).named("listAuditLog", "Who changed what, newest first");
    routes
        .get("/logs/audit/export", export)
        .named("exportAuditLog", "The audit log oldest first, a JSON document a line")
        .answers_as(StatusCode::OK, "application/jsonl", "Rows, one a line");
    routes.get("/logs/audit/{id}", show).named("getAuditRow", "One row of the audit log");
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<AuditQuery>,
) -> Result<web::Json<Page<AuditView>>, ApiError> {
    let limit = page_size(query.limit)?;
    let state = admin.view().state;
    let end = AuditId(query.cursor.unwrap_or(u64::MAX));
    let mut rows = state.audit.range(..end).rev();
    let mut page = Page { items: Vec::new(), next_cursor: None };
    for (id, row) in rows.by_ref().take(SCANNED_ROWS_MAX) {
        page.next_cursor = Some(id.0);
        if is_wanted(row, &query) {
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

async fn show(admin: web::Data<Admin>, _: Read, id: web::Path<u64>) -> Result<web::Json<AuditView>, ApiError> {
    let state = admin.view().state;
    let row = state.audit.get(&AuditId(*id)).ok_or_else(|| {
        ApiError::not_found(format!("there is no row {id} in the audit log"))
            .mend("old rows go when Audit.maxRecords is reached")
    })?;
    Ok(web::Json(describe(row)))
}

/// Most rows of one export: a few megabytes. Whoever wants more goes on after the last.
const EXPORTED_ROWS_MAX: usize = 10_000;

/// Oldest first, a JSON document a line: what is kept elsewhere, and verified there.
async fn export(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<AuditExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let limit = checked_limit(query.limit.unwrap_or(EXPORTED_ROWS_MAX), EXPORTED_ROWS_MAX)?;
    // With everything that was acknowledged before, on any node: what is missing at the end would not be noticed.
    let state = admin.fresh_view().await?.state;
    let first = AuditId(query.after.map_or(0, |after| after.saturating_add(1)));
    let mut lines = Vec::new();
    for (_, row) in state.audit.range(first..).take(limit) {
        serde_json::to_writer(&mut lines, &describe(row)).map_err(|error| ApiError::internal(error.to_string()))?;
        lines.push(b'\n');
    }
    Ok(HttpResponse::Ok().content_type("application/jsonl").body(lines))
}

fn is_wanted(row: &AuditRecord, query: &AuditQuery) -> bool {
    let is_operation = |wanted: &str| {
        row.operation == wanted || row.operation.strip_prefix(wanted).is_some_and(|verb| verb.starts_with('.'))
    };
    query.who.as_deref().is_none_or(|who| row.origin.who == who)
        && query.operation.as_deref().is_none_or(is_operation)
        && query.subject.as_deref().is_none_or(|part| row.subject.contains(part))
        && query.since.is_none_or(|since| row.at_ms >= to_ms(since))
        && query.until.is_none_or(|until| row.at_ms < to_ms(until))
}

fn describe(row: &AuditRecord) -> AuditView {
    AuditView {
        id: row.id.0,
        at: from_ms(row.at_ms),
        who: row.origin.who.clone(),
        remote: row.origin.remote.clone(),
        operation: row.operation.clone(),
        subject: row.subject.clone(),
        before: row.before.clone(),
        after: row.after.clone(),
        credential: row.credential.clone(),
        previous: row.previous.map(|hash| hash.to_string()),
        hash: row.hash().to_string(),
    }
}
