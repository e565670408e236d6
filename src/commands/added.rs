//! Someone who got a password: given, or made up and shown this once.

use anyhow::{Result, bail};
use flotilla_admin::ClientError;
use flotilla_credentials::random_password;
use serde::Serialize;

use super::call;

#[derive(Serialize)]
pub(super) struct Added {
    name: String,
    /// Only when it was made up here.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(skip)]
    pub(super) chosen: String,
}

impl Added {
    /// Takes the password that was given, or makes one up.
    pub(super) fn with_password(name: &str, given: Option<String>) -> Result<Self> {
        let (chosen, password) = match given {
            Some(given) => (given, None),
            None => {
                let made_up = random_password()?;
                (made_up.clone(), Some(made_up))
            }
        };
        Ok(Self { name: name.to_owned(), password, chosen })
    }

    /// Says in plain words that the name is taken, where the node speaks of versions.
    pub(super) fn answer<T>(&self, what: &str, answer: Result<T, ClientError>) -> Result<T> {
        match &answer {
            Err(error) if error.problem().is_some_and(|problem| problem.code == "version-conflict") => {
                bail!("there is an {what} {:?} already: change it with 'flotilla {what} set'", self.name)
            }
            _ => call(answer),
        }
    }

    pub(super) fn text(&self, what: &str) -> String {
        match &self.password {
            Some(password) => format!("{what} {} with password {password}   (shown once)", self.name),
            None => format!("{what} {}", self.name),
        }
    }
}
