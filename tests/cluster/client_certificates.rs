//! Administrators by client certificate, on real nodes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::BASE_PATH;
use flotilla_local::wait_until;
use flotilla_pki::{
    Alias, Authority, AuthorityParameters, IssueParameters, KeyAlgorithm, TrustStore, shown_client_config,
};
use reqwest::StatusCode;
use tempfile::TempDir;

use crate::common::{ADA, DEADLINE, Scene, flotilla};

const DAY: Duration = Duration::from_secs(86_400);

/// A certificate that the cluster knows nothing of, and its key, in files.
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    key: PathBuf,
    _dir: TempDir,
}

pub(crate) fn pair() -> Result<Pair> {
    let algorithm = KeyAlgorithm::default();
    let authority = AuthorityParameters { common_name: "elsewhere".to_owned(), lifetime: DAY, algorithm };
    let parameters = IssueParameters {
        common_name: "backup".to_owned(),
        names: vec!["backup.example".to_owned()],
        node_id: None,
        lifetime: DAY,
        algorithm,
    };
    let made = Authority::generate(&authority)?.issue("backup".parse::<Alias>()?, &parameters)?;
    let dir = tempfile::tempdir()?;
    let (certificate, key) = (dir.path().join("backup.pem"), dir.path().join("backup.key"));
    std::fs::write(&certificate, made.chain_pem())?;
    std::fs::write(&key, made.key.to_pem().as_bytes())?;
    mode(&key, 0o600)?;
    Ok(Pair { certificate, key, _dir: dir })
}

fn mode(file: &Path, mode: u32) -> Result<()> {
    Ok(std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode))?)
}

impl Pair {
    /// A command that logs in with it, at one node.
    fn ask(&self, scene: &Scene, index: usize, arguments: &[&str]) -> Result<Output> {
        let node = &scene.cluster.nodes[index];
        let (url, ca) = (node.admin_url(), node.authority_file().display().to_string());
        let (certificate, key) = (self.certificate.display().to_string(), self.key.display().to_string());
        let connection = ["--url", &url, "--ca", &ca, "--client-cert", &certificate, "--client-key", &key];
        flotilla(&[arguments, &connection].concat())
    }

    /// A client that keeps its connections.
    pub(crate) fn client(&self, scene: &Scene) -> Result<reqwest::Client> {
        let mut trust = TrustStore::new();
        for node in &scene.cluster.nodes {
            trust.add_pem(&std::fs::read(node.authority_file())?)?;
        }
        let tls = shown_client_config(&trust, &std::fs::read(&self.certificate)?, &std::fs::read(&self.key)?)?;
        Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build()?)
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_certificate_works_on_every_node_until_it_is_taken_away_on_one() -> Result<()> {
    let scene = Scene::with_administrator(3, "operator").await?;
    let pair = pair()?;
    let file = pair.certificate.display().to_string();
    ensure!(!pair.ask(&scene, 0, &["status"])?.status.success(), "nobody knows it yet");
    let made = scene.cluster.command(0, &["admin", "certificate", "add", ADA, &file]).await?;
    let fingerprint = made["fingerprint"].as_str().context("no fingerprint")?.to_owned();
    for index in 0..3 {
        wait_until("the node knows the certificate", DEADLINE, async || {
            Ok(pair.ask(&scene, index, &["status"])?.status.success().then_some(()))
        })
        .await?;
    }
    let refused = pair.ask(&scene, 1, &["param", "set", "EventQueue.maxRetryCount", "7"])?;
    ensure!(said(&refused).contains("role operator"), "{}", said(&refused));
    // What it does is told of as done with it.
    ensure!(pair.ask(&scene, 2, &["tm", "stop", "1", "--no-wait"])?.status.success());
    let audit = scene.cluster.command(0, &["audit", "list", "--operation", "transaction-manager.stop"]).await?;
    assert_eq!(
        (&audit["items"][0]["who"], audit["items"][0]["credential"].as_str()),
        (&ADA.into(), Some(format!("certificate {}", &fingerprint[..32]).as_str()))
    );
    // A connection that stays open is worth nothing once it is taken away, on whichever node.
    let client = pair.client(&scene)?;
    let url = format!("{}{BASE_PATH}/cluster", scene.cluster.nodes[1].admin_url());
    assert_eq!(client.get(&url).send().await?.status(), StatusCode::OK);
    scene.cluster.command(2, &["admin", "certificate", "remove", ADA, &fingerprint]).await?;
    wait_until("the connection is refused", DEADLINE, async || {
        Ok((client.get(&url).send().await?.status() == StatusCode::UNAUTHORIZED).then_some(()))
    })
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_key_that_others_can_read_is_not_used() -> Result<()> {
    let scene = Scene::start(1).await?;
    let pair = pair()?;
    mode(&pair.key, 0o640)?;
    let refused = pair.ask(&scene, 0, &["status"])?;
    assert_eq!(refused.status.code(), Some(2));
    ensure!(said(&refused).contains("chmod 600"), "{}", said(&refused));
    Ok(())
}
