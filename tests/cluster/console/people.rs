//! Administrators, their sessions and tokens.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use reqwest::StatusCode;
use totp_rs::Totp;

use super::{at, console, log_in};
use crate::browser::Browser;
use crate::client_certificates::pair;
use crate::common::{ADAS_PASSWORD, Scene};

async fn log_in_as(browser: &Browser, name: &str, password: &str) -> Result<()> {
    browser.fill("[name=name]", name).await?;
    browser.fill("[name=password]", password).await?;
    browser.click("main button").await
}

#[tokio::test]
async fn an_administrator_is_made_shut_out_and_let_in() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let (ada, bob) = (at(&scene, 0, "administrators").await?, Browser::start().await?);
    ada.unfold().await?;
    ada.fill("#add [name=name]", "bob").await?;
    ada.choose("#add [name=role]", "operator").await?;
    ada.fill("#add [name=password]", "given to bob once").await?;
    ada.click("#add button").await?;
    ada.arrives_at("/console/administrators/bob").await?;
    scene.converged().await?;
    // The password that was given is good for another one only.
    bob.open(&console(&scene, 1, "queue")).await?;
    log_in_as(&bob, "bob", "given to bob once").await?;
    bob.arrives_at("/console/password").await?;
    bob.fill("[name=password]", "bob's own password").await?;
    bob.fill("[name=again]", "bob's own password").await?;
    bob.click("main button").await?;
    bob.arrives_at("/console/login").await?;
    scene.converged().await?;
    log_in_as(&bob, "bob", "bob's own password").await?;
    bob.arrives_at("/console/cluster").await?;

    ada.open(&console(&scene, 0, "administrators/bob")).await?;
    ada.picture("administrator").await?;
    ada.click("form[action$=disable] button").await?;
    let question = ada.confirm().await?;
    ensure!(question.contains("sessions and API tokens end now"), "{question}");
    ada.reads("h1", "disabled").await?;
    scene.converged().await?;
    bob.open(&console(&scene, 1, "queue")).await?;
    bob.arrives_at("/console/login").await?;
    log_in_as(&bob, "bob", "bob's own password").await?;
    bob.reads("[role=alert]", "wrong").await?;
    ada.click("form[action$=enable] button").await?;
    ada.reads("[role=status]", "may log in again").await?;
    scene.converged().await?;
    log_in_as(&bob, "bob", "bob's own password").await?;
    bob.arrives_at("/console/queue").await?;

    ada.open(&console(&scene, 0, "administrators")).await?;
    ada.click("form[action$='sessions/end'] button").await?;
    ada.confirm().await?;
    ada.reads("[role=status]", "The session is ended").await?;
    // She is the last who may administer.
    ada.open(&console(&scene, 0, "administrators/ada")).await?;
    for other in scene.cluster.command(0, &["admin", "list"]).await?.as_array().into_iter().flatten() {
        let name = other["name"].as_str().unwrap_or_default();
        if other["role"] == "administrator" && name != "ada" {
            scene.cluster.command(0, &["admin", "disable", name]).await?;
        }
    }
    ada.click("form[action$=disable] button").await?;
    ada.confirm().await?;
    ada.reads("main", "last-of-its-kind").await?;
    bob.close().await?;
    ada.close().await
}

#[tokio::test]
async fn a_token_is_shown_once_and_revoked() -> Result<()> {
    let scene = Scene::with_administrator(1, "operator").await?;
    let browser = at(&scene, 0, "administrators").await?;
    browser.unfold().await?;
    ensure!(!browser.has("#add").await?, "an operator may make administrators");
    browser.fill("#token [name=name]", "backup").await?;
    browser.choose("#token [name=role]", "auditor").await?;
    browser.click("#token button").await?;
    browser.reads("[role=status]", "not shown again").await?;
    let token = browser.text_of("#secret").await?;
    browser.picture("token-once").await?;
    let ask = || scene.cluster.client().get(format!("{}/api/v2.0/cluster", scene.cluster.nodes[0].admin_url()));
    assert_eq!(ask().bearer_auth(&token).send().await?.status(), StatusCode::OK);
    browser.open(&console(&scene, 0, "administrators")).await?;
    ensure!(!browser.text().await?.contains(&token), "the token is shown again");
    browser.click("form[action$=revoke] button").await?;
    browser.confirm().await?;
    browser.reads("[role=status]", "The API token is revoked").await?;
    assert_eq!(ask().bearer_auth(&token).send().await?.status(), StatusCode::UNAUTHORIZED);
    browser.close().await
}

