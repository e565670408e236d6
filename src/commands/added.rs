//! Someone who got a password: given, or made up and shown this once.

use anyhow::Result;
use flotilla_credentials::random_password;
use serde::Serialize;

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

    pub(super) fn text(&self, what: &str) -> String {
        match &self.password {
            Some(password) => format!("{what} {} with password {password}   (shown once)", self.name),
            None => format!("{what} {}", self.name),
        }
    }
}
