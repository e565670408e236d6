//! What to publish, when to renew, what to report, whom to warn. Pure: no clock, no I/O.

use std::collections::BTreeMap;

use flotilla_model::{Command, NodeId, SessionId, State};

use super::expiry::Life;
use super::pauses::{PUBLISH, Pauses, after_renewal_ms, settling_ms};
use super::report::commands;
use super::status::CertificatesStatus;
use super::wanted::Reader;
use super::warning::{Ending, Told, Warning};
use crate::ports::{CredentialReport, Now, StoredCertificate, StoredCredentials, Trust};

/// Someone may have changed the store by hand.
const INSPECT_EVERY_MS: u64 = 60_000;
/// The name of this node's CA beside the aliases of certificates, which have no spaces.
const AUTHORITY: &str = "internal CA";

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
    /// Make a new CA, and bring the answer.
    RenewAuthority,
    /// Read the store, and bring what is in it.
    Inspect(Trust),
    /// Tell the log of the store, and bring the answer.
    Report(Vec<Command>),
    /// Tell people that the end of a certificate has come near: in the log, and by these events.
    Warn(Warning, Vec<Command>),
}

/// What is on its way. Each for itself: a key that takes seconds, or a log without a quorum, must not hold up a revocation.
#[derive(Debug, Default)]
struct Jobs {
    publishing: Option<Trust>,
    /// What is renewed, and how long it lives.
    renewing: Option<(String, u64)>,
    is_inspecting: bool,
    is_reporting: bool,
}

/// Attempts that fail wait longer and longer.
#[derive(Debug, Default)]
struct Attempts {
    failures: u32,
    from_ms: u64,
}

impl Attempts {
    fn is_due(&self, now: Now) -> bool {
        now.monotonic_ms >= self.from_ms
    }

    fn failed(&mut self, pauses: Pauses, now: Now) {
        self.failures += 1;
        self.from_ms = now.monotonic_ms + pauses.after(self.failures);
    }

    fn succeeded(&mut self, pause_ms: u64, now: Now) {
        *self = Self { failures: 0, from_ms: now.monotonic_ms + pause_ms };
    }
}

