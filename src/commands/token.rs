//! `flotilla token`

use anyhow::Result;
use flotilla_admin::api::{JoinTokenAnswer, JoinTokenRequest};

use super::call;
use crate::cli::TokenCommand;
use crate::connection::connect;
use crate::output::{Format, answer};

pub(super) async fn run(command: TokenCommand, format: Format) -> Result<()> {
    let TokenCommand::Create { connection, lifetime } = command;
    let request = JoinTokenRequest { lifetime_s: Some(lifetime) };
    let token: JoinTokenAnswer = call(connect(&connection)?.create_join_token(&request).await)?;
    answer(format, &token, |token| {
        format!(
            "{}\n\nGood for one node until {}. On that node:\n  flotilla join --name HOST --primary {} --token TOKEN",
            token.token, token.expires_at, token.url
        )
    })
}
