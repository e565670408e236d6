//! The web console, used as an operator does: in a browser, against three real nodes.

mod accounts;
mod certificates;
mod configuration;
mod members;
mod people;
mod routes;
mod secret;
mod setup;
mod statistics;
mod work;

use anyhow::{Result, ensure};
use flotilla_admin::api::NodeRole;
use flotilla_local::wait_until;
use reqwest::StatusCode;

use crate::browser::Browser;
use crate::common::{ADA, ADAS_PASSWORD, DEADLINE, Scene};
use crate::receiver::{Behaviour, Receiver};

fn console(scene: &Scene, index: usize, page: &str) -> String {
    format!("{}/console/{page}", scene.cluster.nodes[index].admin_url())
}

async fn log_in(browser: &Browser, password: &str) -> Result<()> {
    browser.fill("[name=name]", ADA).await?;
    browser.fill("[name=password]", password).await?;
    browser.click("main button").await
}

/// A browser that is logged in and shows this page of a node.
async fn at(scene: &Scene, index: usize, page: &str) -> Result<Browser> {
    let browser = Browser::start().await?;
    browser.open(&console(scene, index, page)).await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    let path = format!("/console/{}", page.split('?').next().unwrap_or_default());
    browser.arrives_at(&path).await?;
    Ok(browser)
}

#[tokio::test]
async fn a_log_in_leads_where_one_wanted_and_holds_on_every_node() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    let browser = Browser::start().await?;
    browser.open(&console(&scene, 0, "audit?who=local")).await?;
    browser.arrives_at("/console/login").await?;
    log_in(&browser, "a wrong password").await?;
    browser.reads("[role=alert]", "wrong").await?;
    browser.picture("login-refused").await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    browser.arrives_at("/console/audit").await?;
    browser.reads("main table", "administrator.put").await?;
    browser.picture("audit").await?;
    // The session is the cluster's: the node that gave it dies, another one knows it.
    scene.cluster.nodes[0].kill()?;
    browser.open(&console(&scene, 1, "parameters")).await?;
    browser.reads("main h1", "Server Configuration").await?;
    browser.click(".who button").await?;
    browser.arrives_at("/console/login").await?;
    browser.open(&console(&scene, 2, "cluster")).await?;
    browser.arrives_at("/console/login").await?;
    browser.close().await
}

#[tokio::test]
async fn failed_log_ins_lock_a_name_until_somebody_lets_it_in() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    scene.cluster.command(0, &["param", "set", "Access.maxLoginFailures", "3"]).await?;
    let is_locked = async || {
        let rows = scene.cluster.command(0, &["admin", "list"]).await?;
        let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == ADA).cloned());
        anyhow::Ok(row.is_some_and(|row| row["locked_until"].is_string()))
    };
    let browser = Browser::start().await?;
    wait_until("the name is locked", DEADLINE, async || {
        browser.open(&console(&scene, 0, "cluster")).await?;
        log_in(&browser, "a wrong password").await?;
        browser.reads("[role=alert]", "wrong").await?;
        Ok(is_locked().await?.then_some(()))
    })
    .await?;
    // On any node, also with the right password.
    browser.open(&console(&scene, 1, "cluster")).await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    browser.reads("[role=alert]", "locked for a while").await?;
    browser.picture("login-locked").await?;
    scene.cluster.command(2, &["admin", "unlock", ADA]).await?;
    wait_until("the name is let in", DEADLINE, async || Ok((!is_locked().await?).then_some(()))).await?;
    browser.open(&console(&scene, 0, "cluster")).await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    browser.arrives_at("/console/cluster").await?;
    browser.close().await
}

#[tokio::test]
async fn the_cluster_is_watched_while_a_node_dies_and_the_lead_moves() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    let browser = at(&scene, 0, "cluster").await?;
    browser.reads(".tile .value", "127.0.0.1").await?;
    ensure!(browser.has(".mesh .link.ok").await?, "no link is drawn");
    browser.picture("cluster").await?;
    // Whoever works by keyboard keeps their place on a page that renews itself.
    browser.run("document.querySelector('tbody tr:nth-child(2) form[action$=handover] button').focus()").await?;
    scene.cluster.nodes[2].kill()?;
    browser.reads("tbody tr:nth-child(3)", "down").await?;
    let focused = browser.run("return document.activeElement.textContent").await?;
    assert_eq!(focused, "Make primary");
    browser.picture("cluster-node-down").await?;
    scene.cluster.start_node(2)?;
    scene.cluster.wait_ready(2).await?;
    browser.reads("tbody tr:nth-child(3)", "connected").await?;
    scene.settled().await?;
    browser.reads("tbody tr:nth-child(2)", "Make primary").await?;
    browser.click("tbody tr:nth-child(2) form[action$=handover] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.starts_with("Hand the lead over"), "{question}");
    browser.reads("[role=status]", "The lead was handed over").await?;
    browser.reads("tbody tr:nth-child(2)", "primary").await?;
    let primary = scene.status_of(2).await?.nodes.into_iter().find(|node| node.role == NodeRole::Primary);
    assert_eq!(primary.map(|node| node.node.0), Some(2));
    browser.close().await
}