/// The decisions. One job of each kind at a time.
#[derive(Debug)]
pub struct CertificatesCore {
    config: CertificatesConfig,
    reader: Reader,
    wanted: Option<Trust>,
    in_force: Option<Trust>,
    stored: Option<StoredCredentials>,
    /// Since when the log lists this node's CA, and which.
    authority_listed: Option<(String, u64)>,
    /// Publish although the wish is unchanged: the store behind the alias has changed.
    must_publish: bool,
    must_inspect: bool,
    jobs: Jobs,
    publishing: Attempts,
    /// By alias, and that of the CA: one that cannot be renewed must not hold up the others.
    renewals: BTreeMap<String, Attempts>,
    store: Attempts,
    reports: Attempts,
    inspected_ms: u64,
    told: Told,
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
            stored: None,
            authority_listed: None,
            must_publish: false,
            must_inspect: true,
            jobs: Jobs::default(),
            publishing: Attempts::default(),
            renewals: BTreeMap::new(),
            store: Attempts::default(),
            reports: Attempts::default(),
            inspected_ms: 0,
            told: Told::default(),
            status: CertificatesStatus::default(),
        }
    }

    /// The store has changed behind the actor's back: a certificate was imported, or the CA renewed.
    pub fn on_store_changed(&mut self) {
        self.must_publish = true;
        self.must_inspect = true;
        self.publishing = Attempts::default();
        self.store = Attempts::default();
    }

    /// The keeper's answer to a publication.
    pub fn on_published(&mut self, answer: Result<CredentialReport, String>, now: Now) {
        let Some(trust) = self.jobs.publishing.take() else { return };
        // Whether an issuer is known depends on whom we trust.
        self.must_inspect = true;
        match answer {
            Ok(report) => {
                self.publishing.succeeded(0, now);
                self.status.published += 1;
                self.status.last_failure = None;
                self.status.authorities = trust.authorities.len();
                self.status.revoked = trust.revoked.len();
                self.status.certificate = Some(report);
                self.in_force = Some(trust);
            }
            Err(error) => {
                self.must_publish = true;
                self.publishing.failed(PUBLISH, now);
                // A wish that changed meanwhile does not wait for the failure of the one before.
                if self.wanted.as_ref() != Some(&trust) {
                    self.publishing = Attempts::default();
                }
                self.status.publish_failures += 1;
                self.status.last_failure = Some(error);
            }
        }
    }

    /// The keeper's answer to a renewal of a certificate.
    pub fn on_renewed(&mut self, answer: Result<(), String>, now: Now) {
        if self.on_renewal(answer, now) {
            self.status.renewed += 1;
        }
    }

    /// The keeper's answer to a renewal of the CA.
    pub fn on_authority_renewed(&mut self, answer: Result<(), String>, now: Now) {
        if self.on_renewal(answer, now) {
            self.status.authorities_renewed += 1;
        }
    }

    fn on_renewal(&mut self, answer: Result<(), String>, now: Now) -> bool {
        let Some((name, life_ms)) = self.jobs.renewing.take() else { return false };
        let attempts = self.renewals.entry(name).or_default();
        match answer {
            Ok(()) => {
                attempts.succeeded(after_renewal_ms(life_ms), now);
                self.status.last_renewal_failure = None;
                self.on_store_changed();
                true
            }
            Err(error) => {
                attempts.failed(Pauses::of_renewals(life_ms), now);
                self.status.renewal_failures += 1;
                self.status.last_renewal_failure = Some(error);
                false
            }
        }
    }

    /// What the keeper has read.
    pub fn on_inspected(&mut self, answer: Result<StoredCredentials, String>, now: Now) {
        self.jobs.is_inspecting = false;
        match answer {
            Ok(stored) => {
                self.store.succeeded(0, now);
                let is_there = |name: &String| {
                    *name == AUTHORITY
                        || stored.certificates.iter().any(|certificate| certificate.record.alias == *name)
                };
                self.renewals.retain(|name, _| is_there(name));
                self.status.stored = stored.certificates.len();
                self.status.last_store_failure = None;
                self.stored = Some(stored);
            }
            Err(error) => {
                self.must_inspect = true;
                self.store.failed(PUBLISH, now);
                self.status.last_store_failure = Some(error);
            }
        }
    }

    /// The log's answer to a report.
    pub fn on_reported(&mut self, answer: Result<(), String>, now: Now) {
        self.jobs.is_reporting = false;
        match answer {
            Ok(()) => {
                self.reports.succeeded(0, now);
                self.status.last_report_failure = None;
            }
            Err(error) => {
                self.reports.failed(PUBLISH, now);
                self.status.last_report_failure = Some(error);
            }
        }
    }

    /// Compares what is with what should be. Called after every change of anything, and now and then.
    pub fn decide(&mut self, state: &State, now: Now) -> Vec<Effect> {
        self.follow(state, now);
        let mut effects = Vec::new();
        effects.extend(self.publish(now));
        effects.extend(self.inspect(now));
        effects.extend(self.renew(now));
        effects.extend(self.report(state, now));
        self.warn(state, now, &mut effects);
        self.status.is_current = self.wanted.is_some() && self.in_force == self.wanted && !self.must_publish;
        effects
    }

    fn follow(&mut self, state: &State, now: Now) {
        if let Some(trust) = self.reader.read(state, self.config.node, self.config.session)
            && self.wanted.as_ref() != Some(&trust)
        {
            self.status.wanted_alias = Some(trust.alias.clone());
            self.status.wanted_authorities = trust.authorities.len();
            self.wanted = Some(trust);
            self.publishing = Attempts::default();
        }
        let own = self.stored.as_ref().and_then(|stored| stored.authority.as_ref());
        let own = own.map(|own| own.authority.fingerprint.clone());
        let is_listed = |fingerprint: &String| state.authorities.contains(fingerprint);
        self.authority_listed = match (own.filter(is_listed), self.authority_listed.take()) {
            (Some(own), Some((known, since_ms))) if own == known => Some((known, since_ms)),
            (Some(own), _) => Some((own, now.monotonic_ms)),
            (None, _) => None,
        };
    }

    fn publish(&mut self, now: Now) -> Option<Effect> {
        let wanted = self.wanted.as_ref()?;
        let is_due = self.must_publish || self.in_force.as_ref() != Some(wanted);
        if !is_due || self.jobs.publishing.is_some() || !self.publishing.is_due(now) {
            return None;
        }
        self.must_publish = false;
        self.jobs.publishing = Some(wanted.clone());
        Some(Effect::Publish(wanted.clone()))
    }

    fn inspect(&mut self, now: Now) -> Option<Effect> {
        let wanted = self.wanted.as_ref()?;
        let is_due = self.must_inspect || now.monotonic_ms >= self.inspected_ms + INSPECT_EVERY_MS;
        // What is renewed meanwhile, or published, changes what is read: it is read again after it.
        if !is_due || self.jobs.is_inspecting || self.jobs.publishing.is_some() || !self.store.is_due(now) {
            return None;
        }
        self.must_inspect = false;
        self.inspected_ms = now.monotonic_ms;
        self.jobs.is_inspecting = true;
        Some(Effect::Inspect(wanted.clone()))
    }

    fn renew(&mut self, now: Now) -> Option<Effect> {
        let (wanted, stored) = (self.wanted.as_ref()?, self.stored.as_ref()?);
        // Only what has just been read says what is due.
        if self.jobs.renewing.is_some() || self.must_inspect || self.jobs.is_inspecting {
            return None;
        }
        let may_try = |name: &str| self.renewals.get(name).is_none_or(|attempts| attempts.is_due(now));
        if let Some(own) = &stored.authority {
            let life = Life { from_ms: own.not_before_ms, to_ms: own.not_after_ms };
            // Certificates are renewed with a CA that lasts, so it comes first.
            if now.unix_ms >= life.renewal_due_ms() && may_try(AUTHORITY) {
                self.jobs.renewing = Some((AUTHORITY.to_owned(), life.length_ms()));
                return Some(Effect::RenewAuthority);
            }
        }
        let is_due = |certificate: &&StoredCertificate| {
            let life = life_of(certificate);
            let is_revoked = wanted.revoked.contains(&certificate.record.serial);
            let is_trusted = self
                .authority_listed
                .as_ref()
                .is_some_and(|(_, since_ms)| now.monotonic_ms >= since_ms + settling_ms(life.length_ms()));
            let may_be = certificate.is_renewable && is_trusted && may_try(&certificate.record.alias);
            may_be && (is_revoked || now.unix_ms >= life.renewal_due_ms())
        };
        // The one in force before those that lie in wait.
        let due = stored.certificates.iter().filter(is_due);
        let due = due.min_by_key(|certificate| certificate.record.alias != wanted.alias)?;
        let (alias, life_ms) = (due.record.alias.clone(), life_of(due).length_ms());
        self.jobs.renewing = Some((alias.clone(), life_ms));
        Some(Effect::RenewCertificate(alias))
    }

    fn report(&mut self, state: &State, now: Now) -> Option<Effect> {
        // Until the view shows this process it may be too old, and the log would refuse its session.
        self.wanted.as_ref()?;
        let commands = commands(state, self.config, self.stored.as_ref()?, now.unix_ms);
        self.status.is_reported = commands.is_empty();
        let is_stale = self.must_inspect || self.jobs.is_inspecting;
        if commands.is_empty() || is_stale || self.jobs.is_reporting || !self.reports.is_due(now) {
            return None;
        }
        self.jobs.is_reporting = true;
        Some(Effect::Report(commands))
    }

    fn warn(&mut self, state: &State, now: Now, effects: &mut Vec<Effect>) {
        let Some(stored) = &self.stored else { return };
        let of_certificate = |certificate: &StoredCertificate| Ending {
            name: certificate.record.alias.clone(),
            fingerprint: certificate.record.fingerprint.clone(),
            life: life_of(certificate),
            is_renewable: certificate.is_renewable,
        };
        let mut endings: Vec<Ending> = stored.certificates.iter().map(of_certificate).collect();
        let alias = self.status.wanted_alias.as_ref();
        let in_force = stored.certificates.iter().find(|certificate| Some(&certificate.record.alias) == alias);
        let in_force = in_force.filter(|certificate| certificate.is_renewable);
        self.status.renewal_due_ms = in_force.map(|certificate| life_of(certificate).renewal_due_ms());
        self.status.authority_renewal_due_ms = None;
        if let Some(own) = &stored.authority {
            let life = Life { from_ms: own.not_before_ms, to_ms: own.not_after_ms };
            self.status.authority_renewal_due_ms = Some(life.renewal_due_ms());
            let (name, fingerprint) = (AUTHORITY.to_owned(), own.authority.fingerprint.clone());
            endings.push(Ending { name, fingerprint, life, is_renewable: true });
        }
        let (holding, news) = self.told.look(&endings, now.unix_ms);
        self.status.warnings = holding;
        for warning in news {
            let events = warning.events(state, self.config.node, now.unix_ms);
            effects.push(Effect::Warn(warning, events));
        }
    }

    /// What is known.
    pub fn status(&self) -> &CertificatesStatus {
        &self.status
    }
}

fn life_of(certificate: &StoredCertificate) -> Life {
    Life { from_ms: certificate.record.not_before_ms, to_ms: certificate.ends_ms }
}
