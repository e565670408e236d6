//! Administrators who are shut out, and let in again.

use AdministratorRole::{Administrator, Operator};

use crate::common::*;
use flotilla_model::*;

fn set_enabled(state: &mut State, who: &str, is_enabled: bool) -> Result<Outcome, Rejection> {
    let command = Command::SetAdministratorEnabled { name: name(who), is_enabled, now_ms: CREATED_MS };
    let outcome = state.apply(&attributed("password", &command));
    state.check_invariants().unwrap();
    outcome
}

fn is_enabled(state: &State, who: &str) -> bool {
    state.administrators.get(&name(who)).unwrap().is_enabled()
}

#[test]
fn who_is_disabled_has_no_password_session_or_token_left() {
    let mut state = three_nodes();
    state.apply(&administrator("ada", Administrator)).unwrap();
    state.apply(&administrator("bob", Operator)).unwrap();
    let (hash, version) = {
        let row = state.administrators.get(&name("bob")).unwrap();
        (row.password_hash.clone(), row.version)
    };
    state.apply(&api_token(1, "bob", Operator, None)).unwrap();
    state.apply(&open_session(1, "bob", version, None)).unwrap();
    set_enabled(&mut state, "bob", false).unwrap();
    assert!(!is_enabled(&state, "bob") && state.login_sessions.is_empty() && state.api_tokens.is_empty());
    // Neither a log-in that has just compared the password, nor a new password gets in.
    assert!(matches!(state.apply(&open_session(2, "bob", version, None)), Err(Rejection::VersionConflict { .. })));
    state.apply(&administrator("bob", Operator)).unwrap();
    assert!(!is_enabled(&state, "bob"));
    set_enabled(&mut state, "bob", true).unwrap();
    assert_eq!(state.administrators.get(&name("bob")).unwrap().password_hash, hash);
    let operations: Vec<_> = state.audit.values().map(|row| row.operation.as_str()).collect();
    assert_eq!(operations, ["administrator.disable", "administrator.enable"]);
}

#[test]
fn somebody_who_may_administer_stays() {
    let mut state = three_nodes();
    state.apply(&administrator("ada", Administrator)).unwrap();
    assert_eq!(set_enabled(&mut state, "ada", false), Err(Rejection::LastAdministrator));
    state.apply(&administrator("eve", Administrator)).unwrap();
    set_enabled(&mut state, "eve", false).unwrap();
    assert_eq!(set_enabled(&mut state, "ada", false), Err(Rejection::LastAdministrator));
    let remove = Command::RemoveAdministrator { name: name("ada") };
    assert_eq!(state.apply(&remove), Err(Rejection::LastAdministrator));
    let demote = Command::PutAdministrator {
        name: name("ada"),
        password_hash: None,
        role: Some(AdministratorRole::Auditor),
        must_change_password: false,
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&demote), Err(Rejection::LastAdministrator));
    state.apply(&Command::RemoveAdministrator { name: name("eve") }).unwrap();
    assert_eq!(set_enabled(&mut state, "nobody", false), Err(Rejection::NoSuchAdministrator { name: name("nobody") }));
}
