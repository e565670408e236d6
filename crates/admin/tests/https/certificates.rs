//! Reported certificates, CAs, revocations, and the check of an alias switch.

use std::time::Duration;

use flotilla_admin::api::{
    BulkParameterChange, ExportCertificate, GenerateCertificate, Hidden, ImportCertificate, NodeId, Password,
    RevokeCertificate,
};
use flotilla_model::{CertificateRecord, Command, SessionId};
use flotilla_pki::{Authority, IssueParameters, KeyAlgorithm, LocalCertificate};

use crate::harness::{Harness, NOW_MS, PASSWORD, SESSION, authority, code};

const ALIAS: &str = "Cluster.Crypto.Alias";
const DAY: Duration = Duration::from_secs(86_400);

fn issue(authority: &Authority, alias: &str, node: Option<u64>, lifetime: Duration) -> LocalCertificate {
    let parameters = IssueParameters {
        common_name: "node".to_owned(),
        names: vec!["localhost".to_owned()],
        node_id: node,
        lifetime,
        algorithm: KeyAlgorithm::default(),
    };
    authority.issue(alias.parse().unwrap(), &parameters).unwrap()
}

fn record(local: &LocalCertificate, authority: Option<&Authority>) -> CertificateRecord {
    let info = local.info().unwrap();
    CertificateRecord {
        alias: local.alias.as_str().to_owned(),
        chain_pem: local.chain_pem(),
        fingerprint: info.fingerprint.to_string(),
        serial: info.serial.to_string(),
        subject: info.subject,
        issuer: info.issuer,
        authority: authority.map(|authority| authority.fingerprint().to_string()),
        not_before_ms: info.not_before_ms,
        not_after_ms: info.not_after_ms,
    }
}

/// Node 1 runs, as node 2 does.
fn start_first(harness: &Harness) {
    harness.ledger.apply(Command::NodeStarted {
        node: NodeId(1),
        session: SessionId(1),
        version: "0.1.0".to_owned(),
        mesh_address: "node-1:44431".to_owned(),
        admin_url: "https://node-1:8444".to_owned(),
        transfer_url: "https://node-1:8443".to_owned(),
        now_ms: NOW_MS,
    });
}

fn report(harness: &Harness, node: u64, certificates: Vec<CertificateRecord>) {
    let session = if node == 1 { SessionId(1) } else { SESSION };
    harness.ledger.apply(Command::ReportCertificates { node: NodeId(node), session, certificates, now_ms: NOW_MS });
}

#[actix_web::test]
async fn an_alias_is_switched_only_if_every_node_has_a_good_certificate() {
    let harness = Harness::start().await;
    start_first(&harness);
    let client = harness.with_password("root", PASSWORD);
    let (ca, foreign) = (authority("cluster"), authority("foreign"));
    client.import_authorities(&ca.certificate_pem()).await.unwrap();
    let first = record(&issue(&ca, "mesh", Some(1), 30 * DAY), Some(&ca));
    report(&harness, 1, vec![first]);
    let refused = async |what: &str| {
        let error = client.set_parameter(ALIAS, Some("mesh"), None).await.unwrap_err();
        let problem = error.problem().unwrap();
        assert_eq!((problem.status, problem.code.as_str()), (409, "alias-unusable"));
        assert!(problem.detail.contains("node 2 (node-2)") && problem.detail.contains(what), "{}", problem.detail);
        assert!(!problem.detail.contains("node 1 ("), "{}", problem.detail);
        // The same by the road of many parameters.
        let change = BulkParameterChange {
            name: ALIAS.to_owned(),
            node: None,
            value: Some("mesh".to_owned()),
            expected_version: None,
        };
        assert_eq!(code(client.set_parameters(vec![change]).await), "alias-unusable");
    };
    refused("has no certificate mesh").await;
    let second = |local: &LocalCertificate| report(&harness, 2, vec![record(local, Some(&ca))]);
    second(&issue(&foreign, "mesh", Some(2), 30 * DAY));
    refused("a CA that the cluster does not trust").await;
    second(&issue(&ca, "mesh", Some(1), 30 * DAY));
    refused("is bound to node 1").await;
    let mut ended = record(&issue(&ca, "mesh", Some(2), 30 * DAY), Some(&ca));
    ended.not_after_ms = NOW_MS;
    report(&harness, 2, vec![ended]);
    refused("expired at 2023-11-14").await;
    let mut early = record(&issue(&ca, "mesh", Some(2), 30 * DAY), Some(&ca));
    early.not_before_ms = early.not_after_ms - 1;
    report(&harness, 2, vec![early]);
    refused("is not valid before").await;
    let good = issue(&ca, "mesh", Some(2), 30 * DAY);
    second(&good);
    let serial = good.info().unwrap().serial.to_string();
    client.revoke_certificate(&RevokeCertificate { serial: Some(serial), ..Default::default() }).await.unwrap();
    refused("is revoked").await;
    second(&issue(&ca, "mesh", None, 30 * DAY));
    client.set_parameter(ALIAS, Some("mesh"), None).await.unwrap();
    let shown = client.certificates(Some(NodeId(2))).await.unwrap();
    assert_eq!((shown.len(), shown[0].is_in_use, shown[0].bound_to), (1, true, None));
    // What is in force is not looked at again: a change that changes nothing is no switch.
    report(&harness, 2, Vec::new());
    client.set_parameter(ALIAS, Some("mesh"), None).await.unwrap();
    assert_eq!(
        code(client.set_parameter(ALIAS, None, None).await),
        "alias-unusable",
        "back to the default is a switch"
    );
    harness.stop().await;
}

