//! Who comes in, through whichever node, and what ends it on all of them.

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{CurrentSession, SecondFactorEnrolment, SecretView};
use flotilla_local::wait_until;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::common::{ADA, ADAS_PASSWORD, DEADLINE, Scene, flotilla};

fn url(scene: &Scene, index: usize, path: &str) -> String {
    format!("{}/api/v2.0/{path}", scene.cluster.nodes[index].admin_url())
}

async fn log_in(scene: &Scene, index: usize, password: &str, code: Option<&str>) -> Result<Response> {
    let mut body = json!({"name": ADA, "password": password});
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    let request = scene.cluster.client().post(url(scene, index, "sessions"));
    Ok(request.header("content-type", "application/json").body(body.to_string()).send().await?)
}

fn cookie_of(response: &Response) -> Option<String> {
    let value = response.headers().get("set-cookie")?.to_str().ok()?;
    value.split(';').next().map(str::to_owned)
}

struct Browser {
    cookie: String,
    csrf: String,
}

impl Browser {
    async fn log_in(scene: &Scene, index: usize, code: Option<&str>) -> Result<Self> {
        let response = log_in(scene, index, ADAS_PASSWORD, code).await?;
        ensure!(response.status() == StatusCode::CREATED, "{}", response.text().await?);
        let cookie = cookie_of(&response).context("no cookie")?;
        let session: CurrentSession = serde_json::from_str(&response.text().await?)?;
        Ok(Self { cookie, csrf: session.csrf_token })
    }

    async fn send(&self, scene: &Scene, index: usize, method: Method, path: &str, body: &Value) -> Result<Response> {
        let request = scene.cluster.client().request(method, url(scene, index, path)).header("cookie", &self.cookie);
        let request = request.header("x-csrf-token", &self.csrf).header("content-type", "application/json");
        Ok(request.body(body.to_string()).send().await?)
    }

    async fn status(&self, scene: &Scene, index: usize) -> Result<StatusCode> {
        let request = scene.cluster.client().get(url(scene, index, "cluster")).header("cookie", &self.cookie);
        Ok(request.send().await?.status())
    }
}

async fn code_of(response: Response) -> Result<String> {
    let problem: Value = serde_json::from_str(&response.text().await?)?;
    Ok(problem["code"].as_str().context("no code")?.to_owned())
}

