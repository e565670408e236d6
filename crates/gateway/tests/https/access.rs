//! Who gets in.

use std::sync::atomic::Ordering;

use crate::rig::{PASSWORD, header, problem, rig, rig_with};

#[tokio::test(flavor = "multi_thread")]
async fn names_and_passwords() {
    let rig = rig().await;
    rig.put("/files/a", "hello").await;
    let get = |name: &str, password: &str| rig.client.get(rig.url("/files/a")).basic_auth(name, Some(password)).send();
    assert_eq!(get("ann", PASSWORD).await.unwrap().status(), 200);
    for (name, password) in [("ann", "wrong"), ("bob", PASSWORD), ("", ""), ("not a name", PASSWORD), ("ANN", PASSWORD)]
    {
        let response = get(name, password).await.unwrap();
        assert_eq!(header(&response, "www-authenticate"), "Basic realm=\"Flotilla\", charset=\"UTF-8\"");
        problem(response, 401, "unauthorized").await;
    }
    let bare = rig.client.get(rig.url("/files/a")).send().await.unwrap();
    problem(bare, 401, "unauthorized").await;
    let bearer = rig.client.get(rig.url("/files/a")).bearer_auth("x").send().await.unwrap();
    problem(bearer, 401, "unauthorized").await;
    rig.log.put_account("ann", None, false, (None, None));
    problem(get("ann", PASSWORD).await.unwrap(), 401, "unauthorized").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_see_only_their_own_files() {
    let rig = rig().await;
    let hash = rig.passwords.hash("another one").await.unwrap();
    rig.log.put_account("bob", Some(&hash), true, (None, None));
    rig.put("/files/secret", "hello").await;
    let bob = |method: &str| {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        rig.client.request(method, rig.url("/files/secret")).basic_auth("bob", Some("another one")).send()
    };
    problem(bob("GET").await.unwrap(), 404, "not-found").await;
    problem(bob("DELETE").await.unwrap(), 404, "not-found").await;
    assert_eq!(rig.get("/files/secret").await, "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_this_node_does_not_know_yet() {
    let rig = rig().await;
    rig.log.lag();
    let hash = rig.passwords.hash("brand new one").await.unwrap();
    rig.log.put_account("bob", Some(&hash), true, (None, None));
    let request = rig.client.put(rig.url("/files/a")).basic_auth("bob", Some("brand new one")).body("hello");
    assert_eq!(request.send().await.unwrap().status(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_limited() {
    let rig = rig_with(1, |config| config.attempts_max = 3).await;
    let get = |name: &str, password: &str| rig.client.get(rig.url("/files/")).basic_auth(name, Some(password)).send();
    for _ in 0..3 {
        problem(get("ann", "wrong").await.unwrap(), 401, "unauthorized").await;
    }
    problem(get("ann", "wrong").await.unwrap(), 429, "too-many-attempts").await;
    problem(get("ann", PASSWORD).await.unwrap(), 429, "too-many-attempts").await;
    problem(get("bob", "wrong").await.unwrap(), 401, "unauthorized").await;
    assert_eq!(rig.metrics.logins_limited.load(Ordering::Relaxed), 2);
    assert_eq!(rig.metrics.logins_failed.load(Ordering::Relaxed), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_with_expect_are_limited_too() {
    let rig = rig_with(1, |config| config.attempts_max = 1).await;
    let put = || {
        let request = rig.client.put(rig.url("/files/a")).basic_auth("ann", Some("wrong"));
        request.header("expect", "100-continue").body("hello").send()
    };
    problem(put().await.unwrap(), 401, "unauthorized").await;
    problem(put().await.unwrap(), 429, "too-many-attempts").await;
}