#[actix_web::test]
async fn a_certificate_in_use_is_revoked_only_by_force() {
    let harness = Harness::start().await;
    start_first(&harness);
    let client = harness.with_password("root", PASSWORD);
    let ca = authority("cluster");
    client.import_authorities(&ca.certificate_pem()).await.unwrap();
    let (used, spare) = (issue(&ca, "flotilla-cluster", Some(1), DAY), issue(&ca, "spare", Some(1), DAY));
    report(&harness, 1, vec![record(&used, Some(&ca)), record(&spare, Some(&ca))]);
    let by_alias = |alias: &str, force| RevokeCertificate {
        node: Some(NodeId(1)),
        alias: Some(alias.to_owned()),
        reason: "lost".to_owned(),
        force,
        ..Default::default()
    };
    assert_eq!(code(client.revoke_certificate(&by_alias("flotilla-cluster", false)).await), "certificate-in-use");
    assert_eq!(code(client.revoke_certificate(&by_alias("nothing", false)).await), "not-found");
    client.revoke_certificate(&by_alias("spare", false)).await.unwrap();
    assert_eq!(
        code(client.revoke_certificate(&by_alias("spare", false)).await),
        "wrong-state",
        "it is revoked already"
    );
    client.revoke_certificate(&by_alias("flotilla-cluster", true)).await.unwrap();
    for bad in ["", "xyz", "0000"] {
        let request = RevokeCertificate { serial: Some(bad.to_owned()), ..Default::default() };
        assert_eq!(code(client.revoke_certificate(&request).await), "invalid-value");
    }
    assert_eq!(code(client.revoke_certificate(&RevokeCertificate::default()).await), "invalid-value");
    // Any spelling of a serial number, also of a certificate that no node has.
    let strange = RevokeCertificate { serial: Some("00:AB:CD".to_owned()), ..Default::default() };
    client.revoke_certificate(&strange).await.unwrap();
    let rows = client.revocations().await.unwrap();
    assert!(rows.iter().any(|row| row.serial == "abcd" && row.subject == "unknown"), "{rows:?}");
    let shown = client.certificate(NodeId(1), "spare").await.unwrap();
    assert!(shown.is_revoked && shown.chain_pem.unwrap().contains("BEGIN CERTIFICATE"));
    harness.stop().await;
}

#[actix_web::test]
async fn a_ca_with_live_certificates_is_removed_only_by_force() {
    let harness = Harness::start().await;
    start_first(&harness);
    let client = harness.with_password("root", PASSWORD);
    let ca = authority("cluster");
    let added = client.import_authorities(&ca.certificate_pem()).await.unwrap();
    let fingerprint = ca.fingerprint().to_string();
    assert_eq!((added[0].name.as_str(), added[0].fingerprint.as_str()), ("imported", fingerprint.as_str()));
    report(&harness, 1, vec![record(&issue(&ca, "spare", Some(1), DAY), Some(&ca))]);
    assert_eq!(client.authority(&fingerprint).await.unwrap().live_certificates, 1);
    assert_eq!(code(client.remove_authority(&fingerprint, false).await), "authority-in-use");
    client.remove_authority(&fingerprint, true).await.unwrap();
    assert_eq!(code(client.remove_authority(&fingerprint, true).await), "not-found");
    assert_eq!(code(client.import_authorities("junk").await), "invalid-value");
    let leaf = issue(&ca, "spare", Some(1), DAY).chain_pem();
    assert_eq!(code(client.import_authorities(&leaf).await), "invalid-value", "no CA");
    harness.stop().await;
}

#[actix_web::test]
async fn what_only_a_node_can_do_is_asked_of_it_and_only_by_administrators() {
    let harness = Harness::start().await;
    let (root, auditor) = (harness.with_password("root", PASSWORD), harness.with_password("auditor", PASSWORD));
    let node = Some(NodeId(2));
    let generate = GenerateCertificate { alias: "mesh".to_owned(), node, ..Default::default() };
    assert_eq!(code(root.generate_certificate(&generate).await), "unavailable", "the node is not reached");
    assert_eq!(code(auditor.generate_certificate(&generate).await), "forbidden");
    let unknown = GenerateCertificate { node: Some(NodeId(9)), ..generate };
    assert_eq!(code(root.generate_certificate(&unknown).await), "not-found");
    assert_eq!(code(auditor.export_certificate(NodeId(2), "mesh", &ExportCertificate::default()).await), "forbidden");
    // An export is written down before it is tried.
    assert_eq!(code(root.export_certificate(NodeId(2), "mesh", &ExportCertificate::default()).await), "unavailable");
    let rows = root.audit_log(&Default::default()).await.unwrap().items;
    assert_eq!((rows[0].operation.as_str(), rows[0].subject.as_str()), ("certificate.export", "mesh of node 2"));
    assert!(auditor.certificates(None).await.unwrap().is_empty());
    assert_eq!(
        auditor.authorities().await.unwrap().len(),
        0,
        "the CAs of this ledger cannot be read, and are left out"
    );
    harness.stop().await;
}

#[test]
fn passwords_and_files_are_never_shown() {
    let request = ImportCertificate {
        file: Hidden::new(*b"a private key"),
        password: Some(Password::new("hush")),
        ..Default::default()
    };
    let shown = format!("{request:?}");
    assert!(!shown.contains("hush") && !shown.contains("private"), "{shown}");
}
