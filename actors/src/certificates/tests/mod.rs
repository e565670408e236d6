//! Cases of the core, and the shell with a keeper that refuses at first.

mod renewal;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::{AccountName, Authority, CertificateRecord, Command, KindPattern, NodeId, SessionId, Step};

use crate::certificates::{Certificates, CertificatesConfig, CertificatesCore, CertificatesPorts, EXPIRING, Effect};
use crate::ports::{
    CredentialKeeper, CredentialReport, Now, OwnAuthority, StoredCertificate, StoredCredentials, SystemClock, Trust,
};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, within};

const DAY_MS: u64 = 86_400_000;

const ALIAS: &str = "flotilla-cluster";

const CONFIG: CertificatesConfig = CertificatesConfig { node: NodeId(1), session: SessionId(1000) };

fn at_day(day: u64) -> Now {
    at_ms(day * DAY_MS)
}

fn at_ms(ms: u64) -> Now {
    Now { unix_ms: ms, monotonic_ms: ms }
}

fn report(from_day: u64, until_day: u64) -> CredentialReport {
    CredentialReport {
        alias: ALIAS.to_owned(),
        fingerprint: format!("{from_day}-{until_day}"),
        not_before_ms: from_day * DAY_MS,
        not_after_ms: until_day * DAY_MS,
    }
}

fn certificate(alias: &str, from_ms: u64, to_ms: u64) -> StoredCertificate {
    let record = CertificateRecord {
        alias: alias.to_owned(),
        chain_pem: "-".to_owned(),
        fingerprint: format!("{alias} {from_ms}-{to_ms}"),
        serial: format!("{from_ms:x}"),
        subject: "CN=node".to_owned(),
        issuer: "CN=ca".to_owned(),
        authority: Some("ca-1".to_owned()),
        not_before_ms: from_ms,
        not_after_ms: to_ms,
    };
    StoredCertificate { ends_ms: to_ms, record, is_renewable: true }
}

fn own_authority(fingerprint: &str, from_ms: u64, to_ms: u64) -> OwnAuthority {
    let authority = Authority {
        fingerprint: fingerprint.to_owned(),
        certificate_pem: "-".to_owned(),
        node: Some(CONFIG.node),
        added_ms: 0,
    };
    OwnAuthority { authority, subject: "CN=ca".to_owned(), not_before_ms: from_ms, not_after_ms: to_ms }
}

/// A store with the certificate in force, and the node's CA, which lasts.
fn store(from_day: u64, until_day: u64) -> StoredCredentials {
    StoredCredentials {
        certificates: vec![certificate(ALIAS, from_day * DAY_MS, until_day * DAY_MS)],
        authority: Some(own_authority("ca-1", 0, 100_000 * DAY_MS)),
    }
}

fn publications(effects: &[Effect]) -> Vec<&Trust> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Publish(trust) = effect {
            found.push(trust);
        }
    }
    found
}

/// Carries out what needs no choice: reads of the store give `stored`, reports reach the log. Returns the rest.
fn settle(core: &mut CertificatesCore, cluster: &mut Cluster, stored: &StoredCredentials, now: Now) -> Vec<Effect> {
    let mut rest = Vec::new();
    for _ in 0..10 {
        let effects = core.decide(cluster.state(), now);
        let is_done = effects.is_empty();
        for effect in effects {
            match effect {
                Effect::Inspect(_) => core.on_inspected(Ok(stored.clone()), now),
                Effect::Report(commands) => {
                    let answers = commands.into_iter().map(|command| cluster.apply(command).map(drop));
                    let answer: Result<(), _> = answers.collect();
                    core.on_reported(answer.map_err(|rejection| rejection.to_string()), now);
                }
                other => rest.push(other),
            }
        }
        if is_done {
            return rest;
        }
    }
    panic!("it does not come to rest: {rest:?}");
}

/// A core with this store, of which the first certificate is in force, some time ago.
fn running(cluster: &mut Cluster, stored: &StoredCredentials, now: Now) -> CertificatesCore {
    let mut core = published(cluster, report(0, 365), now);
    assert_eq!(settle(&mut core, cluster, stored, now), []);
    core
}

/// A core with this certificate in force.
fn published(cluster: &Cluster, report: CredentialReport, now: Now) -> CertificatesCore {
    let mut core = CertificatesCore::new(CONFIG);
    assert_eq!(publications(&core.decide(cluster.state(), now)).len(), 1);
    core.on_published(Ok(report), now);
    core
}

