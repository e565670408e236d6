//! Certificates and authorities are renewed in time, and once.

use super::*;

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
    let mut cluster = Cluster::new(1);
    let mut stored = store(0, 90);
    let mut core = running(&mut cluster, &stored, at_day(0));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(59)), []);
    let renew = Effect::RenewCertificate(ALIAS.to_owned());
    let mut effects = settle(&mut core, &mut cluster, &stored, at_day(60));
    effects.retain(|effect| !matches!(effect, Effect::Warn(warning, _) if warning.expiry.within_days == 30));
    assert_eq!(effects.as_slice(), std::slice::from_ref(&renew));
    core.on_renewed(Err("the CA's key is not readable".to_owned()), at_day(60));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(60)), [], "a pause");
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(61)), [renew]);
    core.on_renewed(Ok(()), at_day(61));
    stored.certificates = vec![certificate(ALIAS, 61 * DAY_MS, 151 * DAY_MS)];
    let effects = settle(&mut core, &mut cluster, &stored, at_day(61));
    assert_eq!(publications(&effects).len(), 1, "it takes effect by being published");
    core.on_published(Ok(report(61, 151)), at_day(61));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_day(62)), []);
    assert_eq!(core.status().renewal_due_ms, Some(121 * DAY_MS));
    assert_eq!((core.status().renewed, core.status().renewal_failures), (1, 1));
    assert!(core.status().warnings.is_empty());
}

#[test]
fn a_life_of_seconds_is_renewed_in_its_last_third() {
    let mut cluster = Cluster::new(1);
    let mut stored = store(0, 365);
    stored.certificates = vec![certificate(ALIAS, 0, 10_000), certificate("lies in wait", 0, 9_000)];
    let mut core = running(&mut cluster, &stored, at_ms(100));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(5_900)), []);
    let renewed = |core: &mut CertificatesCore, cluster: &mut Cluster, at| {
        let effects = settle(core, cluster, &stored, at_ms(at));
        let [Effect::RenewCertificate(alias)] = &effects[..] else { panic!("{effects:?}") };
        alias.clone()
    };
    assert_eq!(renewed(&mut core, &mut cluster, 6_700), ALIAS, "the one in force first, though the other is older");
    // The other one does not wait for the pause of the first, nor the first for the other.
    core.on_renewed(Err("the disk is full".to_owned()), at_ms(6_700));
    assert_eq!(renewed(&mut core, &mut cluster, 6_700), "lies in wait");
    core.on_renewed(Err("the disk is full".to_owned()), at_ms(6_700));
    assert_eq!(settle(&mut core, &mut cluster, &stored, at_ms(6_789)), []);
    let mut attempts = 0;
    for at in (6_800..10_000).step_by(20) {
        if let [Effect::RenewCertificate(alias)] = &settle(&mut core, &mut cluster, &stored, at_ms(at))[..] {
            attempts += usize::from(alias == ALIAS);
            core.on_renewed(Err("the disk is full".to_owned()), at_ms(at));
        }
    }
    assert!(attempts >= 9, "{attempts} attempts in the last third");
}

#[test]
fn what_comes_from_elsewhere_is_not_renewed_here() {
    let mut cluster = Cluster::new(1);
    let mut stored = store(0, 90);
    stored.certificates[0].is_renewable = false;
    let mut core = running(&mut cluster, &stored, at_day(0));
    let effects = settle(&mut core, &mut cluster, &stored, at_day(100));
    assert!(effects.iter().all(|effect| matches!(effect, Effect::Warn(..))), "{effects:?}");
    assert_eq!(core.status().renewal_due_ms, None);
}

#[test]
fn an_authority_is_renewed_first_and_used_when_all_had_time_to_trust_it() {
    let mut cluster = Cluster::new(2);
    let mut stored = store(0, 30);
    stored.authority = Some(own_authority("ca-1", 0, 30 * DAY_MS));
    let mut core = running(&mut cluster, &stored, at_day(0));
    let is_warning = |effect: &Effect| matches!(effect, Effect::Warn(..));
    let mut effects = settle(&mut core, &mut cluster, &stored, at_day(20));
    effects.retain(|effect| !is_warning(effect));
    assert_eq!(effects, [Effect::RenewAuthority]);
    core.on_authority_renewed(Ok(()), at_day(20));
    assert_eq!(core.status().authorities_renewed, 1);
    stored.authority = Some(own_authority("ca-1-new", 20 * DAY_MS, 50 * DAY_MS));
    // Published with what the log lists; then the store is read, and the log is told.
    let later = at_day(23);
    for trusted in [2, 3] {
        let effects = settle(&mut core, &mut cluster, &stored, later);
        assert_eq!(publications(&effects)[0].authorities.len(), trusted, "{effects:?}");
        core.on_published(Ok(report(0, 30)), later);
    }
    assert_eq!(
        settle(&mut core, &mut cluster, &stored, at_ms(later.unix_ms + 1_999)),
        [],
        "others may not know it yet"
    );
    let effects = settle(&mut core, &mut cluster, &stored, at_ms(later.unix_ms + 2_000));
    assert_eq!(effects, [Effect::RenewCertificate(ALIAS.to_owned())]);
}

#[test]
fn a_renewal_that_changes_nothing_does_not_run_in_a_circle() {
    let mut cluster = Cluster::new(1);
    let stored = store(0, 365);
    let mut core = running(&mut cluster, &stored, at_day(0));
    let now = at_day(300);
    assert_eq!(settle(&mut core, &mut cluster, &stored, now).len(), 1);
    core.on_renewed(Ok(()), now);
    assert_eq!(publications(&settle(&mut core, &mut cluster, &stored, now)).len(), 1);
    core.on_published(Ok(report(0, 365)), now);
    assert_eq!(settle(&mut core, &mut cluster, &stored, now), []);
}
