//! CAs, the nodes' certificates, revocations; and whose Transaction Manager stands still.

use crate::command::Command;
use crate::ids::{NodeId, SessionId};
use crate::member::{Authority, Member};
use crate::outcome::{Outcome, Rejection};
use crate::state::State;
use crate::trust::{CertificateRecord, Revocation, StoppedTm};

/// Most certificates in one node's report, and bytes of the texts of one.
const MAX_CERTIFICATES: usize = 64;
const MAX_CERTIFICATE_BYTES: usize = 32 << 10;
/// Most revocations at a time. Each goes when its certificate would have ended.
const MAX_REVOCATIONS: usize = 10_000;
/// Most CAs: each member's, a few former ones of each.
const MAX_AUTHORITIES: usize = 400;

impl State {
    pub(super) fn trust_authority(&mut self, authority: &Authority) -> Result<Outcome, Rejection> {
        self.check_room_for(authority)?;
        self.authorities.insert(authority.fingerprint.clone(), authority.clone());
        Ok(Outcome::Done)
    }

    pub(super) fn replace_authority(
        &mut self,
        node: NodeId,
        authority: &Authority,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.check_member(node)?;
        self.check_room_for(authority)?;
        self.advance_clock(now_ms);
        self.authorities.insert(authority.fingerprint.clone(), Authority { node: Some(node), ..authority.clone() });
        self.members.update(&node, |member| member.authority.clone_from(&authority.fingerprint));
        Ok(Outcome::Done)
    }

    fn check_room_for(&self, authority: &Authority) -> Result<(), Rejection> {
        if self.authorities.len() >= MAX_AUTHORITIES && !self.authorities.contains(&authority.fingerprint) {
            return Err(Rejection::TooManyAuthorities { limit: MAX_AUTHORITIES as u64 });
        }
        Ok(())
    }

    pub(super) fn distrust_authority(&mut self, fingerprint: &str, force: bool) -> Result<Outcome, Rejection> {
        let fingerprint = fingerprint.to_owned();
        if !self.authorities.contains(&fingerprint) {
            return Err(Rejection::NoSuchAuthority { fingerprint });
        }
        if let Some(member) = self.members.values().find(|member| member.authority == fingerprint) {
            return Err(Rejection::AuthorityOfMember { fingerprint, node: member.id });
        }
        let is_live = |record: &CertificateRecord| {
            record.authority.as_ref() == Some(&fingerprint) && record.not_after_ms > self.header.clock_ms
        };
        let live = self.certificates.iter().find(|(_, record)| is_live(record));
        if let Some(((node, alias), _)) = live.filter(|_| !force) {
            return Err(Rejection::AuthorityInUse { fingerprint, node: *node, alias: alias.clone() });
        }
        self.authorities.remove(&fingerprint);
        Ok(Outcome::Done)
    }

    /// A member is gone: its CAs are trusted only if another member has the same.
    pub(super) fn forget_trust_of(&mut self, member: &Member) {
        let is_its = |(fingerprint, row): &(&String, &Authority)| {
            row.node == Some(member.id) || **fingerprint == member.authority
        };
        let is_others = |fingerprint: &String| self.members.values().any(|other| other.authority == *fingerprint);
        let gone: Vec<String> = self.authorities.iter().filter(is_its).map(|(key, _)| key.clone()).collect();
        for fingerprint in gone.into_iter().filter(|fingerprint| !is_others(fingerprint)).collect::<Vec<_>>() {
            self.authorities.remove(&fingerprint);
        }
        self.forget_certificates_of(member.id);
        self.forget_adoption_of(member.id);
    }

    pub(super) fn report_certificates(
        &mut self,
        node: NodeId,
        session: SessionId,
        certificates: &[CertificateRecord],
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.check_session(node, session)?;
        let is_long = |record: &CertificateRecord| {
            let texts = [&record.alias, &record.chain_pem, &record.subject, &record.issuer];
            texts.iter().map(|text| text.len()).sum::<usize>() > MAX_CERTIFICATE_BYTES
        };
        if certificates.len() > MAX_CERTIFICATES || certificates.iter().any(is_long) {
            let (limit, bytes) = (MAX_CERTIFICATES as u64, MAX_CERTIFICATE_BYTES as u64);
            return Err(Rejection::TooManyCertificates { limit, bytes });
        }
        self.advance_clock(now_ms);
        self.forget_certificates_of(node);
        for record in certificates {
            self.certificates.insert((node, record.alias.clone()), record.clone());
        }
        Ok(Outcome::Done)
    }

    fn forget_certificates_of(&mut self, node: NodeId) {
        let from = (node, String::new())..(NodeId(node.0.saturating_add(1)), String::new());
        let gone: Vec<_> = self.certificates.range(from).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.certificates.remove(&key);
        }
    }

    pub(super) fn revoke_certificate(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::RevokeCertificate { serial, subject, reason, not_after_ms, now_ms } = command else {
            unreachable!("dispatched by variant");
        };
        if self.revocations.contains(serial) {
            return Err(Rejection::AlreadyRevoked { serial: serial.clone() });
        }
        if self.revocations.len() >= MAX_REVOCATIONS {
            return Err(Rejection::TooManyRevocations { limit: MAX_REVOCATIONS as u64 });
        }
        self.advance_clock(*now_ms);
        let row = Revocation {
            serial: serial.clone(),
            subject: subject.clone(),
            reason: reason.clone(),
            revoked_ms: self.header.clock_ms,
            not_after_ms: *not_after_ms,
        };
        self.revocations.insert(serial.clone(), row);
        Ok(Outcome::Done)
    }

    /// A certificate that has ended is refused for that. A day later, since clocks differ.
    pub(super) fn forget_revocations(&mut self) {
        let clock_ms = self.header.clock_ms;
        let is_over = |row: &Revocation| row.not_after_ms.saturating_add(86_400_000) <= clock_ms;
        let gone: Vec<_> =
            self.revocations.iter().filter(|(_, row)| is_over(row)).map(|(serial, _)| serial.clone()).collect();
        for serial in gone {
            self.revocations.remove(&serial);
        }
    }

    pub(super) fn set_transaction_manager(
        &mut self,
        node: Option<NodeId>,
        is_stopped: bool,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        if let Some(node) = node {
            self.check_member(node)?;
        }
        self.advance_clock(now_ms);
        let nodes: Vec<NodeId> = match node {
            Some(node) => vec![node],
            None => self.members.iter().map(|(id, _)| *id).collect(),
        };
        for node in nodes {
            match (is_stopped, self.stopped_tms.contains(&node)) {
                (true, false) => self.stopped_tms.insert(node, StoppedTm { since_ms: self.header.clock_ms }),
                (false, true) => drop(self.stopped_tms.remove(&node)),
                _ => {}
            }
        }
        Ok(Outcome::Done)
    }
}
