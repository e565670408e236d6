//! Cases of the core, and the shell with a keeper that refuses at first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flotilla_model::{NodeId, SessionId};

use crate::certificates::{Certificates, CertificatesConfig, CertificatesCore, CertificatesPorts, Effect, Expiry};
use crate::ports::{CredentialKeeper, CredentialReport, Now, SystemClock, Trust};
use crate::supervision::Supervisor;
use crate::testing::{Cluster, FakeLog, within};

const DAY_MS: u64 = 86_400_000;

const CONFIG: CertificatesConfig = CertificatesConfig { node: NodeId(1), session: SessionId(1000) };

fn at_day(day: u64) -> Now {
    Now { unix_ms: day * DAY_MS, monotonic_ms: day * DAY_MS }
}

fn report(from_day: u64, until_day: u64) -> CredentialReport {
    CredentialReport {
        alias: "flotilla-cluster".to_owned(),
        fingerprint: format!("{from_day}-{until_day}"),
        not_before_ms: from_day * DAY_MS,
        not_after_ms: until_day * DAY_MS,
        renewable: true,
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

/// A core with this certificate in force.
fn published(cluster: &Cluster, report: CredentialReport, now: Now) -> CertificatesCore {
    let mut core = CertificatesCore::new(CONFIG);
    assert_eq!(publications(&core.decide(cluster.state(), now)).len(), 1);
    core.on_published(Ok(report), now);
    core
}

#[test]
fn trust_and_alias_follow_the_state() {
    let mut cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 365), at_day(0));
    assert_eq!(core.decide(cluster.state(), at_day(0)), []);
    cluster.admit(2);
    let effects = core.decide(cluster.state(), at_day(0));
    let [Effect::Publish(trust)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(trust.authorities.iter().map(|ca| ca.fingerprint.as_str()).collect::<Vec<_>>(), ["ca-1", "ca-2"]);
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "on its way");
    core.on_published(Ok(report(0, 365)), at_day(0));
    cluster.set("Cluster.Crypto.Alias", Some("other"));
    let effects = core.decide(cluster.state(), at_day(0));
    assert_eq!(publications(&effects)[0].alias, "other");
}

#[test]
fn refused_credentials_are_tried_again_and_the_old_ones_stay() {
    let mut cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 365), Now { unix_ms: 0, monotonic_ms: 0 });
    cluster.set("Cluster.Crypto.Alias", Some("missing"));
    let at_ms = |ms| Now { unix_ms: ms, monotonic_ms: ms };
    assert_eq!(core.decide(cluster.state(), at_ms(10)).len(), 1);
    core.on_published(Err("no certificate of that alias".to_owned()), at_ms(10));
    assert_eq!(core.status().certificate, Some(report(0, 365)));
    assert_eq!(core.status().last_failure.as_deref(), Some("no certificate of that alias"));
    assert_eq!(core.decide(cluster.state(), at_ms(1_009)), []);
    assert_eq!(core.decide(cluster.state(), at_ms(1_010)).len(), 1);
    core.on_published(Err("still none".to_owned()), at_ms(1_010));
    assert_eq!(core.decide(cluster.state(), at_ms(3_009)), []);
    assert_eq!(core.decide(cluster.state(), at_ms(3_010)).len(), 1);
}

#[test]
fn nothing_is_published_before_the_members_are_known() {
    assert_eq!(CertificatesCore::new(CONFIG).decide(Cluster::default().state(), at_day(0)), []);
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
    let cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 90), at_day(0));
    assert_eq!(core.decide(cluster.state(), at_day(59)), []);
    let renew = Effect::RenewCertificate("flotilla-cluster".to_owned());
    let effects = core.decide(cluster.state(), at_day(60));
    assert_eq!(effects[0], renew);
    assert!(matches!(effects[1..], [Effect::Warn(Expiry { within_days: 30, days_left: 30, .. })]), "{effects:?}");
    assert_eq!(core.decide(cluster.state(), at_day(60)), [], "on its way");
    core.on_renewed(Err("the CA's key is not readable".to_owned()), at_day(60));
    assert_eq!(core.decide(cluster.state(), at_day(60)), [], "a pause");
    assert_eq!(core.decide(cluster.state(), at_day(61)), [renew]);
    core.on_renewed(Ok(()), at_day(61));
    assert_eq!(publications(&core.decide(cluster.state(), at_day(61))).len(), 1, "it takes effect by being published");
    core.on_published(Ok(report(61, 151)), at_day(61));
    assert_eq!(core.decide(cluster.state(), at_day(62)), []);
    assert_eq!(core.status().renewal_due_ms, Some(121 * DAY_MS));
    assert_eq!((core.status().renewed, core.status().renewal_failures, core.status().expiry), (1, 1, None));
}

#[test]
fn an_operator_is_warned_once_per_threshold() {
    let cluster = Cluster::new(1);
    let mut foreign = report(0, 365);
    foreign.renewable = false;
    let mut core = published(&cluster, foreign, at_day(0));
    let mut warned = Vec::new();
    for day in 1..=400 {
        for effect in core.decide(cluster.state(), at_day(day)) {
            match effect {
                Effect::Warn(expiry) => warned.push((expiry.within_days, expiry.is_expired)),
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(warned, [(30, false), (14, false), (7, false), (1, false), (0, true)]);
    assert_eq!(core.decide(cluster.state(), at_day(340)), [], "the clock was set back");
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
fn a_changed_wish_does_not_wait_for_the_pause_of_the_one_before() {
    let mut cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 365), at_day(0));
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
    assert_eq!(core.decide(cluster.state(), at_day(0)), []);
    assert!(core.status().is_current);
    assert_eq!(core.status().last_failure, None);
    cluster.set("Files.replicas", Some("2"));
    assert_eq!(core.decide(cluster.state(), at_day(0)), [], "another parameter is none of its business");
}

#[test]
fn the_wish_before_is_restored_without_a_publication_of_the_failed_one() {
    let mut cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 365), at_day(0));
    cluster.set("Cluster.Crypto.Alias", Some("missing"));
    assert_eq!(core.decide(cluster.state(), at_day(0)).len(), 1);
    core.on_published(Err("no certificate of that alias".to_owned()), at_day(0));
    cluster.set("Cluster.Crypto.Alias", None);
    core.decide(cluster.state(), at_day(0));
    core.on_published(Ok(report(0, 365)), at_day(0));
    assert_eq!(core.decide(cluster.state(), at_day(1)), []);
    assert!(core.status().is_current);
}

#[test]
fn a_renewal_that_changes_nothing_does_not_run_in_a_circle() {
    let cluster = Cluster::new(1);
    let mut core = published(&cluster, report(0, 365), at_day(0));
    let now = at_day(300);
    assert_eq!(core.decide(cluster.state(), now).len(), 1);
    core.on_renewed(Ok(()), now);
    assert_eq!(publications(&core.decide(cluster.state(), now)).len(), 1);
    core.on_published(Ok(report(0, 365)), now);
    assert_eq!(core.decide(cluster.state(), now), []);
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
    log.change(|cluster| cluster.admit(2));
    let status = within(certificates.status().wait_for(|status| status.authorities == 2)).await;
    assert_eq!((status.published, status.publish_failures), (2, 1));
    within(certificates.refresh()).await.unwrap();
    within(certificates.status().wait_for(|status| status.published == 3 && status.is_current)).await;
    within(certificates.stop(Duration::from_secs(10))).await.unwrap();
    within(supervisor.shutdown()).await.unwrap();
}