#[tokio::test]
async fn a_dead_letter_is_found_and_retried() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    scene.partner("alice", &["checksum", &format!("webhook={}", receiver.url)]).await?;
    let transfer = scene.upload(1, "alice", "invoices/march.pdf", b"%PDF-1.7".to_vec()).await?;
    let browser = at(&scene, 2, "queue").await?;
    browser.reads(".tile.bad .label", "Dead letters").await?;
    browser.picture("queue").await?;
    browser.click(".tile.bad").await?;
    browser.arrives_at("/console/queue/events").await?;
    browser.reads("tbody tr", "invoices/march.pdf").await?;
    browser.click("tbody tr a").await?;
    browser.reads(".alert.bad:not([hidden])", "404").await?;
    browser.picture("dead-letter").await?;
    receiver.behave(Behaviour::Answer("204 No Content"));
    browser.click(".deeds button.primary").await?;
    wait_until("the file is processed", DEADLINE, async || {
        Ok((scene.transfer(0, transfer).await?.state == "Processed").then_some(()))
    })
    .await?;
    scene.converged().await?;
    browser.open(&console(&scene, 2, &format!("files/{transfer}"))).await?;
    browser.reads(".story li:last-child", "Processed").await?;
    browser.picture("file-story").await?;
    browser.close().await
}

#[tokio::test]
async fn a_certificate_is_renewed() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let browser = at(&scene, 1, "certificates").await?;
    let serial = ".panel tbody tr:nth-child(3) td:nth-child(3)";
    let before = browser.find(serial).await?.text().await?;
    browser.click(".panel tbody tr:nth-child(3) .actions button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("of node 3 anew"), "{question}");
    browser.reads("[role=status]", "The certificate is issued anew").await?;
    wait_until("the page shows another certificate", DEADLINE, async || {
        browser.open(&console(&scene, 1, "certificates")).await?;
        Ok((browser.find(serial).await?.text().await? != before).then_some(()))
    })
    .await?;
    browser.picture("certificates-renewed").await?;
    scene.settled().await?;
    browser.close().await
}

#[tokio::test]
async fn a_parameter_is_changed_by_one_of_two_who_want_to() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let page = "parameters/EventQueue.maxRetryCount";
    let browser = at(&scene, 1, page).await?;
    browser.fill("[name=value]", "many").await?;
    browser.click("main button.primary").await?;
    browser.reads("main", "A value is not acceptable").await?;
    browser.open(&console(&scene, 1, page)).await?;
    // Somebody else is quicker.
    scene.cluster.command(2, &["param", "set", "EventQueue.maxRetryCount", "8"]).await?;
    browser.fill("[name=value]", "9").await?;
    browser.click("main button.primary").await?;
    browser.reads("main", "changed meanwhile").await?;
    scene.converged().await?;
    browser.open(&console(&scene, 1, page)).await?;
    browser.fill("[name=value]", "9").await?;
    browser.click("main button.primary").await?;
    browser.reads("[role=status]", "The parameter is set").await?;
    browser.reads(".story li:first-child", "ada: 9").await?;
    browser.picture("parameter").await?;
    let row = scene.cluster.command(0, &["param", "get", "EventQueue.maxRetryCount"]).await?;
    assert_eq!(row["value"], "9", "{row}");
    browser.close().await
}

#[tokio::test]
async fn who_may_only_look_sees_no_buttons_and_is_refused() -> Result<()> {
    let scene = Scene::with_administrator(3, "auditor").await?;
    scene.partner("alice", &[]).await?;
    scene.converged().await?;
    let browser = at(&scene, 0, "control").await?;
    browser.reads("main table", "running").await?;
    for page in ["control", "cluster", "accounts", "accounts/alice", "queue", "parameters/Cluster.mode"] {
        browser.open(&console(&scene, 0, page)).await?;
        ensure!(!browser.has("main form[method=post]").await?, "{page} has a form");
    }
    // A form that somebody makes up is refused all the same; without the session's token even before that.
    let forged = "const csrf = document.querySelector('[name=csrf]').value; \
        const send = (token) => fetch('/console/control/manager', {method: 'POST', body: new URLSearchParams({csrf: token, is_stopped: true})}); \
        return Promise.all([send(csrf), send('x')]).then((answers) => answers.map((answer) => answer.status));";
    assert_eq!(browser.run(forged).await?, serde_json::json!([403, 403]));
    browser.close().await
}

