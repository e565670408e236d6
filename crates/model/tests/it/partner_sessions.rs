//! Partners who are logged in, and what ends it.

use crate::common::*;
use flotilla_model::*;

fn version(state: &State) -> u64 {
    state.accounts.get(&name("b")).unwrap().version
}

fn logged_in() -> State {
    let mut state = three_nodes();
    for number in 1..=2 {
        let version = version(&state);
        state.apply(&partner_session("b", number, version)).unwrap();
    }
    state.check_invariants().unwrap();
    assert_eq!(state.partner_sessions.len(), 2);
    state
}

fn change(password_hash: Option<&str>, enabled: Option<bool>) -> Command {
    Command::PutAccount {
        name: name("b"),
        password_hash: password_hash.map(str::to_owned),
        enabled,
        quota_bytes: Some(Some(9)),
        quota_files: None,
        expected_version: None,
        now_ms: CREATED_MS,
    }
}

#[test]
fn whatever_takes_the_right_away_ends_every_session() {
    for (command, left) in [
        (change(None, None), 2),
        (change(Some("$argon2id$new"), None), 0),
        (change(None, Some(false)), 0),
        (Command::RemoveAccount { name: name("b") }, 0),
        (Command::EndPartnerSession { id: LoginSessionId(1) }, 1),
        (Command::Tick { now_ms: CREATED_MS + 499_999 }, 2),
        (Command::Tick { now_ms: CREATED_MS + 500_000 }, 0),
    ] {
        let mut state = logged_in();
        state.apply(&command).unwrap();
        state.check_invariants().unwrap();
        assert_eq!(state.partner_sessions.len(), left, "{command:?}");
    }
}

#[test]
fn a_log_in_with_an_account_that_has_changed_since_is_refused() {
    let mut state = logged_in();
    let old = version(&state);
    state.apply(&change(Some("$argon2id$new"), None)).unwrap();
    assert!(matches!(state.apply(&partner_session("b", 3, old)), Err(Rejection::VersionConflict { .. })));
    state.apply(&change(None, Some(false))).unwrap();
    let refused = state.apply(&partner_session("b", 3, version(&state)));
    assert_eq!(refused, Err(Rejection::AccountDisabled { name: name("b") }));
    assert!(matches!(state.apply(&partner_session("z", 3, 1)), Err(Rejection::NoSuchAccount { .. })));
}

#[test]
fn the_oldest_session_makes_room() {
    let mut state = logged_in();
    for number in 3..=25 {
        let version = version(&state);
        state.apply(&partner_session("b", number, version)).unwrap();
    }
    assert_eq!(state.partner_sessions.len(), 20);
    assert!(
        !state.partner_sessions.contains(&LoginSessionId(5)) && state.partner_sessions.contains(&LoginSessionId(6))
    );
}
