//! One's own password.

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
}

async fn show(visitor: Visitor) -> Answer {
    Ok(page(&PasswordPage { frame: visitor.frame("Change password", Section::Password) }))
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
