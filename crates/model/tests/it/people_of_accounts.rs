//! Delegates and what is theirs; client certificates of administrators.

use crate::common::*;
use flotilla_model::AdministratorRole::{Administrator, Auditor, Delegate};
use flotilla_model::*;

fn with_root() -> State {
    let mut state = three_nodes();
    state.apply(&administrator("root", Administrator)).unwrap();
    state
}

pub(crate) fn delegate(who: &str, accounts: &[&str]) -> Command {
    Command::PutDelegate {
        name: name(who),
        password_hash: Some("$argon2id$".to_owned()),
        must_change_password: false,
        accounts: accounts.iter().map(|account| name(account)).collect(),
        now_ms: CREATED_MS,
    }
}

pub(crate) fn add_certificate(number: u8, who: &str) -> Command {
    Command::AddAdministratorCertificate {
        administrator: name(who),
        fingerprint: Sha256([number; 32]),
        subject: "CN=a program".to_owned(),
        description: "nightly".to_owned(),
        not_before_ms: CREATED_MS,
        not_after_ms: CREATED_MS + 1000,
        created_by: who.to_owned(),
        now_ms: CREATED_MS,
    }
}

fn accounts(state: &State, who: &str) -> Vec<String> {
    state.delegated_accounts(&name(who)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_delegate_has_the_accounts_that_were_named_last_and_are_there() {
    let mut state = with_root();
    let unknown = Err(Rejection::NoSuchAccount { name: name("nobody") });
    assert_eq!(state.apply(&delegate("dora", &["a", "nobody"])), unknown);
    state.apply(&delegate("dora", &["a", "b"])).unwrap();
    assert_eq!(accounts(&state, "dora"), ["a", "b"]);
    state.apply(&delegate("dora", &["b"])).unwrap();
    assert_eq!(accounts(&state, "dora"), ["b"]);
    state.apply(&Command::RemoveAccount { name: name("b") }).unwrap();
    state.apply(&account("b")).unwrap();
    assert_eq!(accounts(&state, "dora"), Vec::<String>::new(), "another account of the name is not theirs");
    state.check_invariants().unwrap();
}

#[test]
fn who_gets_another_role_or_goes_is_no_delegate() {
    let mut state = with_root();
    for end in [administrator("dora", Auditor), Command::RemoveAdministrator { name: name("dora") }] {
        state.apply(&delegate("dora", &["a"])).unwrap();
        state.apply(&api_token(1, "dora", Delegate, None)).unwrap();
        state.apply(&end).unwrap();
        assert_eq!((accounts(&state, "dora").len(), state.delegations.len(), state.api_tokens.len()), (0, 0, 0));
        state.check_invariants().unwrap();
    }
}

#[test]
fn the_role_of_a_delegate_is_beside_the_others() {
    let mut state = with_root();
    state.apply(&delegate("dora", &["a"])).unwrap();
    for (owner, role) in [("dora", Auditor), ("root", Delegate)] {
        let refused = Err(Rejection::ApiTokenRole { owner: name(owner) });
        assert_eq!(state.apply(&api_token(1, owner, role, None)), refused);
    }
    assert_eq!(state.apply(&delegate("root", &["a"])), Err(Rejection::LastAdministrator));
    let many: Vec<String> = (0..1001).map(|number| format!("n{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(state.apply(&delegate("dora", &many)), Err(Rejection::TooManyDelegatedAccounts { limit: 1000 }));
}

#[test]
fn a_certificate_is_of_one_administrator_and_goes_with_them() {
    let mut state = with_root();
    state.apply(&administrator("ada", Auditor)).unwrap();
    state.apply(&attributed("password", &add_certificate(1, "ada"))).unwrap();
    let taken = Err(Rejection::CertificateRegistered { owner: name("ada") });
    assert_eq!(state.apply(&add_certificate(1, "root")), taken);
    let fingerprint = Sha256([1; 32]);
    let of_root = Command::RemoveAdministratorCertificate { administrator: name("root"), fingerprint };
    let not_theirs = Err(Rejection::NoSuchAdministratorCertificate { owner: name("root") });
    assert_eq!(state.apply(&of_root), not_theirs);
    let row = state.administrator_certificates.get(&fingerprint).unwrap();
    assert!(row.is_valid_at(CREATED_MS) && !row.is_valid_at(CREATED_MS + 1001) && !row.is_valid_at(CREATED_MS - 1));
    let audit = state.audit.last().unwrap().1;
    assert_eq!((audit.operation.as_str(), audit.subject.as_str()), ("administrator-certificate.add", "ada"));
    assert!(audit.after.as_ref().unwrap().ends_with("(CN=a program)"), "{audit:?}");
    state.apply(&Command::RemoveAdministrator { name: name("ada") }).unwrap();
    assert_eq!(state.administrator_certificates.len(), 0);
    state.check_invariants().unwrap();
}

#[test]
fn an_administrator_has_few_certificates() {
    let mut state = with_root();
    (1..=20).for_each(|number| drop(state.apply(&add_certificate(number, "root")).unwrap()));
    let limit = Err(Rejection::TooManyAdministratorCertificates { limit: 20 });
    assert_eq!(state.apply(&add_certificate(21, "root")), limit);
    let fingerprint = Sha256([1; 32]);
    state.apply(&Command::RemoveAdministratorCertificate { administrator: name("root"), fingerprint }).unwrap();
    state.apply(&add_certificate(21, "root")).unwrap();
}

#[test]
fn snapshots_hold_both() {
    let mut state = with_root();
    state.apply(&delegate("dora", &["a"])).unwrap();
    state.apply(&add_certificate(1, "dora")).unwrap();
    let mut bytes = Vec::new();
    state.encode_snapshot(&mut bytes).unwrap();
    let read = State::decode_snapshot(&mut bytes.as_slice()).unwrap();
    assert_eq!((read.digest(), accounts(&read, "dora")), (state.digest(), vec!["a".to_owned()]));
}
