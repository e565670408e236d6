//! The second factor of an administrator: enrolled, confirmed by a code, asked for from then on.

use crate::ids::Sha256;
use crate::login::{RECOVERY_CODES_MAX, SecondFactor};
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::party::Sealed;
use crate::state::State;

impl State {
    /// Until it is confirmed it is not asked for, and can be enrolled anew.
    pub(super) fn enrol_second_factor(
        &mut self,
        name: &AccountName,
        secret: &Sealed,
        recovery_codes: &[Sha256],
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        if !self.administrators.contains(name) {
            return Err(Rejection::NoSuchAdministrator { name: name.clone() });
        }
        if self.second_factor(name).is_some() {
            return Err(Rejection::SecondFactorExists { name: name.clone() });
        }
        if recovery_codes.len() > RECOVERY_CODES_MAX {
            return Err(Rejection::TooManyRecoveryCodes { limit: RECOVERY_CODES_MAX as u64 });
        }
        self.advance_clock(now_ms);
        let factor = SecondFactor {
            secret: secret.clone(),
            created_ms: now_ms,
            confirmed_ms: None,
            last_step: 0,
            recovery_codes: recovery_codes.to_vec(),
        };
        self.second_factors.insert(name.clone(), factor);
        Ok(Outcome::Done)
    }

    /// `secret`: the one of which the code was made; another may have been enrolled meanwhile.
    pub(super) fn confirm_second_factor(
        &mut self,
        name: &AccountName,
        secret: &Sealed,
        step: u64,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let no_factor = || Rejection::NoSecondFactor { name: name.clone() };
        let factor = self.second_factors.get(name).filter(|factor| factor.secret == *secret).ok_or_else(no_factor)?;
        if factor.confirmed_ms.is_some() {
            return Err(Rejection::SecondFactorExists { name: name.clone() });
        }
        self.advance_clock(now_ms);
        self.second_factors.update(name, |factor| {
            factor.confirmed_ms = Some(now_ms);
            factor.last_step = step;
        });
        Ok(Outcome::Done)
    }

    pub(super) fn remove_second_factor(&mut self, name: &AccountName) -> Result<Outcome, Rejection> {
        let removed = self.second_factors.remove(name);
        removed.map(|_| Outcome::Done).ok_or_else(|| Rejection::NoSecondFactor { name: name.clone() })
    }

    /// The same secret under another key, unless it was changed meanwhile.
    pub(super) fn seal_second_factor(
        &mut self,
        name: &AccountName,
        former: &Sealed,
        secret: &Sealed,
    ) -> Result<Outcome, Rejection> {
        let factor = self.second_factors.get(name).filter(|factor| factor.secret == *former);
        factor.ok_or_else(|| Rejection::NoSecondFactor { name: name.clone() })?;
        self.second_factors.update(name, |factor| factor.secret = secret.clone());
        Ok(Outcome::Done)
    }

    /// The second factor that an administrator has to show.
    pub fn second_factor(&self, name: &AccountName) -> Option<&SecondFactor> {
        self.second_factors.get(name).filter(|factor| factor.confirmed_ms.is_some())
    }
}
