//! API tokens of one's own programs: made, shown once, revoked.

use actix_web::web;
use flotilla_model::AdministratorRole;
use serde::Deserialize;

use super::PATH;
use crate::api::ApiTokenRequest;
use crate::console::form::filled;
use crate::console::shown_once::ShownOnce;
use crate::console::{Answer, Form, Section, page, see_other};
use crate::error::ApiError;
use crate::resources::api_tokens;
use crate::server::{Body, IdempotencyKey};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api-tokens").post(create)).service(web::resource("/api-tokens/revoke").post(revoke));
}

#[derive(Deserialize)]
struct Creation {
    name: String,
    role: AdministratorRole,
    #[serde(default)]
    days: String,
    #[serde(default)]
    description: String,
    key: String,
}

async fn create(Form { visitor, fields }: Form<Creation>) -> Answer {
    let seconds = |days: String| {
        let seconds = days.parse().ok().and_then(|days: u64| days.checked_mul(86_400));
        seconds.ok_or_else(|| ApiError::invalid("days", format!("'{days}' is no whole number of days")))
    };
    let request = ApiTokenRequest {
        name: fields.name.trim().to_owned(),
        role: fields.role,
        lifetime_s: filled(&fields.days).map(seconds).transpose()?,
        description: filled(&fields.description),
        owner: None,
    };
    let key = IdempotencyKey::of_form(fields.key)?;
    let made = api_tokens::create(visitor.admin.clone(), visitor.anybody()?, key, Body(request)).await?.into_inner();
    let until = made.view.expires_at.map_or_else(
        || "It is good until it is revoked.".to_owned(),
        |end| format!("It is good until {}.", end.strftime("%Y-%m-%d %H:%M UTC")),
    );
    Ok(page(&ShownOnce {
        frame: visitor.frame(format!("API token {}", made.view.name), Section::Administrators),
        back: PATH,
        back_name: "Administrators",
        what: "API token",
        secret: made.token,
        explanation: format!("With the role {}. {until}", made.view.role.name()),
        command: format!(
            "curl --cacert authorities.pem -H \"Authorization: Bearer TOKEN\" {}/api/v2.0/cluster",
            visitor.admin.parts().admin_url
        ),
        command_explanation: "As programs send it; the command line takes it from a file with --token-file.",
    }))
}

#[derive(Deserialize)]
struct Revocation {
    name: String,
}

async fn revoke(Form { visitor, fields }: Form<Revocation>) -> Answer {
    api_tokens::revoke(visitor.admin.clone(), visitor.anybody()?, web::Path::from(fields.name)).await?;
    Ok(see_other(&format!("{PATH}?done=token-revoked")))
}
