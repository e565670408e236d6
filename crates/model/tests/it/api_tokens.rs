//! API tokens: they end with what they were given for.

use crate::common::*;
use flotilla_model::AdministratorRole::{Administrator, Auditor, Operator};
use flotilla_model::*;

fn with_administrators() -> State {
    let mut state = three_nodes();
    for (who, role) in [("root", Administrator), ("ada", Administrator), ("bob", Operator)] {
        state.apply(&administrator(who, role)).unwrap();
    }
    state
}

fn names(state: &State) -> Vec<String> {
    state.api_tokens.values().map(|token| token.name.to_string()).collect()
}

#[test]
fn a_token_has_no_more_than_its_owner() {
    let mut state = with_administrators();
    let refused = state.apply(&api_token(1, "bob", Administrator, None));
    assert_eq!(refused, Err(Rejection::ApiTokenRole { owner: name("bob") }));
    let refused = state.apply(&api_token(1, "nobody", Auditor, None));
    assert_eq!(refused, Err(Rejection::NoSuchAdministrator { name: name("nobody") }));
    state.apply(&api_token(1, "bob", Operator, None)).unwrap();
    state.check_invariants().unwrap();
}

#[test]
fn names_and_secrets_are_used_once() {
    let mut state = with_administrators();
    state.apply(&api_token(1, "ada", Auditor, None)).unwrap();
    let taken = Err(Rejection::ApiTokenNameTaken { name: name("token1") });
    assert_eq!(state.apply(&api_token(1, "bob", Auditor, None)), taken);
    state.apply(&Command::RevokeApiToken { name: name("token1") }).unwrap();
    let gone = Err(Rejection::NoSuchApiToken { name: name("token1") });
    assert_eq!(state.apply(&Command::RevokeApiToken { name: name("token1") }), gone);
    state.apply(&api_token(1, "bob", Auditor, None)).unwrap();
}

#[test]
fn a_lower_role_ends_what_it_does_not_include() {
    let mut state = with_administrators();
    for (number, role) in [(1, Administrator), (2, Operator), (3, Auditor)] {
        state.apply(&api_token(number, "ada", role, None)).unwrap();
    }
    state.apply(&api_token(4, "bob", Operator, None)).unwrap();
    state.apply(&administrator("ada", Operator)).unwrap();
    assert_eq!(names(&state), ["token2", "token3", "token4"]);
    state.apply(&attributed("password", &Command::RemoveAdministrator { name: name("ada") })).unwrap();
    assert_eq!(names(&state), ["token4"]);
    let row = state.audit.last().unwrap().1;
    assert!(row.before.as_deref().unwrap().ends_with("2 API tokens"), "{row:?}");
    state.check_invariants().unwrap();
}

#[test]
fn an_end_comes_with_the_time() {
    let mut state = with_administrators();
    state.apply(&api_token(1, "ada", Auditor, Some(CREATED_MS + 500))).unwrap();
    state.apply(&api_token(2, "ada", Auditor, None)).unwrap();
    passes(&mut state, 499);
    assert_eq!(names(&state).len(), 2);
    passes(&mut state, 1);
    assert_eq!(names(&state), ["token2"]);
}

#[test]
fn there_are_not_too_many() {
    let mut state = with_administrators();
    for number in 0..1000u32 {
        let mut command = api_token(1, "ada", Auditor, None);
        if let Command::CreateApiToken { secret_hash, name: token, .. } = &mut command {
            secret_hash.0[..4].copy_from_slice(&number.to_be_bytes());
            *token = name(&format!("t{number}"));
        }
        state.apply(&command).unwrap();
    }
    assert_eq!(state.apply(&api_token(9, "ada", Auditor, None)), Err(Rejection::TooManyApiTokens { limit: 1000 }));
}

#[test]
fn rows_say_how_people_came_in_and_are_chained() {
    let mut state = with_administrators();
    state.apply(&set("Audit.maxRecords", 3)).unwrap();
    for number in 1..6 {
        state.apply(&attributed("token backup", &api_token(number, "ada", Auditor, None))).unwrap();
    }
    let rows: Vec<_> = state.audit.values().collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.credential.as_deref() == Some("token backup") && row.previous.is_some()));
    let mut check = ChainCheck::default();
    rows.iter().for_each(|row| check.follow(row).unwrap());
    let nested = attributed("password", &attributed("password", &set("Audit.maxRecords", 3)));
    assert_eq!(state.apply(&nested), Err(Rejection::NestedCommand));
}