#[tokio::test]
async fn every_page_is_for_everybody_in_light_and_dark() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let receiver = Receiver::start(0, Behaviour::Answer("404 Not Found"))?;
    scene.partner("alice", &["checksum", &format!("webhook={}", receiver.url)]).await?;
    let transfer = scene.upload(0, "alice", "a.txt", b"hello".to_vec()).await?;
    let browser = Browser::start().await?;
    browser.open(&console(&scene, 0, "login")).await?;
    let mut barriers = browser.barriers().await?;
    log_in(&browser, ADAS_PASSWORD).await?;
    browser.arrives_at("/console/cluster").await?;
    let (event, file) = ("queue/events/1".to_owned(), format!("files/{transfer}"));
    let rows = scene.cluster.command(0, &["cert", "list"]).await?;
    let certificate = format!("certificates/1/{}", rows[0]["alias"].as_str().unwrap_or_default());
    let pages = [
        "cluster",
        "queue",
        "queue/events",
        &event,
        "files",
        &file,
        "control",
        "parameters",
        "parameters/Cluster.mode",
        "certificates",
        &certificate,
        "setup",
        "secret",
        "certificates/requests",
        "cluster/add",
        "cluster/nodes/2",
        "cluster/sync",
        "queue/bulk?deed=retry&state=dead",
        "routes/edit?account=alice",
        "administrators/ada",
        "accounts",
        "accounts/alice",
        "routes",
        "administrators",
        "audit",
        "log",
        "statistics",
        "statistics?days=1&per=hour",
        "doctor",
        "password",
        "nowhere",
    ];
    for scheme in ["light", "dark"] {
        browser.likes(scheme).await?;
        for page in pages {
            browser.open(&console(&scene, 0, page)).await?;
            browser.unfold().await?;
            let found = browser.barriers().await?;
            barriers.extend(found.into_iter().map(|barrier| format!("{page} ({scheme}): {barrier}")));
            browser.picture(&format!("{}-{scheme}", picture_name(page))).await?;
        }
    }
    // On a telephone tables scroll in their panels, and the page itself does not.
    browser.narrow().await?;
    for page in pages {
        browser.open(&console(&scene, 0, page)).await?;
        browser.unfold().await?;
        browser.picture(&format!("{}-narrow", picture_name(page))).await?;
        let wider = browser.run("return document.documentElement.scrollWidth - window.innerWidth").await?;
        if wider.as_i64() > Some(0) {
            barriers.push(format!("{page} is {wider} pixels wider than a telephone"));
        }
    }
    ensure!(barriers.is_empty(), "{barriers:#?}");
    browser.close().await
}

fn picture_name(page: &str) -> String {
    page.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[tokio::test]
async fn pages_are_closed_to_strangers_and_to_other_sites() -> Result<()> {
    let scene = Scene::start(1).await?;
    let get = |page: &str| scene.cluster.client().get(console(&scene, 0, page));
    for page in ["login", "nowhere"] {
        let answer = get(page).send().await?;
        let policy =
            answer.headers().get("content-security-policy").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{page}: {policy}"
        );
        assert_eq!(answer.headers().get("x-content-type-options").map(|value| value.as_bytes()), Some(&b"nosniff"[..]));
    }
    // Without a session there is no token to be checked, so forms are not for those who come by a header.
    let token = std::fs::read_to_string(scene.cluster.nodes[0].dir.join("admin.token"))?;
    let form = scene.cluster.client().post(console(&scene, 0, "control/manager")).bearer_auth(token.trim());
    let form = form.header("content-type", "application/x-www-form-urlencoded").body("csrf=&is_stopped=true");
    assert_eq!(form.send().await?.status(), StatusCode::FORBIDDEN);
    let elsewhere = get("cluster").header("sec-fetch-site", "cross-site").send().await?;
    assert_eq!(elsewhere.status(), StatusCode::OK);
    let body = elsewhere.text().await?;
    assert!(body.contains("http-equiv=\"refresh\"") && !body.contains("127.0.0.1"), "{body}");
    Ok(())
}
