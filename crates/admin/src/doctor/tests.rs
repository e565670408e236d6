//! Cases: facts go in, findings come out.

use flotilla_model::NodeId;

use super::{Examined, diagnose};
use crate::api::{Finding, FindingLevel};
use crate::nodes::{CertificateFacts, DiskFacts, Examination, MemberCertificate, TargetFacts, TargetKind};

const NOW_MS: u64 = 1_800_000_000_000;
const DAY_MS: u64 = 86_400_000;

fn target(kind: TargetKind, host: &str) -> TargetFacts {
    TargetFacts {
        kind,
        node: (kind != TargetKind::Integration).then_some(NodeId(2)),
        host: host.to_owned(),
        port: 44431,
        addresses: Ok(vec!["192.0.2.1".to_owned()]),
        reverse: Ok(host.to_owned()),
        connected: Ok(300),
    }
}

fn well() -> Examination {
    let certificate = |alias: &str| CertificateFacts {
        alias: alias.to_owned(),
        subject: "CN=ft1".to_owned(),
        not_after_ms: NOW_MS + 100 * DAY_MS,
    };
    Examination {
        version: "1.0.0".to_owned(),
        now_ms: NOW_MS,
        secret_fingerprint: "aa".to_owned(),
        alias: "mesh".to_owned(),
        certificate: certificate("mesh"),
        authorities: vec![certificate("")],
        servers: vec![NodeId(1), NodeId(2)],
        disk: DiskFacts { free_bytes: 100 << 30, size_bytes: 200 << 30, sync_us: Some(700), failure: None },
        targets: vec![
            target(TargetKind::Cluster, "ft2.example.org"),
            target(TargetKind::Integration, "hook.example.org"),
        ],
        members: (1..=3).map(|node| accepted(node, None)).collect(),
    }
}

fn accepted(node: u64, refusal: Option<&str>) -> MemberCertificate {
    MemberCertificate { node: NodeId(node), alias: "mesh".to_owned(), refusal: refusal.map(str::to_owned) }
}

/// The port of node 1 for the other nodes, as node 1 itself sees it.
fn own_target(resolves: Result<(), &str>, connects: Result<(), &str>) -> TargetFacts {
    let well = target(TargetKind::Cluster, "ft1.example.org");
    TargetFacts {
        node: Some(NodeId(1)),
        addresses: resolves.map(|()| vec!["192.0.2.1".to_owned()]).map_err(str::to_owned),
        connected: connects.map(|()| 90).map_err(str::to_owned),
        ..well
    }
}

fn examined(node: u64, found: Result<Examination, String>) -> Examined {
    Examined { node: NodeId(node), found, asked_ms: NOW_MS, round_trip_ms: 10 }
}

/// What is found when node 1 is changed so, and nodes 2 and 3 are well.
fn with(change: impl FnOnce(&mut Examination)) -> Vec<Finding> {
    let mut first = well();
    change(&mut first);
    let nodes = [examined(1, Ok(first)), examined(2, Ok(well())), examined(3, Ok(well()))];
    diagnose(&nodes).into_iter().filter(|finding| finding.level != FindingLevel::Ok).collect()
}

#[test]
fn a_cluster_that_is_well_is_told_so() {
    assert_eq!(with(|_| {}), []);
    let all = diagnose(&[examined(1, Ok(well()))]);
    let checks: Vec<_> = all.iter().map(|finding| finding.check.as_str()).collect();
    assert_eq!(checks, ["clock", "disk", "certificates", "names", "ports", "agreement"]);
}

