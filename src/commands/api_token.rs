//! `flotilla api-token`

use anyhow::Result;
use flotilla_admin::api::{ApiTokenRequest, ApiTokenView};

use super::administrator::named_role;
use super::call;
use crate::cli::ApiTokenCommand;
use crate::connection::connect;
use crate::output::{Format, answer, or_dash, table};

const DAY_S: u64 = 86_400;

pub(super) async fn run(command: ApiTokenCommand, format: Format) -> Result<()> {
    match command {
        ApiTokenCommand::Create { connection, name, role, days, description, owner } => {
            let lifetime_s = days.map(|days| days * DAY_S);
            let request = ApiTokenRequest { name, role: named_role(&role)?, lifetime_s, description, owner };
            let made = call(connect(&connection)?.create_api_token(&request).await)?;
            answer(format, &made, |made| {
                let end =
                    made.view.expires_at.map_or_else(|| "until it is revoked".to_owned(), |end| format!("until {end}"));
                let (owner, role) = (&made.view.owner, made.view.role.name());
                format!("{}\n\nShown once. Works for {owner} as {role}, {end}.", made.token)
            })
        }
        ApiTokenCommand::List { connection } => {
            let rows = call(connect(&connection)?.api_tokens().await)?;
            answer(format, &rows, |rows| list(rows))
        }
        ApiTokenCommand::Revoke { connection, name } => {
            let done = call(connect(&connection)?.revoke_api_token(&name).await)?;
            answer(format, &done, |_| format!("API token {name} is revoked"))
        }
    }
}

fn list(rows: &[ApiTokenView]) -> String {
    let line = |row: &ApiTokenView| {
        [
            row.name.clone(),
            row.owner.clone(),
            row.role.name().to_owned(),
            or_dash(row.expires_at),
            or_dash(row.last_used_at),
            row.description.clone(),
        ]
    };
    table(["token", "owner", "role", "expires", "used here", "for"], rows.iter().map(line))
}
