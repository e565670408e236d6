//! One account: what it uses, who is logged in with it, and which uploads are under way.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use super::PATH;
use crate::api::{AccountView, PartnerSessionView, UploadView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::{account_sessions as sessions, account_uploads as uploads, accounts};
use crate::server::IfMatch;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/accounts/{name}").get(show))
        .service(web::resource("/accounts/{name}/remove").post(remove))
        .service(web::resource("/accounts/{name}/sessions/end").post(end_session))
        .service(web::resource("/accounts/{name}/uploads/cancel").post(cancel_upload));
}

type Name = web::Path<String>;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    account: AccountView,
    sessions: Vec<PartnerSessionView>,
    uploads: Vec<UploadView>,
    /// Unlike most of what is for administrators, delegates may do it as well.
    may_end_sessions: bool,
}

async fn show(visitor: Visitor, name: Name) -> Answer {
    let admin = visitor.admin.clone();
    // Others than those of the visitor are refused here already.
    let account = accounts::show(admin.clone(), visitor.read_of()?, Name::from(name.clone())).await?.document;
    let sessions = sessions::list(admin.clone(), visitor.read_of()?, Name::from(name.clone())).await?.into_inner();
    let uploads = uploads::list(admin, visitor.read_of()?, name).await?.into_inner();
    Ok(page(&AccountPage {
        frame: visitor.frame(account.name.clone(), Section::Accounts),
        account,
        sessions: sessions.items,
        uploads: uploads.items,
        may_end_sessions: visitor.administer_of().is_ok(),
    }))
}

#[derive(Deserialize)]
struct Nothing {}

async fn remove(Form { visitor, fields: Nothing {} }: Form<Nothing>, name: Name) -> Answer {
    accounts::remove(visitor.admin.clone(), visitor.administer()?, name, IfMatch(None)).await?;
    Ok(see_other(&format!("{PATH}?done=account-removed")))
}

#[derive(Deserialize)]
struct One {
    id: String,
}

async fn end_session(Form { visitor, fields }: Form<One>, name: Name) -> Answer {
    let path = of_name(&name, "session-ended");
    let place = web::Path::from((name.into_inner(), fields.id));
    sessions::end(visitor.admin.clone(), visitor.administer_of()?, place).await?;
    Ok(see_other(&path))
}

async fn cancel_upload(Form { visitor, fields }: Form<One>, name: Name) -> Answer {
    let path = of_name(&name, "upload-cancelled");
    let place = web::Path::from((name.into_inner(), fields.id));
    uploads::cancel(visitor.admin.clone(), visitor.operate_of()?, place).await?;
    Ok(see_other(&path))
}

/// Names of accounts have no letters that an address could not.
fn of_name(name: &str, done: &str) -> String {
    format!("{PATH}/{name}?done={done}")
}
