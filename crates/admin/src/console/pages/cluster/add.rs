//! A server joins: with a token that is shown this once, or by hand.

use actix_web::web;
use askama::Template;
use flotilla_config::check_host;
use serde::Deserialize;

use crate::api::{JoinTokenRequest, ServerInvitation};
use crate::console::form::{draw_key, filled};
use crate::console::shown_once::ShownOnce;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page};
use crate::error::ApiError;
use crate::resources::{join_tokens, servers};
use crate::server::{Body, IdempotencyKey};

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/cluster/add").get(show))
        .service(web::resource("/cluster/add/token").post(make_token))
        .service(web::resource("/cluster/add/by-hand").post(invite));
}

#[derive(Template)]
#[template(path = "server_add.html")]
struct AddPage {
    frame: Frame,
    key: String,
    /// A host that may join by hand now: its name, until when, and the command for it.
    invited: Option<(String, jiff::Timestamp, String)>,
}

async fn show(visitor: Visitor) -> Answer {
    visitor.administer()?;
    Ok(page(&AddPage { frame: visitor.frame("Add a server", Section::Cluster), key: draw_key()?, invited: None }))
}

#[derive(Deserialize)]
struct Token {
    host: String,
    role: String,
    hours: String,
    key: String,
}

async fn make_token(Form { visitor, fields }: Form<Token>) -> Answer {
    let host = host_of(&fields.host)?;
    let role = if fields.role == "witness" { " --role witness" } else { "" };
    let body = Body(JoinTokenRequest { lifetime_s: Some(seconds(&fields.hours)?) });
    let key = IdempotencyKey::of_form(fields.key)?;
    let made = join_tokens::create(visitor.admin.clone(), visitor.administer()?, key, body).await?.into_inner();
    let (token, url) = (made.token, made.url);
    Ok(page(&ShownOnce {
        frame: visitor.frame(format!("{host} may join"), Section::Cluster),
        back: "/console/cluster",
        back_name: "Cluster",
        what: "Join token",
        explanation: format!("It is good for one node until {}.", made.expires_at.strftime("%Y-%m-%d %H:%M UTC")),
        command: format!(
            "flotilla join --name {host} --primary {url}{role} --token {token}\nflotilla run --config flotilla/flotilla.toml"
        ),
        command_explanation: "Run this on the new server. It makes its keys there, gets the cluster secret, and is a member at once.",
        secret: token,
    }))
}

#[derive(Deserialize)]
struct Invitation {
    host: String,
    hours: String,
}

async fn invite(Form { visitor, fields }: Form<Invitation>) -> Answer {
    let body = Body(ServerInvitation { host: host_of(&fields.host)?, lifetime_s: Some(seconds(&fields.hours)?) });
    let made = servers::invite(visitor.admin.clone(), visitor.administer()?, body).await?.into_inner();
    let command = format!("flotilla join --by-hand --name {} --primary {}", made.host, made.url);
    let invited = Some((made.host, made.expires_at, command));
    Ok(page(&AddPage { frame: visitor.frame("Add a server", Section::Cluster), key: draw_key()?, invited }))
}

/// It goes into a command line that people copy.
fn host_of(text: &str) -> Result<String, ApiError> {
    let host = filled(text).ok_or_else(|| ApiError::invalid("host", "the host has no name"))?;
    check_host(&host).map_err(|error| ApiError::invalid("host", error.message).mend(error.mend))?;
    Ok(host)
}

fn seconds(hours: &str) -> Result<u64, ApiError> {
    let seconds = hours.trim().parse().ok().and_then(|hours: u64| hours.checked_mul(3600));
    seconds.ok_or_else(|| ApiError::invalid("hours", format!("'{hours}' is no whole number of hours")))
}
