//! What to publish, when to renew, whom to warn. Pure: no clock, no I/O.

use flotilla_model::{NodeId, SessionId, State};

use super::expiry::{Expiry, expiry, renewal_due_ms};
use super::status::CertificatesStatus;
use super::wanted::Reader;
use crate::ports::{CredentialReport, Now, Trust};

/// Pauses after refused publications; a changed wish is tried at once.
const PUBLISH_PAUSES: Pauses = Pauses { first_ms: 1_000, longest_ms: 60_000 };
/// Pauses after failed renewals; months are left.
const RENEWAL_PAUSES: Pauses = Pauses { first_ms: 60_000, longest_ms: 3_600_000 };
/// A renewal that changed nothing must not run in a circle.
const RENEWED_PAUSE_MS: u64 = 3_600_000;

/// Who this is.
#[derive(Debug, Clone, Copy)]
pub struct CertificatesConfig {
    /// This node.
    pub node: NodeId,
    /// This process.
    pub session: SessionId,
}

/// What the shell does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Publish, and bring the answer.
    Publish(Trust),
    /// Issue a new certificate for this alias, and bring the answer.
    RenewCertificate(String),
    /// Tell people that the end of the certificate in force has come near.
    Warn(Expiry),
}

struct Pauses {
    first_ms: u64,
    longest_ms: u64,
}

impl Pauses {
    fn after(&self, failures: u32) -> u64 {
        let factor = 1_u64 << failures.saturating_sub(1).min(16);
        (self.first_ms * factor).min(self.longest_ms)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Job {
    #[default]
    None,
    Publishing(Trust),
    Renewing,
}

/// The decisions. One job at a time: the store is not written by two.
#[derive(Debug)]
pub struct CertificatesCore {
    config: CertificatesConfig,
    reader: Reader,
    wanted: Option<Trust>,
    in_force: Option<Trust>,
    /// Publish although the wish is unchanged: the store behind the alias has changed.
    must_publish: bool,
    job: Job,
    publish_failures: u32,
    publish_from_ms: u64,
    renewal_failures: u32,
    renew_from_ms: u64,
    /// The certificate and the limit that people were told of last.
    warned: Option<(String, u64)>,
    status: CertificatesStatus,
}

impl CertificatesCore {
    /// Nothing is published yet.
    pub fn new(config: CertificatesConfig) -> Self {
        Self {
            config,
            reader: Reader::default(),
            wanted: None,
            in_force: None,
            must_publish: false,
            job: Job::None,
            publish_failures: 0,
            publish_from_ms: 0,
            renewal_failures: 0,
            renew_from_ms: 0,
            warned: None,
            status: CertificatesStatus::default(),
        }
    }

    /// The store has changed behind the actor's back: a certificate was imported.
    pub fn on_store_changed(&mut self) {
        self.must_publish = true;
        self.try_now();
    }

    fn try_now(&mut self) {
        self.publish_failures = 0;
        self.publish_from_ms = 0;
    }

    /// The keeper's answer to a publication.
    pub fn on_published(&mut self, answer: Result<CredentialReport, String>, now: Now) {
        let Job::Publishing(trust) = std::mem::replace(&mut self.job, Job::None) else { return };
        match answer {
            Ok(report) => {
                self.publish_failures = 0;
                self.status.published += 1;
                self.status.last_failure = None;
                self.status.authorities = trust.authorities.len();
                self.status.certificate = Some(report);
                self.in_force = Some(trust);
            }
            Err(error) => {
                self.must_publish = true;
                self.publish_failures += 1;
                self.publish_from_ms = now.monotonic_ms + PUBLISH_PAUSES.after(self.publish_failures);
                // A wish that changed meanwhile does not wait for the failure of the one before.
                if self.wanted.as_ref() != Some(&trust) {
                    self.try_now();
                }
                self.status.publish_failures += 1;
                self.status.last_failure = Some(error);
            }
        }
    }

    /// The keeper's answer to a renewal.
    pub fn on_renewed(&mut self, answer: Result<(), String>, now: Now) {
        self.job = Job::None;
        match answer {
            Ok(()) => {
                self.renewal_failures = 0;
                self.renew_from_ms = now.monotonic_ms + RENEWED_PAUSE_MS;
                self.status.renewed += 1;
                self.status.last_renewal_failure = None;
                self.on_store_changed();
            }
            Err(error) => {
                self.renewal_failures += 1;
                self.renew_from_ms = now.monotonic_ms + RENEWAL_PAUSES.after(self.renewal_failures);
                self.status.renewal_failures += 1;
                self.status.last_renewal_failure = Some(error);
            }
        }
    }

    /// Compares what is with what should be. Called after every change of anything, and now and then.
    pub fn decide(&mut self, state: &State, now: Now) -> Vec<Effect> {
        self.follow(state);
        let mut effects = Vec::new();
        if self.job == Job::None {
            effects.extend(self.publish(now).or_else(|| self.renew(now)));
        }
        self.watch_expiry(now, &mut effects);
        self.status.is_current = self.wanted.is_some() && self.in_force == self.wanted && !self.must_publish;
        effects
    }

    fn follow(&mut self, state: &State) {
        let Some(trust) = self.reader.read(state, self.config.node, self.config.session) else { return };
        if self.wanted.as_ref() == Some(&trust) {
            return;
        }
        self.status.wanted_alias = Some(trust.alias.clone());
        self.status.wanted_authorities = trust.authorities.len();
        self.wanted = Some(trust);
        self.try_now();
    }

    fn publish(&mut self, now: Now) -> Option<Effect> {
        let wanted = self.wanted.as_ref()?;
        let is_due = self.must_publish || self.in_force.as_ref() != Some(wanted);
        if !is_due || now.monotonic_ms < self.publish_from_ms {
            return None;
        }
        self.must_publish = false;
        self.job = Job::Publishing(wanted.clone());
        Some(Effect::Publish(wanted.clone()))
    }

    fn renew(&mut self, now: Now) -> Option<Effect> {
        let report = self.status.certificate.as_ref().filter(|report| report.renewable)?;
        if now.unix_ms < renewal_due_ms(report) || now.monotonic_ms < self.renew_from_ms {
            return None;
        }
        let alias = report.alias.clone();
        self.job = Job::Renewing;
        Some(Effect::RenewCertificate(alias))
    }

    fn watch_expiry(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let Some(report) = &self.status.certificate else { return };
        self.status.renewal_due_ms = report.renewable.then(|| renewal_due_ms(report));
        self.status.expiry = expiry(report, now.unix_ms);
        let Some(expiry) = self.status.expiry else { return };
        let is_told = self.warned.as_ref().is_some_and(|(certificate, within_days)| {
            // A clock that was set back must not repeat an earlier limit.
            *certificate == report.fingerprint && *within_days <= expiry.within_days
        });
        if !is_told {
            self.warned = Some((report.fingerprint.clone(), expiry.within_days));
            effects.push(Effect::Warn(expiry));
        }
    }

    /// What is known.
    pub fn status(&self) -> &CertificatesStatus {
        &self.status
    }
}