#[test]
fn nothing_is_published_before_the_members_are_known() {
    assert_eq!(CertificatesCore::new(CONFIG).decide(Cluster::default().state(), at_day(0)), []);
}

#[test]
fn a_view_without_this_process_is_too_old_to_be_believed() {
    let mut cluster = Cluster::new(2);
    cluster.start(1, SessionId(999));
    let mut core = CertificatesCore::new(CONFIG);
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "an earlier process of this node was announced");
    assert_eq!((core.status().wanted_alias.as_deref(), core.status().is_current), (None, false));
    cluster.start(1, CONFIG.session);
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].authorities.len(), 2);
    core.on_published(Ok(report(0, 365)), at_day(0));
    cluster.lose(1);
    cluster.admit(3);
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].authorities.len(), 3, "being declared lost makes no view older");
}

#[test]
fn trust_alias_and_revocations_follow_the_state() {
    let mut cluster = Cluster::new(1);
    let mut core = running(&mut cluster, &store(0, 365), at_day(0));
    cluster.admit(2);
    let effects = core.decide(cluster.state(), at_day(0));
    let [Effect::Publish(trust)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(trust.authorities.iter().map(|ca| ca.fingerprint.as_str()).collect::<Vec<_>>(), ["ca-1", "ca-2"]);
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "on its way");
    core.on_published(Ok(report(0, 365)), at_day(0));
    cluster.set("Cluster.Crypto.Alias", Some("other"));
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].alias, "other");
    core.on_published(Ok(report(0, 365)), at_day(0));
    revoke(&mut cluster, "abc");
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].revoked, ["abc"]);
    core.on_published(Ok(report(0, 365)), at_day(0));
    assert_eq!(core.status().revoked, 1);
}

fn revoke(cluster: &mut Cluster, serial: &str) {
    let command = Command::RevokeCertificate {
        serial: serial.to_owned(),
        subject: "CN=x".to_owned(),
        reason: "lost".to_owned(),
        not_after_ms: 100_000 * DAY_MS,
        now_ms: 1,
    };
    cluster.apply(command).unwrap();
}

#[test]
fn refused_credentials_are_tried_again_and_the_old_ones_stay() {
    let mut cluster = Cluster::new(1);
    let stored = store(0, 365);
    let mut core = running(&mut cluster, &stored, at_ms(0));
    cluster.set("Cluster.Crypto.Alias", Some("missing"));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(10)).len(), 1);
    core.on_published(Err("no certificate of that alias".to_owned()), at_ms(10));
    assert_eq!(core.status().certificate, Some(report(0, 365)));
    assert_eq!(core.status().last_failure.as_deref(), Some("no certificate of that alias"));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(1_009)), []);
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(1_010)).len(), 1);
    core.on_published(Err("still none".to_owned()), at_ms(1_010));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(3_009)), []);
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(3_010)).len(), 1);
}

#[test]
fn a_changed_wish_does_not_wait_for_the_pause_of_the_one_before() {
    let mut cluster = Cluster::new(1);
    let stored = store(0, 365);
    let mut core = running(&mut cluster, &stored, at_day(0));
    assert!(core.status().wanted_alias.is_some());
    cluster.set("Cluster.Crypto.Alias", Some("missing"));
    assert_eq!(core.decide(cluster.state(), at_day(0)).len(), 1);
    cluster.set("Cluster.Crypto.Alias", Some("other"));
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "one job at a time");
    core.on_published(Err("no certificate of that alias".to_owned()), at_day(0));
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].alias, "other");
    assert!(!core.status().is_current);
    core.on_published(Ok(report(0, 365)), at_day(0));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(0)), []);
    assert!(core.status().is_current);
    assert_eq!(core.status().last_failure, None);
    cluster.set("Files.replicas", Some("2"));
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "another parameter is none of its business");
}

#[test]
fn the_wish_before_is_restored_without_a_publication_of_the_failed_one() {
    let mut cluster = Cluster::new(1);
    let stored = store(0, 365);
    let mut core = running(&mut cluster, &stored, at_day(0));
    cluster.set("Cluster.Crypto.Alias", Some("missing"));
    assert_eq!(core.decide(cluster.state(), at_day(0)).len(), 1);
    core.on_published(Err("no certificate of that alias".to_owned()), at_day(0));
    cluster.set("Cluster.Crypto.Alias", None);
    core.decide(cluster.state(), at_day(0));
    core.on_published(Ok(report(0, 365)), at_day(0));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(1)), []);
    assert!(core.status().is_current);
}

