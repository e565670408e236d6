//! Certificates of administrators come and go.

use crate::administrator_certificate::{AdministratorCertificate, CERTIFICATES_MAX};
use crate::audit::shortened;
use crate::command::Command;
use crate::ids::Sha256;
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::state::State;

impl State {
    pub(super) fn add_administrator_certificate(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::AddAdministratorCertificate {
            administrator,
            fingerprint,
            subject,
            description,
            not_before_ms,
            not_after_ms,
            created_by,
            now_ms,
        } = command
        else {
            unreachable!("dispatched by variant");
        };
        if !self.administrators.contains(administrator) {
            return Err(Rejection::NoSuchAdministrator { name: administrator.clone() });
        }
        if let Some(row) = self.administrator_certificates.get(fingerprint) {
            return Err(Rejection::CertificateRegistered { owner: row.owner.clone() });
        }
        let own = self.administrator_certificates.values().filter(|row| row.owner == *administrator).count();
        if own >= CERTIFICATES_MAX {
            return Err(Rejection::TooManyAdministratorCertificates { limit: CERTIFICATES_MAX as u64 });
        }
        self.advance_clock(*now_ms);
        let row = AdministratorCertificate {
            owner: administrator.clone(),
            subject: shortened(subject.clone()),
            description: shortened(description.clone()),
            not_before_ms: *not_before_ms,
            not_after_ms: *not_after_ms,
            created_by: shortened(created_by.clone()),
            created_ms: *now_ms,
        };
        self.administrator_certificates.insert(*fingerprint, row);
        Ok(Outcome::Done)
    }

    pub(super) fn remove_administrator_certificate(
        &mut self,
        administrator: &AccountName,
        fingerprint: &Sha256,
    ) -> Result<Outcome, Rejection> {
        let is_there = self.administrator_certificates.get(fingerprint).is_some_and(|row| row.owner == *administrator);
        if !is_there {
            return Err(Rejection::NoSuchAdministratorCertificate { owner: administrator.clone() });
        }
        self.administrator_certificates.remove(fingerprint);
        Ok(Outcome::Done)
    }

    pub(super) fn forget_certificates_of_administrator(&mut self, owner: &AccountName) {
        let gone = self.administrator_certificates.iter().filter(|(_, row)| row.owner == *owner);
        let gone: Vec<_> = gone.map(|(fingerprint, _)| *fingerprint).collect();
        for fingerprint in gone {
            self.administrator_certificates.remove(&fingerprint);
        }
    }
}