#[tokio::test]
async fn a_client_certificate_is_registered_and_taken_away() -> Result<()> {
    let scene = Scene::with_administrator(1, "administrator").await?;
    scene
        .cluster
        .command_with_input(
            0,
            &["admin", "add", "eve", "--role", "auditor", "--password-stdin"],
            "the password of eve\n",
        )
        .await?;
    let (pasted, chosen) = (pair()?, pair()?);
    let url = format!("{}/api/v2.0/administrators", scene.cluster.nodes[0].admin_url());
    let browser = at(&scene, 0, "administrators").await?;
    browser.unfold().await?;
    browser.click("#certificate button").await?;
    browser.reads("main", "choose a file, or paste its text").await?;
    browser.open(&console(&scene, 0, "administrators")).await?;
    browser.unfold().await?;
    browser.fill("#certificate textarea", &std::fs::read_to_string(&pasted.certificate)?).await?;
    browser.fill("#certificate [name=description]", "nightly backup").await?;
    browser.click("#certificate button").await?;
    browser.reads("[role=status]", "The certificate is registered").await?;
    browser.reads("main", "nightly backup").await?;
    assert_eq!(pasted.client(&scene)?.get(&url).send().await?.status(), StatusCode::OK);
    browser.unfold().await?;
    browser.choose("#certificate [name=owner]", "eve").await?;
    browser.choose_file("#certificate [type=file]", &chosen.certificate).await?;
    browser.click("#certificate button").await?;
    browser.reads("[role=status]", "The certificate is registered").await?;
    browser.picture("client-certificates").await?;
    assert_eq!(chosen.client(&scene)?.get(&url).send().await?.status(), StatusCode::OK);
    // The first row is of the first name: ada's own.
    browser.click("form[action$='client-certificates/remove'] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("of ada") && question.contains("refused at once"), "{question}");
    browser.reads("[role=status]", "good for nothing more").await?;
    assert_eq!(pasted.client(&scene)?.get(&url).send().await?.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(chosen.client(&scene)?.get(&url).send().await?.status(), StatusCode::OK);
    browser.close().await
}

#[tokio::test]
async fn a_password_is_reset() -> Result<()> {
    let scene = Scene::with_administrator(1, "auditor").await?;
    let chief = ["admin", "add", "eve", "--role", "administrator", "--password-stdin"];
    scene.cluster.command_with_input(0, &chief, "the password of eve\n").await?;
    let browser = Browser::start().await?;
    browser.open(&console(&scene, 0, "administrators/ada")).await?;
    log_in_as(&browser, "eve", "the password of eve").await?;
    browser.arrives_at("/console/administrators/ada").await?;
    browser.fill("[name=password]", "a password for once").await?;
    browser.fill("[name=again]", "a password for twice").await?;
    browser.click("form[action$='ada/password'] button").await?;
    browser.confirm().await?;
    browser.reads("main", "the two passwords differ").await?;
    browser.open(&console(&scene, 0, "administrators/ada")).await?;
    browser.fill("[name=password]", "a password for once").await?;
    browser.fill("[name=again]", "a password for once").await?;
    browser.click("form[action$='ada/password'] button").await?;
    browser.confirm().await?;
    browser.reads("[role=status]", "The password is reset").await?;
    let other = Browser::start().await?;
    other.open(&console(&scene, 0, "audit")).await?;
    log_in(&other, "a password for once").await?;
    other.arrives_at("/console/password").await?;
    other.close().await?;
    browser.close().await
}

#[tokio::test]
async fn a_second_factor_is_enrolled() -> Result<()> {
    let scene = Scene::with_administrator(1, "operator").await?;
    let browser = at(&scene, 0, "password").await?;
    browser.click("form[action$=second-factor] button").await?;
    browser.reads("[role=status]", "nothing of this is shown again").await?;
    let barriers = browser.barriers().await?;
    ensure!(barriers.is_empty(), "{barriers:#?}");
    let uri = browser.find("a[href^='otpauth:']").await?.attr("href").await?.unwrap_or_default();
    let totp = Totp::from_url(&uri).context("no otpauth URI")?;
    let recovery = browser.text_of("#codes").await?.lines().next().unwrap_or_default().to_owned();
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    browser.fill("[name=code]", &totp.generate(now_s).to_string()).await?;
    browser.click("form[action$=confirm] button").await?;
    browser.reads("main", "A code is needed beside your password").await?;
    browser.click(".who button").await?;
    browser.arrives_at("/console/login").await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    browser.reads("[role=alert]", "code").await?;
    browser.fill("[name=password]", ADAS_PASSWORD).await?;
    browser.fill("[name=code]", &recovery).await?;
    browser.click("main button").await?;
    browser.arrives_at("/console/cluster").await?;
    browser.close().await
}
