//! The certificates that members show, judged as this node's TLS would judge them in the next handshake.

use flotilla_actors::certificates::alias_in_force;
use flotilla_admin::nodes::MemberCertificate;
use flotilla_model::{NodeId, State};
use flotilla_pki::{Credentials, PeerSide, parse_chain_pem};
use rustls::pki_types::{CertificateDer, UnixTime};

/// Its own as it is in force; the others' as they were reported to the log.
pub(super) fn judge(credentials: &Credentials, state: &State, own: NodeId, now: UnixTime) -> Vec<MemberCertificate> {
    let mut judged = vec![MemberCertificate {
        node: own,
        alias: credentials.alias().to_string(),
        refusal: refusal(credentials, &credentials.parts().local.chain, now),
    }];
    for node in state.members.values().map(|member| member.id).filter(|node| *node != own) {
        let alias = alias_in_force(state, node);
        // A member that has not started yet has reported none.
        let Some(record) = state.certificates.get(&(node, alias.clone())) else { continue };
        let refusal = match parse_chain_pem(record.chain_pem.as_bytes()) {
            Ok(chain) => refusal(credentials, &chain, now),
            Err(error) => Some(error.to_string()),
        };
        judged.push(MemberCertificate { node, alias, refusal });
    }
    judged
}

/// Links are dialled from both ends.
fn refusal(credentials: &Credentials, chain: &[CertificateDer<'_>], now: UnixTime) -> Option<String> {
    let sides = [PeerSide::Client, PeerSide::Server];
    sides.into_iter().find_map(|side| credentials.examine_peer(chain, side, now).err()).map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use flotilla_model::{Authority as TrustedAuthority, CertificateRecord, Command, MemberRole, SessionId, Sha256};
    use flotilla_pki::{
        Authority, AuthorityParameters, CredentialsParts, IssueParameters, KeyAlgorithm, LocalCertificate,
        RevokedSerials, TrustStore,
    };

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn authority(name: &str) -> Authority {
        let parameters = AuthorityParameters {
            common_name: name.to_owned(),
            lifetime: 100 * DAY,
            algorithm: KeyAlgorithm::default(),
        };
        Authority::generate(&parameters).unwrap()
    }

    fn issue(authority: &Authority, alias: &str, node: u64) -> LocalCertificate {
        let parameters = IssueParameters {
            common_name: format!("ft{node}"),
            names: vec![format!("ft{node}")],
            node_id: Some(node),
            lifetime: 10 * DAY,
            algorithm: KeyAlgorithm::default(),
        };
        authority.issue(alias.parse().unwrap(), &parameters).unwrap()
    }

    /// Members 1 and 2; the second has reported this certificate.
    fn state(local: &LocalCertificate) -> State {
        let mut state = State::default();
        let parameters = flotilla_config::parameters::defaults();
        state.apply(&Command::CreateCluster { id: 1, name: "harbour".to_owned(), parameters, now_ms: 1 }).unwrap();
        for node in 1..=2_u8 {
            let token = (node > 1).then_some(Sha256([node; 32]));
            if let Some(secret_hash) = token {
                let created_by = "init".to_owned();
                state.apply(&Command::CreateJoinToken { secret_hash, expires_ms: 9, created_by, now_ms: 1 }).unwrap();
            }
            let authority = TrustedAuthority {
                fingerprint: node.to_string().repeat(64),
                certificate_pem: String::new(),
                node: None,
                added_ms: 1,
            };
            let (name, role) = (format!("ft{node}"), MemberRole::Full);
            let (mesh_address, admin_url) = (format!("{name}:44431"), format!("https://{name}:8444"));
            let transfer_url = format!("https://{name}:8443");
            let admit =
                Command::AdmitMember { token, name, role, mesh_address, admin_url, transfer_url, authority, now_ms: 1 };
            state.apply(&admit).unwrap();
        }
        let started = Command::NodeStarted {
            node: NodeId(2),
            session: SessionId(7),
            version: "1".to_owned(),
            mesh_address: "ft2:44431".to_owned(),
            admin_url: "https://ft2:8444".to_owned(),
            transfer_url: "https://ft2:8443".to_owned(),
            now_ms: 1,
        };
        state.apply(&started).unwrap();
        let info = local.info().unwrap();
        let record = CertificateRecord {
            alias: local.alias.to_string(),
            chain_pem: local.chain_pem(),
            fingerprint: info.fingerprint.to_string(),
            serial: info.serial.to_string(),
            subject: info.subject,
            issuer: info.issuer,
            authority: None,
            not_before_ms: info.not_before_ms,
            not_after_ms: info.not_after_ms,
        };
        let (node, session, certificates) = (NodeId(2), SessionId(7), vec![record]);
        state.apply(&Command::ReportCertificates { node, session, certificates, now_ms: 1 }).unwrap();
        state
    }

    #[test]
    fn a_certificate_is_judged_as_a_handshake_would() {
        let (ours, theirs) = (authority("CA 1"), authority("CA 2"));
        let alias = alias_in_force(&State::default(), NodeId(2));
        let (own, other) = (issue(&ours, &alias, 1), issue(&theirs, &alias, 2));
        let state = state(&other);
        let now = UnixTime::now();
        let judged = |trust: &[&Authority], revoked: RevokedSerials, now: UnixTime| {
            let mut store = TrustStore::new();
            for authority in trust {
                store.add(authority.certificate().clone()).unwrap();
            }
            let parts = CredentialsParts { local: own.clone(), trust: store, revoked };
            let credentials = Credentials::new_unproven(parts).unwrap();
            judge(&credentials, &state, NodeId(1), now).into_iter().map(|one| one.refusal).collect::<Vec<_>>()
        };
        assert_eq!(judged(&[&ours, &theirs], RevokedSerials::default(), now), [None, None]);

        let unknown = judged(&[&ours], RevokedSerials::default(), now);
        assert!(unknown[0].is_none() && unknown[1].as_ref().unwrap().contains("UnknownIssuer"), "{unknown:?}");
        let revoked = [other.info().unwrap().serial].into_iter().collect();
        let revoked = judged(&[&ours, &theirs], revoked, now);
        assert!(revoked[0].is_none() && revoked[1].as_ref().unwrap().contains("is revoked"), "{revoked:?}");
        let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + 20 * DAY);
        let ended = judged(&[&ours, &theirs], RevokedSerials::default(), later);
        assert!(ended.iter().all(|refusal| refusal.as_ref().unwrap().contains("xpired")), "{ended:?}");
    }
}
