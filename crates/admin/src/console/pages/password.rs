//! One's own log-in: the password, and whether a code is needed beside it.

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::AdministratorChange;
use crate::console::{Answer, Form, Frame, Section, Visitor, page, see_other};
use crate::error::ApiError;
use crate::resources::administrators;
use crate::server::{Anybody, Body, Precondition};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/password").get(show).post(change));
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    frame: Frame,
    has_second_factor: bool,
}

async fn show(visitor: Visitor) -> Answer {
    let own = web::Path::from(visitor.caller.name.clone());
    let found = administrators::show(visitor.admin.clone(), visitor.anybody()?, own).await;
    // The node's own token belongs to no administrator.
    let has_second_factor = found.is_ok_and(|row| row.document.has_second_factor);
    Ok(page(&PasswordPage { frame: visitor.frame("Change password", Section::Password), has_second_factor }))
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
    again: String,
}

/// It ends all sessions of the name, this one too: the log-in follows.
async fn change(Form { visitor, fields }: Form<NewPassword>) -> Answer {
    if fields.password != fields.again {
        return Err(ApiError::invalid("again", "the two passwords differ").into());
    }
    let change = AdministratorChange { password: Some(fields.password), ..AdministratorChange::default() };
    let name = web::Path::from(visitor.caller.name.clone());
    administrators::change(
        visitor.admin.clone(),
        Anybody(visitor.caller.clone()),
        name,
        Precondition(None),
        Body(change),
    )
    .await?;
    Ok(see_other(super::super::LOGIN_PATH))
}
