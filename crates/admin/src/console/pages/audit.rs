//! *Audit Log*: who changed what.

use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;

use super::next_page;
use crate::api::{AuditQuery, AuditView};
use crate::console::form::filled;
use crate::console::{Answer, Frame, Section, Visitor, filters, page};
use crate::resources::audit;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/audit").get(list));
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Filter {
    who: String,
    operation: String,
    subject: String,
    cursor: Option<u64>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    filter: Filter,
    rows: Vec<AuditView>,
    next: Option<String>,
}

async fn list(visitor: Visitor, request: HttpRequest, filter: web::Query<Filter>) -> Answer {
    let filter = filter.into_inner();
    let query = AuditQuery {
        cursor: filter.cursor,
        who: filled(&filter.who),
        operation: filled(&filter.operation),
        subject: filled(&filter.subject),
        ..AuditQuery::default()
    };
    let found = audit::list(visitor.admin.clone(), visitor.read()?, web::Query(query)).await?.into_inner();
    Ok(page(&AuditPage {
        frame: visitor.frame("Audit Log", Section::Audit),
        next: next_page("/console/audit", request.query_string(), found.next_cursor),
        filter,
        rows: found.items,
    }))
}
