//! The command line and the admin port: parameters, refusals, health, metrics.

use anyhow::Result;
use reqwest::StatusCode;

use crate::common::Scene;

#[tokio::test]
async fn parameters_are_checked_and_replicated() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.cluster.command(2, &["param", "set", "EventQueue.maxRetryCount", "7"]).await?;
    for index in 0..3 {
        let shown = scene.cluster.command(index, &["param", "get", "EventQueue.maxRetryCount"]).await?;
        assert_eq!(shown["value"], "7", "through node {}", index + 1);
    }
    for (name, value, part) in [
        ("EventQueue.maxRetryCount", "many", "EventQueue.maxRetryCount"),
        ("EventQueue.maxRetryCount", "1001", "1000"),
        ("EventQueue.maxRetryCounts", "1", "EventQueue.maxRetryCount"),
    ] {
        let refused = scene.cluster.command(0, &["param", "set", name, value]).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{name}={value}: {refused}");
    }
    let conflict = ["param", "set", "EventQueue.maxRetryCount", "8", "--expected-version", "1000000"];
    assert!(scene.cluster.command(0, &conflict).await.is_err());
    scene.cluster.command(0, &["param", "reset", "EventQueue.maxRetryCount"]).await?;
    let shown = scene.cluster.command(1, &["param", "get", "EventQueue.maxRetryCount"]).await?;
    assert_eq!(shown["value"], "5");
    Ok(())
}

#[tokio::test]
async fn the_admin_port_lets_nobody_in_and_tells_of_its_health() -> Result<()> {
    let scene = Scene::start(1).await?;
    let base = scene.cluster.nodes[0].admin_url();
    let get = async |path: &str| anyhow::Ok(scene.cluster.client().get(format!("{base}{path}")).send().await?);
    for path in ["/api/v2.0/status", "/api/v2.0/accounts", "/api/v2.0/cluster", "/metrics"] {
        assert_eq!(get(path).await?.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/livez", "/readyz"] {
        assert_eq!(get(path).await?.status(), StatusCode::OK, "{path}");
    }
    let layout = &scene.cluster.layout;
    let as_admin = async |path: &str, password: &str| {
        let request = scene.cluster.client().get(format!("{base}{path}"));
        anyhow::Ok(request.basic_auth(&layout.administrator, Some(password)).send().await?)
    };
    // The password that `init` printed is good for setting another one, and for nothing else.
    let first = as_admin("/metrics", &layout.administrator_password).await?;
    assert_eq!(first.status(), StatusCode::FORBIDDEN);
    let change = ["admin", "password", &layout.administrator, "--password-stdin"];
    scene.cluster.command_with_input(0, &change, "another password\n").await?;
    assert_eq!(as_admin("/metrics", &layout.administrator_password).await?.status(), StatusCode::UNAUTHORIZED);
    let metrics = as_admin("/metrics", "another password").await?;
    assert_eq!(metrics.status(), StatusCode::OK);
    let text = metrics.text().await?;
    assert!(text.lines().any(|line| line.starts_with("# TYPE flotilla_")), "{text}");
    Ok(())
}

#[tokio::test]
async fn adding_what_is_there_changes_nothing() -> Result<()> {
    let scene = Scene::start(1).await?;
    scene.partner("alice", &[]).await?;
    let administrator = scene.cluster.layout.administrator.clone();
    for (noun, name) in [("account", "alice"), ("admin", administrator.as_str())] {
        let refused = scene.cluster.command(0, &[noun, "add", name]).await.unwrap_err().to_string();
        assert!(refused.contains("already"), "{refused}");
    }
    assert_eq!(scene.cluster.command(0, &["admin", "list"]).await?[0]["role"], "administrator");
    scene.upload(0, "alice", "the password is still the old one", b"a".to_vec()).await?;
    Ok(())
}