/// Waits until a node refuses the cookie, since the end has reached it.
async fn refused(scene: &Scene, index: usize, browser: &Browser) -> Result<()> {
    wait_until("the session is over here too", DEADLINE, async || {
        Ok((browser.status(scene, index).await? == StatusCode::UNAUTHORIZED).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_session_is_good_on_every_node_and_survives_a_failover() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    let primary = scene.primary_as_seen_by(0).await?;
    let browser = Browser::log_in(&scene, primary, None).await?;
    for index in 0..3 {
        assert_eq!(browser.status(&scene, index).await?, StatusCode::OK, "node {}", index + 1);
    }
    scene.cluster.nodes[primary].kill()?;
    let (left, other) = ((primary + 1) % 3, (primary + 2) % 3);
    assert_eq!(browser.status(&scene, left).await?, StatusCode::OK);
    wait_until("changes are taken again", DEADLINE, async || {
        let body = json!({"value": "7"});
        let path = "configurations/options/EventQueue.maxRetryCount";
        let response = browser.send(&scene, left, Method::PUT, path, &body).await?;
        Ok(response.status().is_success().then_some(()))
    })
    .await?;
    scene.cluster.start_node(primary)?;
    scene.settled().await?;
    let second = Browser::log_in(&scene, primary, None).await?;
    let body = json!({"password": "another long password"});
    let changed = second.send(&scene, other, Method::PUT, "administrators/ada", &body).await?;
    assert_eq!(changed.status(), StatusCode::OK);
    for index in 0..3 {
        refused(&scene, index, &browser).await?;
        refused(&scene, index, &second).await?;
    }
    Ok(())
}

async fn secret_of(scene: &Scene, index: usize) -> Result<SecretView> {
    Ok(serde_json::from_value(scene.cluster.command(index, &["taeh", "show-fingerprint"]).await?)?)
}

#[tokio::test]
async fn a_session_outlives_a_change_of_the_cluster_secret_and_is_ended_from_the_command_line() -> Result<()> {
    let mut scene = Scene::with_administrator(3, "administrator").await?;
    let browser = Browser::log_in(&scene, 0, None).await?;
    // A node that is away keeps the change open, with both secrets in force on the others.
    scene.cluster.nodes[2].kill()?;
    scene.cluster.command(0, &["taeh", "rotate", "--no-wait"]).await?;
    for index in 0..2 {
        wait_until("the node has the new secret beside the old one", DEADLINE, async || {
            Ok(secret_of(&scene, index).await?.previous.is_some().then_some(()))
        })
        .await?;
    }
    let request = scene.cluster.client().get(url(&scene, 1, "cluster")).header("cookie", &browser.cookie);
    let response = request.send().await?;
    assert_eq!(response.status(), StatusCode::OK, "the old secret is good meanwhile");
    let renewed = cookie_of(&response).context("a cookie under the new secret")?;
    let renewed = Browser { cookie: renewed, csrf: browser.csrf.clone() };
    scene.cluster.start_node(2)?;
    for index in 0..3 {
        wait_until("the change is over here", DEADLINE, async || {
            let view = secret_of(&scene, index).await?;
            let is_over = view.rotation.as_ref().is_some_and(|row| row.finished_at.is_some());
            Ok((is_over && view.previous.is_none()).then_some(()))
        })
        .await?;
        assert_eq!(renewed.status(&scene, index).await?, StatusCode::OK, "node {}", index + 1);
        assert_eq!(browser.status(&scene, index).await?, StatusCode::UNAUTHORIZED, "the old secret is of no use");
    }
    let sessions = scene.cluster.command(2, &["session", "list"]).await?;
    let id = sessions[0]["id"].as_str().context("no session is listed")?.to_owned();
    scene.cluster.command(2, &["session", "end", &id]).await?;
    for index in 0..3 {
        refused(&scene, index, &renewed).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_works_on_every_node_until_it_is_revoked_on_one() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let create = ["api-token", "create", "backup", "--role", "auditor", "--days", "30"];
    let nobody = scene.cluster.command(0, &create).await.unwrap_err().to_string();
    assert!(nobody.contains("belongs to nobody"), "{nobody}");
    let made = scene.cluster.command(0, &[&create[..], &["--owner", ADA]].concat()).await?;
    let token = made["token"].as_str().context("no token")?.to_owned();
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), format!("{token}\n"))?;
    let ask = |index: usize, arguments: &[&str]| {
        let node = &scene.cluster.nodes[index];
        let (url, ca) = (node.admin_url(), node.authority_file().display().to_string());
        let file = file.path().display().to_string();
        flotilla(&[arguments, &["--url", &url, "--ca", &ca, "--token-file", &file]].concat())
    };
    for index in 0..3 {
        wait_until("the node knows the token", DEADLINE, async || {
            Ok(ask(index, &["api-token", "list"])?.status.success().then_some(()))
        })
        .await?;
    }
    let refused = ask(1, &["param", "set", "EventQueue.maxRetryCount", "7"])?;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("role"));
    scene.cluster.command(2, &["api-token", "revoke", "backup"]).await?;
    for index in 0..3 {
        wait_until("the node refuses the token", DEADLINE, async || {
            Ok((!ask(index, &["status"])?.status.success()).then_some(()))
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn failures_on_one_node_lock_a_name_on_all() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    scene.cluster.command(0, &["param", "set", "Access.maxLoginFailures", "3"]).await?;
    for index in [0, 1, 1] {
        let response = log_in(&scene, index, "a wrong password", None).await?;
        assert_eq!(code_of(response).await?, "bad-credentials");
    }
    for index in 0..3 {
        wait_until("the name is locked here", DEADLINE, async || {
            let rows = scene.cluster.command(index, &["admin", "list"]).await?;
            let row = rows.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == ADA).cloned());
            Ok(row.is_some_and(|row| row["locked_until"].is_string()).then_some(()))
        })
        .await?;
        let response = log_in(&scene, index, ADAS_PASSWORD, None).await?;
        assert_eq!(code_of(response).await?, "bad-credentials", "node {}", index + 1);
    }
    let rows = scene.cluster.command(2, &["audit", "list", "--operation", "administrator.lock"]).await?;
    assert_eq!(rows["items"].as_array().map(Vec::len), Some(1), "{rows}");
    scene.cluster.command(2, &["administrator", "unlock", ADA]).await?;
    Browser::log_in(&scene, 2, None).await?;
    Ok(())
}

#[tokio::test]
async fn a_code_is_taken_once_in_the_whole_cluster() -> Result<()> {
    let scene = Scene::with_administrator(3, "administrator").await?;
    let browser = Browser::log_in(&scene, 0, None).await?;
    let enrolled = browser.send(&scene, 1, Method::POST, "administrators/ada/second-factor", &json!({})).await?;
    let enrolment: SecondFactorEnrolment = serde_json::from_str(&enrolled.text().await?)?;
    let totp = Totp::from_url(&enrolment.uri).context("no otpauth URI")?;
    let code_at = |steps: u64| -> Result<String> {
        let now_s = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
        Ok(totp.generate(now_s + steps * 30).to_string())
    };
    let body = json!({"code": code_at(0)?});
    let path = "administrators/ada/second-factor/confirm";
    let confirmed = browser.send(&scene, 2, Method::POST, path, &body).await?;
    assert_eq!(confirmed.status(), StatusCode::OK, "{}", confirmed.text().await?);
    wait_until("the node asks for a code", DEADLINE, async || {
        let response = log_in(&scene, 0, ADAS_PASSWORD, None).await?;
        Ok((response.status() == StatusCode::UNAUTHORIZED).then_some(()))
    })
    .await?;
    let code = code_at(1)?;
    Browser::log_in(&scene, 0, Some(&code)).await?;
    for index in [1, 2] {
        assert_eq!(code_of(log_in(&scene, index, ADAS_PASSWORD, Some(&code)).await?).await?, "second-factor-required");
    }
    // The secret of the factor comes under the new cluster secret.
    scene.cluster.command(1, &["taeh", "rotate"]).await?;
    let recovery = &enrolment.recovery_codes[0];
    Browser::log_in(&scene, 1, Some(recovery)).await?;
    assert_eq!(code_of(log_in(&scene, 2, ADAS_PASSWORD, Some(recovery)).await?).await?, "bad-credentials");
    scene.cluster.command(2, &["admin", "second-factor", "reset", ADA]).await?;
    Browser::log_in(&scene, 2, None).await?;
    Ok(())
}

#[tokio::test]
async fn the_audit_log_is_exported_and_verified() -> Result<()> {
    let scene = Scene::start(1).await?;
    for value in ["1", "2", "3"] {
        scene.cluster.command(0, &["param", "set", "EventQueue.maxRetryCount", value]).await?;
    }
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("audit.jsonl").display().to_string();
    let config = scene.cluster.nodes[0].config_file().display().to_string();
    let exported = flotilla(&["audit", "export", "--config", &config, "--out", &file])?;
    ensure!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let of_cluster = scene.cluster.command(0, &["audit", "verify"]).await?;
    let of_file: Value = serde_json::from_slice(&flotilla(&["--json", "audit", "verify", &file])?.stdout)?;
    assert_eq!(of_cluster, of_file);
    let newest = of_file["newest_hash"].as_str().context("no hash")?.to_owned();
    assert!(flotilla(&["audit", "verify", &file, "--newest", &newest])?.status.success());
    let text = std::fs::read_to_string(&file)?;
    let altered = text.replacen("\"local\"", "\"nobody\"", 1);
    ensure!(altered != text, "no row is of local: {text}");
    std::fs::write(&file, altered)?;
    let refused = flotilla(&["audit", "verify", &file])?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("row 1 "), "{refused:?}");
    assert!(!flotilla(&["audit", "export", "--config", &config, "--out", &file])?.status.success(), "it is there");
    Ok(())
}