#[test]
fn the_log_is_told_of_the_store_and_of_a_new_authority() {
    let mut cluster = Cluster::new(2);
    let mut stored = store(0, 365);
    let mut core = running(&mut cluster, &stored, at_day(0));
    let rows = |cluster: &Cluster| cluster.state().certificates.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    assert_eq!(rows(&cluster), [(NodeId(1), ALIAS.to_owned())]);
    assert!(core.status().is_reported);
    stored.certificates.push(certificate("second", 0, 365 * DAY_MS));
    stored.authority = Some(own_authority("ca-1-new", 0, 100_000 * DAY_MS));
    core.on_store_changed();
    let effects = settle(&mut core, &mut cluster, &stored, at_day(1));
    assert_eq!(publications(&effects).len(), 1);
    core.on_published(Ok(report(0, 365)), at_day(1));
    let effects = settle(&mut core, &mut cluster, &stored, at_day(1));
    assert_eq!(publications(&effects)[0].authorities.len(), 3, "the new one is trusted, the old one still");
    assert_eq!(cluster.state().members.get(&NodeId(1)).unwrap().authority, "ca-1-new");
    assert_eq!(rows(&cluster).len(), 2);
    core.on_published(Ok(report(0, 365)), at_day(1));
    // A report that does not get through is repeated.
    stored.certificates.pop();
    core.on_store_changed();
    core.decide(cluster.state(), at_day(2));
    core.on_published(Ok(report(0, 365)), at_day(2));
    let effects = core.decide(cluster.state(), at_day(2));
    assert!(matches!(effects[..], [Effect::Inspect(_)]), "{effects:?}");
    core.on_inspected(Ok(stored.clone()), at_day(2));
    let effects = core.decide(cluster.state(), at_day(2));
    assert!(matches!(effects[..], [Effect::Report(_)]), "{effects:?}");
    core.on_reported(Err("no quorum".to_owned()), at_day(2));
    assert_eq!(core.decide(cluster.state(), at_day(2)), [], "a pause");
    assert!(!core.status().is_reported);
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(2 * DAY_MS + 1_000)), []);
    assert_eq!(rows(&cluster).len(), 1);
}

#[test]
fn a_revoked_certificate_is_replaced_at_once() {
    let mut cluster = Cluster::new(1);
    let stored = store(1, 365);
    let mut core = running(&mut cluster, &stored, at_day(1));
    revoke(&mut cluster, &stored.certificates[0].record.serial);
    let effects = core.decide(cluster.state(), at_day(2));
    assert_eq!(publications(&effects).len(), 1, "others are refused with it at once");
    assert_eq!(effects[1], Effect::RenewCertificate(ALIAS.to_owned()));
    core.on_published(Err("it is revoked".to_owned()), at_day(2));
    core.on_renewed(Ok(()), at_day(2));
    assert_eq!(publications(&core.decide(cluster.state(), at_day(2))).len(), 1);
}

#[test]
fn nothing_that_takes_long_holds_up_a_revocation() {
    let mut cluster = Cluster::new(1);
    let mut stored = store(0, 90);
    let mut core = running(&mut cluster, &stored, at_day(0));
    stored.certificates.push(certificate("second", 0, 365 * DAY_MS));
    core.on_store_changed();
    core.decide(cluster.state(), at_day(61));
    core.on_published(Ok(report(0, 90)), at_day(61));
    core.decide(cluster.state(), at_day(61));
    core.on_inspected(Ok(stored), at_day(61));
    let effects = core.decide(cluster.state(), at_day(61));
    assert!(matches!(effects[..2], [Effect::RenewCertificate(_), Effect::Report(_)]), "{effects:?}");
    // Neither is answered.
    revoke(&mut cluster, "abc");
    assert_eq!(publications(&core.decide(cluster.state(), at_day(61))).len(), 1);
}

