//! *Accounts* of partners.

mod one;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{AccountChange, AccountView, AccountsQuery};
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::accounts;
use crate::server::{Body, Precondition};

const PATH: &str = "/console/accounts";
const ROWS_SHOWN: usize = 50;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/accounts").get(list).post(save)).configure(one::configure);
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    search: Search,
    accounts: Vec<AccountView>,
    /// The last one shown, if there are more behind it.
    next: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Search {
    name: String,
    after: String,
}

async fn list(visitor: Visitor, search: web::Query<Search>) -> Answer {
    let search = search.into_inner();
    // One more than is shown tells whether there are more.
    let query =
        AccountsQuery { contains: filled(&search.name), after: filled(&search.after), limit: Some(ROWS_SHOWN + 1) };
    let mut found =
        accounts::list(visitor.admin.clone(), visitor.read_of()?, web::Query(query)).await?.into_inner().items;
    let has_more = found.len() > ROWS_SHOWN;
    found.truncate(ROWS_SHOWN);
    Ok(page(&AccountsPage {
        frame: visitor.frame("Accounts", Section::Accounts),
        search,
        next: found.last().filter(|_| has_more).map(|account| account.name.clone()),
        accounts: found,
    }))
}

#[derive(Deserialize)]
struct Account {
    name: String,
    #[serde(default)]
    password: String,
    is_enabled: Option<bool>,
    quota_mb: Option<String>,
}

async fn save(Form { visitor, fields }: Form<Account>) -> Answer {
    let quota_bytes = match fields.quota_mb.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(megabytes(text)?)),
    };
    let change = AccountChange {
        password: filled(&fields.password),
        is_enabled: fields.is_enabled,
        quota_bytes,
        quota_files: None,
    };
    let (admin, administer, name) = (visitor.admin.clone(), visitor.administer_of()?, web::Path::from(fields.name));
    accounts::change(admin, administer, name, Precondition(None), Body(change)).await?;
    Ok(see_other(&format!("{PATH}?done=account-saved")))
}

fn megabytes(text: &str) -> Result<u64, ApiError> {
    let bytes = text.parse().ok().and_then(|megabytes: u64| megabytes.checked_mul(1_000_000));
    bytes.ok_or_else(|| ApiError::invalid("quota_mb", format!("'{text}' is no whole number of megabytes")))
}
