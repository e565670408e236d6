//! `flotilla admin second-factor`

use anyhow::Result;
use flotilla_admin::api::SecondFactorEnrolment;

use super::call;
use crate::cli::SecondFactorCommand;
use crate::connection::connect;
use crate::output::{Format, answer};

pub(super) async fn run(command: SecondFactorCommand, format: Format) -> Result<()> {
    match command {
        SecondFactorCommand::Enrol { connection, name } => {
            let made = call(connect(&connection)?.enrol_second_factor(&name).await)?;
            answer(format, &made, |made| text(made, &name))
        }
        SecondFactorCommand::Confirm { connection, name, code } => {
            let done = call(connect(&connection)?.confirm_second_factor(&name, &code).await)?;
            answer(format, &done, |_| format!("from now on {name} needs a code to log in"))
        }
        SecondFactorCommand::Reset { connection, name } => {
            let done = call(connect(&connection)?.reset_second_factor(&name).await)?;
            answer(format, &done, |_| format!("{name} needs no code any more"))
        }
    }
}

fn text(made: &SecondFactorEnrolment, name: &str) -> String {
    format!(
        "{}\n\nor, to type in: {}\n\nRecovery codes, each good once:\n  {}\n\nShown once. Then: flotilla admin second-factor confirm {name} CODE",
        made.uri,
        made.secret,
        made.recovery_codes.join("\n  ")
    )
}