#[test]
fn each_fault_is_found_with_its_mend() {
    use FindingLevel::{Failed, Warning};
    type Change = fn(&mut Examination);
    let cases: &[(Change, &str, FindingLevel, &str)] = &[
        (|found| found.now_ms += 3_000, "clock", Warning, "2995 ms off"),
        (|found| found.now_ms -= 90_000, "clock", Failed, "89995 ms off"),
        (|found| found.disk.sync_us = Some(80_000), "disk", Warning, "80.0 ms"),
        (|found| found.disk.free_bytes = 1 << 30, "disk", Warning, "1024 MiB free"),
        (|found| found.disk.free_bytes = 1 << 20, "disk", Failed, "1 MiB free"),
        (|found| found.disk = DiskFacts::default(), "disk", Failed, "takes no writes"),
        (|found| found.certificate.not_after_ms = NOW_MS + 3 * DAY_MS, "certificates", Warning, "ends in 3 days"),
        (|found| found.certificate.not_after_ms = NOW_MS - 1, "certificates", Failed, "has ended"),
        (
            |found| found.authorities[0].not_after_ms = NOW_MS + DAY_MS,
            "certificates",
            Warning,
            "the CA CN=ft1 ends in 1",
        ),
        (
            |found| found.certificate.alias = "old".to_owned(),
            "certificates",
            Failed,
            "Cluster.Crypto.Alias is \"mesh\"",
        ),
        (
            |found| found.targets[0].addresses = Err("NXDOMAIN".to_owned()),
            "names",
            Failed,
            "does not resolve: NXDOMAIN",
        ),
        (|found| found.targets[0].reverse = Ok("other.example.org".to_owned()), "names", Warning, "back to other"),
        (|found| found.targets[0].reverse = Err("no name".to_owned()), "names", Warning, "does not resolve back"),
        (
            |found| found.targets[0].connected = Err("refused".to_owned()),
            "ports",
            Failed,
            "cluster port ft2.example.org:44431",
        ),
        (
            |found| found.targets[1].connected = Err("refused".to_owned()),
            "ports",
            Failed,
            "integration hook.example.org",
        ),
        (
            |found| found.targets[0] = own_target(Err("refused"), Ok(())),
            "names",
            Warning,
            "ft1.example.org of node 1 does not resolve",
        ),
        (|found| found.targets[0] = own_target(Ok(()), Err("refused")), "ports", Warning, "ft1.example.org:44431"),
        (
            |found| found.members[1] = accepted(2, Some("UnknownIssuer")),
            "certificates",
            Failed,
            "does not accept the certificate mesh of node 2: UnknownIssuer",
        ),
        (|found| found.secret_fingerprint = "bb".to_owned(), "agreement", Failed, "secret bb, most have aa"),
        (|found| found.servers.reverse(), "agreement", Warning, "servers list 2, 1, most have 1, 2"),
        (|found| found.version = "2.0.0".to_owned(), "versions", Warning, "runs version 2.0.0"),
    ];
    for (change, check, level, part) in cases {
        let found = with(change);
        let [finding] = found.as_slice() else { panic!("{part}: {found:?}") };
        assert_eq!((finding.node, finding.check.as_str(), finding.level), (NodeId(1), *check, *level), "{finding:?}");
        assert!(finding.detail.contains(part) && finding.mend.is_some(), "{part} is missing in {finding:?}");
    }
}

#[test]
fn what_does_no_harm_is_no_fault() {
    assert_eq!(with(|found| found.targets[0].reverse = Ok("FT2".to_owned())), [], "the short name");
    assert_eq!(with(|found| found.targets[1].reverse = Err("none".to_owned())), [], "of an integration");
    let by_address = |found: &mut Examination| {
        found.targets[0].host = "192.0.2.1".to_owned();
        found.targets[0].reverse = Err("none".to_owned());
    };
    assert_eq!(with(by_address), []);
}

#[test]
fn a_node_that_gives_no_answer_is_named() {
    let found = diagnose(&[examined(1, Ok(well())), examined(2, Err("not connected".to_owned()))]);
    let reach = found.iter().find(|finding| finding.check == "reach").unwrap();
    assert_eq!((reach.node, reach.level), (NodeId(2), FindingLevel::Failed));
}

#[test]
fn a_certificate_that_nobody_accepts_is_told_once() {
    let refused = |reason: &str| {
        let mut found = well();
        found.members[1] = accepted(2, Some(reason));
        Ok(found)
    };
    let told = |nodes: &[Examined]| -> Vec<_> {
        let findings = diagnose(nodes).into_iter();
        findings.filter(|finding| finding.level == FindingLevel::Failed).map(|one| (one.node.0, one.detail)).collect()
    };
    let revoked =
        [examined(1, refused("is revoked")), examined(2, refused("is revoked")), examined(3, Err("down".to_owned()))];
    let found = told(&revoked);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().any(|(node, text)| *node == 2 && text.contains("no node that was asked accepts: is revoked")));

    // Node 2 says itself that it has ended.
    let mut ended = well();
    ended.members[1] = accepted(2, Some("expired"));
    ended.certificate.not_after_ms = NOW_MS - 1;
    let found = told(&[examined(1, refused("expired")), examined(2, Ok(ended))]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("has ended"));
}

#[test]
fn an_older_node_tells_less() {
    let mut sent = serde_json::to_value(well()).unwrap();
    sent.as_object_mut().unwrap().remove("members");
    let read: Examination = serde_json::from_value(sent).unwrap();
    assert_eq!(read.members, []);
}