#[test]
fn people_are_told_once_per_threshold() {
    let mut cluster = Cluster::new(1);
    let mut foreign = store(0, 365);
    foreign.certificates[0].is_renewable = false;
    let mut core = running(&mut cluster, &foreign, at_day(0));
    let mut warned = Vec::new();
    for day in 1..=400 {
        for effect in settle(&mut core, &mut cluster, &foreign, at_day(day)) {
            match effect {
                Effect::Warn(warning, events) => {
                    assert_eq!((warning.name.as_str(), events), (ALIAS, Vec::new()), "nobody has asked for events");
                    warned.push((warning.expiry.within_days, warning.expiry.is_expired));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(warned, [(30, false), (14, false), (7, false), (1, false), (0, true)]);
    assert_eq!(core.status().warnings.len(), 1);
    assert_eq!(settle(&mut core, &mut cluster, &foreign, at_day(340)), [], "the clock was set back");
    foreign.certificates = vec![certificate(ALIAS, 400 * DAY_MS, 800 * DAY_MS)];
    core.on_store_changed();
    settle(&mut core, &mut cluster, &foreign, at_day(401));
    core.on_published(Ok(report(400, 800)), at_day(401));
    settle(&mut core, &mut cluster, &foreign, at_day(401));
    assert!(core.status().warnings.is_empty());
}

#[test]
fn whoever_has_a_route_for_it_gets_an_event() {
    let mut cluster = Cluster::new(1);
    cluster.route(vec![Step::Checksum]);
    let (account, kind) = (AccountName::parse("acme").unwrap(), KindPattern::parse(EXPIRING).unwrap());
    let route = Command::PutKindRoute {
        account: account.clone(),
        kind,
        steps: vec![Step::Checksum],
        lane: None,
        priority: None,
        expected_version: None,
    };
    cluster.apply(route).unwrap();
    let mut foreign = store(0, 365);
    foreign.certificates[0].is_renewable = false;
    let mut core = running(&mut cluster, &foreign, at_day(0));
    let effects = settle(&mut core, &mut cluster, &foreign, at_day(340));
    let [Effect::Warn(_, events)] = &effects[..] else { panic!("{effects:?}") };
    let [Command::PublishEvents { account: published, events, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((published, events[0].kind.as_str()), (&account, EXPIRING));
    let data: serde_json::Value = serde_json::from_slice(&events[0].data.read().unwrap()).unwrap();
    assert_eq!((data["name"].as_str(), data["expiry"]["within_days"].as_u64()), (Some(ALIAS), Some(30)));
    assert!(events[0].idempotency_key.is_some(), "a restarted node tells it again, and it is the same");
}

#[derive(Default)]
struct FakeKeeper {
    /// The first one was.
    refused: AtomicBool,
}

#[async_trait]
impl CredentialKeeper for FakeKeeper {
    async fn publish(&self, trust: Trust) -> Result<CredentialReport, String> {
        if !self.refused.swap(true, Ordering::SeqCst) {
            return Err("not at first".to_owned());
        }
        Ok(CredentialReport { alias: trust.alias, ..report(0, 1_000_000) })
    }

    async fn renew(&self, _alias: String) -> Result<(), String> {
        Err("not asked for".to_owned())
    }

    async fn renew_authority(&self) -> Result<(), String> {
        Err("not asked for".to_owned())
    }

    async fn stored(&self, _trust: Trust) -> Result<StoredCredentials, String> {
        let mut stored = store(0, 1_000_000);
        stored.authority = Some(own_authority("ca-1", 0, 1_000_000 * DAY_MS));
        Ok(stored)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shell_publishes_until_it_is_taken() {
    let supervisor = Supervisor::new(tokio::runtime::Handle::current());
    let log = Arc::new(FakeLog::new(Cluster::new(1)));
    let ports = CertificatesPorts {
        log: log.clone(),
        keeper: Arc::new(FakeKeeper::default()),
        clock: Arc::new(SystemClock::default()),
    };
    let certificates = Certificates::start(&supervisor, ports, CONFIG).unwrap();
    within(certificates.status().wait_for(|status| status.published == 1 && status.authorities == 1)).await;
    log.wait_for(|view| view.state.certificates.len() == 1).await;
    log.change(|cluster| cluster.admit(2));
    let status = within(certificates.status().wait_for(|status| status.authorities == 2)).await;
    assert_eq!((status.published, status.publish_failures), (2, 1));
    within(certificates.refresh()).await.unwrap();
    within(certificates.status().wait_for(|status| status.published == 3 && status.is_current)).await;
    within(certificates.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
