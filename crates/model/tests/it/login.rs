//! Sessions, locks and second factors.

use crate::common::*;
use flotilla_model::AdministratorRole::{Administrator, Operator};
use flotilla_model::*;

fn with_administrators() -> State {
    let mut state = three_nodes();
    for (who, role) in [("root", Administrator), ("ada", Administrator)] {
        state.apply(&administrator(who, role)).unwrap();
    }
    state
}

fn version(state: &State) -> u64 {
    state.administrators.get(&name("ada")).unwrap().version
}

/// Opens a session of ada.
fn opened(state: &mut State, number: u8, step: Option<u64>) -> Result<Outcome, Rejection> {
    let version = version(state);
    let answer = state.apply(&attributed("password", &open_session(number, "ada", version, step)));
    state.check_invariants().unwrap();
    answer
}

fn sessions(state: &State) -> Vec<u128> {
    state.login_sessions.iter().map(|(id, _)| id.0).collect()
}

#[test]
fn a_session_is_opened_ended_and_ends_with_its_time() {
    let mut state = with_administrators();
    opened(&mut state, 1, None).unwrap();
    opened(&mut state, 2, None).unwrap();
    assert_eq!(state.audit.last().unwrap().1.operation, "session.open");
    let id = LoginSessionId(1);
    state.apply(&Command::EndLoginSession { id }).unwrap();
    assert_eq!(state.apply(&Command::EndLoginSession { id }), Err(Rejection::NoSuchLoginSession { id }));
    passes(&mut state, 499_999);
    assert_eq!(sessions(&state), [2]);
    passes(&mut state, 1);
    assert!(sessions(&state).is_empty());
}

#[test]
fn a_new_password_or_role_and_removal_end_all_sessions() {
    let change = |password: &str, role| Command::PutAdministrator {
        name: name("ada"),
        password_hash: Some(password.to_owned()),
        role,
        must_change_password: false,
        now_ms: CREATED_MS,
    };
    let same = change("$argon2id$", Some(Administrator));
    for (command, remain) in [
        (same, 1),
        (change("$argon2id$other", None), 0),
        (change("$argon2id$", Some(Operator)), 0),
        (Command::RemoveAdministrator { name: name("ada") }, 0),
    ] {
        let mut state = with_administrators();
        opened(&mut state, 1, None).unwrap();
        state.apply(&command).unwrap();
        assert_eq!(sessions(&state).len(), remain, "{command:?}");
        state.check_invariants().unwrap();
    }
}

#[test]
fn a_password_that_was_changed_meanwhile_opens_nothing() {
    let mut state = with_administrators();
    let actual = version(&state);
    let late = open_session(1, "ada", actual - 1, None);
    assert_eq!(state.apply(&late), Err(Rejection::VersionConflict { expected: actual - 1, actual }));
}

#[test]
fn the_oldest_session_makes_room_and_texts_are_cut() {
    let mut state = with_administrators();
    for number in 1..=25 {
        let mut command = open_session(number, "ada", version(&state), None);
        if let Command::OpenLoginSession { user_agent, .. } = &mut command {
            *user_agent = "x".repeat(5000);
        }
        state.apply(&command).unwrap();
    }
    assert_eq!(sessions(&state), (6..=25).collect::<Vec<u128>>());
    assert!(state.login_sessions.values().all(|session| session.user_agent.len() <= 200));
}

#[test]
fn failures_lock_a_name_for_a_while_and_leave_one_row() {
    let mut state = with_administrators();
    state.apply(&failed_logins("ada", 9)).unwrap();
    state.apply(&failed_logins("nobody", 9)).unwrap();
    assert_eq!(state.locked_until(&name("ada"), CREATED_MS), None);
    state.apply(&failed_logins("ada", 1)).unwrap();
    state.apply(&failed_logins("ada", 50)).unwrap();
    assert_eq!(state.locked_until(&name("ada"), CREATED_MS), Some(CREATED_MS + 900_000), "a lock is not made longer");
    assert_eq!(state.login_failures.len(), 1, "names that nobody has are not kept");
    let rows: Vec<_> = state.audit.values().map(|row| (row.operation.as_str(), row.origin.remote.as_str())).collect();
    assert_eq!(rows, [("administrator.lock", "192.0.2.9")]);
    assert_eq!(opened(&mut state, 1, None), Err(Rejection::LoginLocked { name: name("ada") }));
    passes(&mut state, 900_000);
    assert!(state.login_failures.is_empty());
    opened(&mut state, 1, None).unwrap();
}

