//! API tokens come and go.

use crate::api_token::{API_TOKENS_MAX, ApiToken};
use crate::audit::shortened;
use crate::command::Command;
use crate::ids::Sha256;
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::party::AdministratorRole;
use crate::state::State;

impl State {
    pub(super) fn create_api_token(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::CreateApiToken { secret_hash, name, owner, role, description, created_by, expires_ms, now_ms } =
            command
        else {
            unreachable!("dispatched by variant");
        };
        let row =
            self.administrators.get(owner).ok_or_else(|| Rejection::NoSuchAdministrator { name: owner.clone() })?;
        if !row.role.includes(*role) {
            return Err(Rejection::ApiTokenRole { owner: owner.clone() });
        }
        if self.api_tokens.contains(secret_hash) || self.api_token_hash(name).is_some() {
            return Err(Rejection::ApiTokenNameTaken { name: name.clone() });
        }
        if self.api_tokens.len() >= API_TOKENS_MAX {
            return Err(Rejection::TooManyApiTokens { limit: API_TOKENS_MAX as u64 });
        }
        self.advance_clock(*now_ms);
        let token = ApiToken {
            name: name.clone(),
            owner: owner.clone(),
            role: *role,
            description: shortened(description.clone()),
            created_by: shortened(created_by.clone()),
            created_ms: *now_ms,
            expires_ms: *expires_ms,
        };
        self.api_tokens.insert(*secret_hash, token);
        Ok(Outcome::Done)
    }

    pub(super) fn revoke_api_token(&mut self, name: &AccountName) -> Result<Outcome, Rejection> {
        let hash = self.api_token_hash(name).ok_or_else(|| Rejection::NoSuchApiToken { name: name.clone() })?;
        self.api_tokens.remove(&hash);
        Ok(Outcome::Done)
    }

    /// Tokens never may more than their owner may: who has become less or nothing (`None`) leaves none behind.
    pub(super) fn end_api_tokens(&mut self, owner: &AccountName, role: Option<AdministratorRole>) {
        let ends = |token: &ApiToken| token.owner == *owner && !role.is_some_and(|role| role.includes(token.role));
        self.remove_api_tokens(ends);
    }

    pub(super) fn forget_api_tokens(&mut self) {
        let clock_ms = self.header.clock_ms;
        self.remove_api_tokens(|token| token.has_expired(clock_ms));
    }

    fn remove_api_tokens(&mut self, is_meant: impl Fn(&ApiToken) -> bool) {
        let gone: Vec<_> = self.api_tokens.iter().filter(|(_, token)| is_meant(token)).map(|(hash, _)| *hash).collect();
        for hash in gone {
            self.api_tokens.remove(&hash);
        }
    }

    fn api_token_hash(&self, name: &AccountName) -> Option<Sha256> {
        self.api_tokens.iter().find(|(_, token)| token.name == *name).map(|(hash, _)| *hash)
    }

    /// The token of a name.
    pub fn api_token(&self, name: &AccountName) -> Option<&ApiToken> {
        self.api_tokens.values().find(|token| token.name == *name)
    }
}