#[test]
fn failures_are_forgotten_by_time_by_a_log_in_and_by_an_administrator() {
    let mut state = with_administrators();
    state.apply(&failed_logins("ada", 9)).unwrap();
    passes(&mut state, 600_000);
    let late = |count| match failed_logins("ada", count) {
        Command::RecordFailedLogins { failed, .. } => {
            Command::RecordFailedLogins { failed, now_ms: CREATED_MS + 600_000 }
        }
        other => other,
    };
    state.apply(&late(9)).unwrap();
    opened(&mut state, 1, None).unwrap();
    state.apply(&late(9)).unwrap();
    assert_eq!(state.locked_until(&name("ada"), state.clock_ms()), None);
    state.apply(&late(9)).unwrap();
    assert!(state.locked_until(&name("ada"), state.clock_ms()).is_some());
    state.apply(&attributed("password", &Command::UnlockAdministrator { name: name("ada") })).unwrap();
    let row = state.audit.last().unwrap().1;
    assert_eq!((row.operation.as_str(), row.before.as_deref()), ("administrator.unlock", Some("18 failures, locked")));
    opened(&mut state, 2, None).unwrap();
}

#[test]
fn no_limit_no_lock() {
    let mut state = with_administrators();
    state.apply(&set("Access.maxLoginFailures", 0)).unwrap();
    state.apply(&failed_logins("ada", u32::MAX)).unwrap();
    state.apply(&failed_logins("ada", u32::MAX)).unwrap();
    opened(&mut state, 1, None).unwrap();
}

#[test]
fn a_confirmed_factor_is_asked_for_and_no_code_is_taken_twice() {
    let mut state = with_administrators();
    state.apply(&enrol("ada")).unwrap();
    opened(&mut state, 1, None).unwrap();
    state.apply(&enrol("ada")).unwrap();
    state.apply(&confirm("ada", 10)).unwrap();
    let exists = Err(Rejection::SecondFactorExists { name: name("ada") });
    assert_eq!(state.apply(&enrol("ada")), exists);
    assert_eq!(state.apply(&confirm("ada", 11)), exists);
    assert_eq!(opened(&mut state, 2, None), Err(Rejection::SecondFactorMissing { name: name("ada") }));
    for used in [9, 10] {
        assert_eq!(opened(&mut state, 2, Some(used)), Err(Rejection::CodeUsed));
    }
    opened(&mut state, 2, Some(11)).unwrap();
    assert_eq!(opened(&mut state, 3, Some(11)), Err(Rejection::CodeUsed));
    assert!(state.login_sessions.get(&LoginSessionId(2)).unwrap().has_second_factor);
}

#[test]
fn each_recovery_code_is_good_once() {
    let mut state = with_administrators();
    state.apply(&enrol("ada")).unwrap();
    state.apply(&confirm("ada", 10)).unwrap();
    let with_code = |state: &mut State, number: u8| {
        let mut command = open_session(9, "ada", version(state), None);
        if let Command::OpenLoginSession { proof, .. } = &mut command {
            *proof = Some(FactorProof::RecoveryCode { hash: Sha256([number; 32]) });
        }
        state.apply(&command)
    };
    with_code(&mut state, 1).unwrap();
    assert_eq!(with_code(&mut state, 1), Err(Rejection::CodeUsed));
    assert_eq!(with_code(&mut state, 3), Err(Rejection::CodeUsed));
    with_code(&mut state, 2).unwrap();
}

#[test]
fn a_factor_is_reset_and_sealed_anew_only_as_it_was() {
    let mut state = with_administrators();
    let none = Err(Rejection::NoSecondFactor { name: name("ada") });
    assert_eq!(state.apply(&confirm("ada", 1)), none);
    assert_eq!(state.apply(&Command::RemoveSecondFactor { name: name("ada") }), none);
    state.apply(&enrol("ada")).unwrap();
    let seal = |former: u8, secret: u8| Command::SealSecondFactor {
        name: name("ada"),
        former: Sealed(vec![former]),
        secret: Sealed(vec![secret]),
    };
    state.apply(&seal(1, 2)).unwrap();
    assert_eq!(state.apply(&seal(1, 3)), none);
    assert_eq!(state.apply(&confirm("ada", 1)), none, "the code was of a secret that is gone");
    state.apply(&Command::RemoveSecondFactor { name: name("ada") }).unwrap();
    let many = Command::EnrolSecondFactor {
        name: name("ada"),
        secret: Sealed(vec![1]),
        recovery_codes: vec![Sha256([1; 32]); 17],
        now_ms: CREATED_MS,
    };
    assert_eq!(state.apply(&many), Err(Rejection::TooManyRecoveryCodes { limit: 16 }));
}
