//! A PKI that never sleeps: certificates that go round as files, switches, revocations and renewals on a cluster that works.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{AuthorityView, CertificateView, NodeStatus, RevocationView};
use flotilla_local::{https_client, wait_until};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{DEADLINE, Scene, binary};
use crate::load::SteadyLoad;

const FILE_PASSWORD: &str = "a password of a file";

/// Files of one test: certificates on their way, passwords, what a company's CA has.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Result<Self> {
        let desk = Self { folder: tempfile::tempdir()? };
        std::fs::write(desk.path("password"), format!("{FILE_PASSWORD}\n"))?;
        Ok(desk)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn openssl(&self, line: &str) -> Result<String> {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(self.folder.path()).output()?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "openssl {line}: {said}");
        Ok(said)
    }

    /// A CA that is none of a node.
    fn make_company(&self) -> Result<()> {
        self.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout company.key -out company.pem -subj /CN=company -days 30")?;
        Ok(())
    }

    fn company_signs(&self, request: &str, reply: &str) -> Result<()> {
        std::fs::write(
            self.path("extensions"),
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n",
        )?;
        let line = format!(
            "x509 -req -in {request} -CA company.pem -CAkey company.key -CAcreateserial -out {reply} -days 20 -extfile extensions"
        );
        self.openssl(&line).map(drop)
    }
}

async fn run(scene: &Scene, index: usize, arguments: &[&str]) -> Result<Value> {
    scene.cluster.command(index, arguments).await
}

/// What a command says that is refused.
async fn refused(scene: &Scene, index: usize, arguments: &[&str]) -> Result<String> {
    match scene.cluster.command(index, arguments).await {
        Ok(answer) => anyhow::bail!("{arguments:?} was not refused: {answer}"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

async fn certificate(scene: &Scene, node: u64, alias: &str) -> Result<CertificateView> {
    let answer = run(scene, 0, &["cert", "show", "--node", &node.to_string(), "--alias", alias]).await?;
    Ok(serde_json::from_value(answer)?)
}

async fn authorities(scene: &Scene, node: u64) -> Result<Vec<AuthorityView>> {
    Ok(serde_json::from_value(run(scene, 0, &["ca", "list", "--node", &node.to_string()]).await?)?)
}

async fn switch(scene: &Scene, alias: &str) -> Result<()> {
    run(scene, 0, &["param", "set", "Cluster.Crypto.Alias", alias]).await?;
    for index in 0..scene.cluster.nodes.len() {
        wait_until("the node shows the certificate of the new alias", DEADLINE, async || {
            let shown = scene.node_status(index).await?.certificate;
            Ok((shown.alias == alias && shown.is_current).then_some(()))
        })
        .await?;
    }
    Ok(())
}

/// Connections that broke since the start, of all nodes.
async fn reconnects(scene: &Scene) -> Result<u64> {
    let mut sum = 0;
    for index in 0..scene.cluster.nodes.len() {
        let links = scene.status_of(index).await?.nodes.into_iter().filter_map(|node| node.link);
        sum += links.map(|link| link.reconnects).sum::<u64>();
    }
    Ok(sum)
}

fn flotilla(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(binary()).args(arguments).output()?)
}

fn done(output: Output) -> Result<()> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

#[tokio::test]
async fn a_certificate_goes_round_as_p12_and_the_alias_is_switched_under_load() -> Result<()> {
    let (scene, desk) = (Scene::start(3).await?, Desk::new()?);
    scene.partner("alice", &["checksum"]).await?;
    let (file, password) = (desk.text("mesh.p12"), desk.text("password"));
    run(&scene, 0, &["cert", "generate", "--alias", "mesh", "--shared", "--key", "rsa-2048"]).await?;
    let export = ["cert", "export", "--alias", "mesh", "--out", &file, "--file-password", &password];
    let told = run(&scene, 0, &export).await?;
    assert!(refused(&scene, 0, &export).await?.contains("cannot make"), "a file that is there is not written over");
    let shown = desk.openssl("pkcs12 -in mesh.p12 -passin file:password -nokeys")?;
    assert!(shown.contains("BEGIN CERTIFICATE"), "{shown}");

    // Two nodes do not have it yet: they are named, and nothing happens.
    let said = refused(&scene, 1, &["param", "set", "Cluster.Crypto.Alias", "mesh"]).await?;
    assert!(said.contains("node 2 ") && said.contains("node 3 ") && !said.contains("node 1 "), "{said}");
    assert!(said.contains("has no certificate mesh"), "{said}");
    assert_eq!(scene.node_status(0).await?.certificate.alias, "flotilla-cluster");

    std::fs::write(desk.path("wrong"), "another password\n")?;
    let wrong = desk.text("wrong");
    let import =
        |node, password| ["cert", "import", "--node", node, &file, "--alias", "mesh", "--file-password", password];
    let said = refused(&scene, 0, &import("2", &wrong)).await?;
    assert!(said.contains("password is wrong"), "{said}");
    for node in ["2", "3"] {
        let taken: CertificateView = serde_json::from_value(run(&scene, 0, &import(node, &password)).await?)?;
        assert_eq!(Some(taken.fingerprint.as_str()), told["fingerprint"].as_str());
        assert_eq!((taken.bound_to, taken.refusal), (None, None));
    }
    let said = refused(&scene, 0, &import("2", &password)).await?;
    assert!(said.contains("there is a certificate with the alias mesh"), "{said}");

    let before = reconnects(&scene).await?;
    let load = SteadyLoad::start(&scene, 1);
    load.more(20).await?;
    switch(&scene, "mesh").await?;
    load.more(20).await?;
    // And back to certificates of the nodes' own.
    switch(&scene, "flotilla-cluster").await?;
    load.more(20).await?;
    load.finish().await?;
    assert_eq!(reconnects(&scene).await?, before, "connections move, they do not break");
    let said = refused(&scene, 0, &["cert", "delete", "--alias", "flotilla-cluster"]).await?;
    assert!(said.contains("Cluster.Crypto.Alias names it"), "{said}");
    run(&scene, 2, &["cert", "delete", "--node", "1", "--alias", "mesh"]).await?;
    let audit = run(&scene, 0, &["audit", "list", "--operation", "certificate"]).await?.to_string();
    for operation in ["certificate.generate", "certificate.export", "certificate.import", "certificate.delete"] {
        assert!(audit.contains(operation), "{operation}: {audit}");
    }
    assert!(!audit.contains(FILE_PASSWORD));
    Ok(())
}

#[tokio::test]
async fn certificates_that_would_cut_a_node_off_are_refused() -> Result<()> {
    let (scene, desk) = (Scene::start(3).await?, Desk::new()?);
    desk.make_company()?;
    // Bound to its node: no other one may have it.
    let (bound, password) = (desk.text("bound.p12"), desk.text("password"));
    run(&scene, 0, &["cert", "export", "--alias", "flotilla-cluster", "--out", &bound, "--file-password", &password])
        .await?;
    let import = ["cert", "import", "--node", "2", "--alias", "other", "--file-password", &password, &bound];
    let said = refused(&scene, 0, &import).await?;
    assert!(said.contains("bound to node 1") && said.contains("--shared"), "{said}");
    // Of a CA that the cluster does not trust: it may lie in the store, but not be used.
    desk.openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf",
    )?;
    desk.company_signs("leaf.csr", "leaf.pem")?;
    let pem = [std::fs::read(desk.path("leaf.key"))?, std::fs::read(desk.path("leaf.pem"))?].concat();
    std::fs::write(desk.path("both.pem"), pem)?;
    let both = desk.text("both.pem");
    for node in ["1", "2", "3"] {
        run(&scene, 0, &["cert", "import", "--node", node, "--alias", "company", "--no-password", &both]).await?;
    }
    let said = refused(&scene, 0, &["param", "set", "Cluster.Crypto.Alias", "company"]).await?;
    assert!(said.contains("a CA that the cluster does not trust") && said.contains("node 3 "), "{said}");
    let replace = ["cert", "import", "--alias", "flotilla-cluster", "--replace", "--no-password", &both];
    let said = refused(&scene, 0, &replace).await?;
    assert!(said.contains("would be refused by our own trust") && said.contains("ca import"), "{said}");
    let company = desk.text("company.pem");
    run(&scene, 0, &["ca", "import", &company]).await?;
    let serial = certificate(&scene, 2, "company").await?.serial;
    run(&scene, 0, &["cert", "revoke", "--serial", &serial, "--reason", "a try"]).await?;
    let said = refused(&scene, 0, &["param", "set", "Cluster.Crypto.Alias", "company"]).await?;
    assert!(said.contains("is revoked") && said.contains("node 1 "), "{said}");
    // Its own errors for what is wrong with a file.
    let cases: [(&str, &[u8], &str); 3] = [
        ("key.pem", &std::fs::read(desk.path("leaf.key"))?, "holds a private key and no certificate"),
        ("certificate.pem", &std::fs::read(desk.path("leaf.pem"))?, "holds no private key"),
        ("junk", b"junk", "neither PKCS#12 (.p12, .pfx) nor PEM"),
    ];
    for (name, bytes, expected) in cases {
        std::fs::write(desk.path(name), bytes)?;
        let file = desk.text(name);
        let said = refused(&scene, 0, &["cert", "import", "--alias", "x", "--no-password", &file]).await?;
        assert!(said.contains(expected), "{said}");
    }
    scene.settled().await?;
    Ok(())
}

/// Gives every node a certificate of a CA that is none of a node, and switches to it.
async fn switch_to_company(scene: &Scene, desk: &Desk) -> Result<()> {
    desk.make_company()?;
    let company = desk.text("company.pem");
    run(scene, 0, &["ca", "import", &company]).await?;
    for node in ["1", "2", "3"] {
        let (request, reply) = (format!("{node}.csr"), format!("{node}.pem"));
        let csr =
            ["cert", "csr", "--node", node, "--alias", "company", "--out", &desk.text(&request)].map(str::to_owned);
        run(scene, 0, &csr.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        desk.company_signs(&request, &reply)?;
        let reply = desk.text(&reply);
        run(scene, 0, &["cert", "import-reply", "--node", node, "--alias", "company", &reply]).await?;
    }
    run(scene, 0, &["param", "set", "Cluster.Crypto.Alias", "company"]).await?;
    // Whoever calls a node must trust the company now, too.
    let own = scene.cluster.nodes.iter().map(|node| node.dir.join("pki/ca.pem"));
    let client = https_client(&own.chain([desk.path("company.pem")]).collect::<Vec<_>>())?;
    for node in &scene.cluster.nodes {
        wait_until("the node shows the company's certificate", DEADLINE, async || {
            let token = std::fs::read_to_string(node.dir.join("admin.token"))?;
            let asked = client.get(format!("{}/api/v2.0/status", node.admin_url())).bearer_auth(token.trim());
            let status: NodeStatus = asked.send().await?.error_for_status()?.json().await?;
            Ok((status.certificate.alias == "company" && status.certificate.is_current).then_some(()))
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_revocation_cuts_a_node_off_within_a_second_and_the_mend_is_made_in_its_folder() -> Result<()> {
    let (mut scene, desk) = (Scene::start(3).await?, Desk::new()?);
    switch_to_company(&scene, &desk).await?;
    let victim = certificate(&scene, 3, "company").await?;
    let said = refused(&scene, 0, &["cert", "revoke", "--node", "3", "--alias", "company"]).await?;
    assert!(said.contains("node 3 shows the certificate company") && said.contains("--force"), "{said}");
    let connected = async |scene: &Scene, index: usize| -> Result<usize> {
        let links = scene.status_of(index).await?.nodes.into_iter().filter_map(|node| node.link);
        Ok(links.filter(|link| link.is_connected).count())
    };
    assert_eq!(connected(&scene, 0).await?, 2);
    run(&scene, 0, &["cert", "revoke", "--node", "3", "--alias", "company", "--reason", "stolen", "--force"]).await?;
    let rows: Vec<RevocationView> = serde_json::from_value(run(&scene, 0, &["cert", "revocations"]).await?)?;
    let revoked_ms = rows[0].revoked_at.as_millisecond();
    assert_eq!((rows[0].serial.as_str(), rows[0].reason.as_str()), (victim.serial.as_str(), "stolen"));
    for index in [0, 1] {
        let took_ms = wait_until("the node is cut off", DEADLINE, async || {
            let status = scene.status_of(index).await?;
            let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
            let link = status.nodes.into_iter().find(|node| node.node.0 == 3).and_then(|node| node.link);
            let link = link.filter(|link| !link.is_connected);
            let since_ms = link.and_then(|link| link.heard_ms_ago);
            Ok(since_ms.map(|since_ms| now_ms - i64::try_from(since_ms).unwrap_or(0) - revoked_ms))
        })
        .await?;
        assert!(took_ms <= 1_000, "node {} has cut it off after {took_ms} ms", index + 1);
    }

    // Its CA is none of the cluster's, so it waits for people: a new request, in its folder.
    scene.cluster.nodes[2].kill()?;
    let dir = scene.cluster.nodes[2].dir.display().to_string();
    let (request, reply) = (desk.text("again.csr"), desk.text("again.pem"));
    done(flotilla(&["cert", "csr", "--dir", &dir, "--alias", "company", "--out", &request])?)?;
    desk.company_signs("again.csr", "again.pem")?;
    done(flotilla(&["cert", "import-reply", "--dir", &dir, "--alias", "company", &reply])?)?;
    scene.cluster.start_node(2)?;
    scene.settled().await?;
    wait_until("the log has its new certificate", DEADLINE, async || {
        let again = certificate(&scene, 3, "company").await?;
        Ok((again.serial != victim.serial && again.refusal.is_none()).then_some(()))
    })
    .await
}

#[tokio::test]
async fn a_renewed_certificate_can_be_revoked_and_nobody_notices() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let before = reconnects(&scene).await?;
    let load = SteadyLoad::start(&scene, 0);
    load.more(10).await?;
    for node in 1..=3 {
        let old = certificate(&scene, node, "flotilla-cluster").await?;
        run(&scene, 1, &["cert", "renew", "--node", &node.to_string(), "--alias", "flotilla-cluster"]).await?;
        let index = usize::try_from(node)? - 1;
        wait_until("the node shows its new certificate", DEADLINE, async || {
            Ok((scene.node_status(index).await?.certificate.fingerprint != old.fingerprint).then_some(()))
        })
        .await?;
        run(&scene, 1, &["cert", "revoke", "--serial", &old.serial, "--reason", "replaced"]).await?;
        let said = refused(&scene, 1, &["cert", "revoke", "--serial", &old.serial]).await?;
        assert!(said.contains("revoked already") || said.contains(&old.serial), "{said}");
        load.more(10).await?;
    }
    load.finish().await?;
    assert_eq!(reconnects(&scene).await?, before, "connections move, they do not break");
    Ok(())
}

#[tokio::test]
async fn certificates_that_live_for_seconds_are_renewed_before_anything_breaks() -> Result<()> {
    let mut scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    for node in ["1", "2", "3"] {
        run(&scene, 0, &["cert", "generate", "--node", node, "--alias", "short", "--lifetime", "15s"]).await?;
    }
    let before = reconnects(&scene).await?;
    switch(&scene, "short").await?;
    let load = SteadyLoad::start(&scene, 2);
    let mut seen = Vec::new();
    for index in 0..3 {
        seen.push(scene.node_status(index).await?.certificate.fingerprint);
    }
    for (index, first) in seen.into_iter().enumerate() {
        // The third certificate: two lives have passed.
        let mut fingerprints = vec![first];
        wait_until("certificates are renewed and renewed again", DEADLINE, async || {
            let shown = scene.node_status(index).await?.certificate;
            if !fingerprints.contains(&shown.fingerprint) {
                fingerprints.push(shown.fingerprint);
            }
            Ok((fingerprints.len() >= 3).then_some(()))
        })
        .await?;
    }
    load.more(5).await?;
    load.finish().await?;
    assert_eq!(reconnects(&scene).await?, before, "connections move, they do not break");
    let metrics = scene.metrics(0).await?;
    assert!(metrics.contains("flotilla_certificate_current 1"), "{metrics}");
    // A node that was away for longer than its certificate lived comes back as well.
    scene.cluster.nodes[2].kill()?;
    let ends = certificate(&scene, 3, "short").await?.not_after.as_second();
    wait_until("its certificate has ended", DEADLINE, async || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok((now > u64::try_from(ends)?).then_some(()))
    })
    .await?;
    scene.cluster.start_node(2)?;
    scene.settled().await?;
    // Back to certificates that last, so that the end of the test is in order.
    switch(&scene, "flotilla-cluster").await
}

#[tokio::test]
async fn a_ca_is_renewed_and_its_former_self_stays_trusted_until_it_is_removed() -> Result<()> {
    let scene = Scene::start(3).await?;
    scene.partner("alice", &["checksum"]).await?;
    let load = SteadyLoad::start(&scene, 0);
    let old = authorities(&scene, 2).await?;
    assert_eq!((old.len(), old[0].name.as_str(), old[0].live_certificates), (1, "ca", 1));
    let said = refused(&scene, 0, &["ca", "generate", "--node", "2"]).await?;
    assert!(said.contains("ca renew"), "{said}");
    let said = refused(&scene, 0, &["ca", "remove", &old[0].fingerprint]).await?;
    assert!(said.contains("node 2") || said.contains("member"), "{said}");
    run(&scene, 0, &["ca", "renew", "--node", "2", "--key", "rsa-2048"]).await?;
    let rows = authorities(&scene, 2).await?;
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let former = format!("ca-old-{}", old[0].serial);
    assert_eq!(names, ["ca", &former]);
    assert_eq!((rows[0].key.as_str(), rows[1].live_certificates), ("rsa-2048", 1));
    let said = refused(&scene, 0, &["ca", "remove", &former]).await?;
    assert!(said.contains("flotilla-cluster") || said.contains("certificate"), "{said}");
    // A certificate of the new CA takes the old one's place; then nothing holds the old CA any more.
    let before = scene.node_status(1).await?.certificate.fingerprint;
    run(&scene, 0, &["cert", "renew", "--node", "2", "--alias", "flotilla-cluster"]).await?;
    wait_until("the node shows its new certificate", DEADLINE, async || {
        Ok((scene.node_status(1).await?.certificate.fingerprint != before).then_some(()))
    })
    .await?;
    assert_eq!(certificate(&scene, 2, "flotilla-cluster").await?.authority.as_ref(), Some(&rows[0].fingerprint));
    run(&scene, 0, &["ca", "remove", &former]).await?;
    load.more(20).await?;
    load.finish().await?;
    assert_eq!(authorities(&scene, 2).await?.len(), 1);
    let kept = scene.cluster.nodes[1].dir.join("pki/trust").join(format!("{former}.pem"));
    wait_until("the node's folder forgets it", DEADLINE, async || Ok((!kept.exists()).then_some(()))).await?;
    Ok(())
}

#[tokio::test]
async fn a_ca_that_lives_for_seconds_is_renewed_by_itself() -> Result<()> {
    let scene = Scene::start(3).await?;
    run(&scene, 0, &["ca", "renew", "--node", "3", "--lifetime", "30s"]).await?;
    let short = authorities(&scene, 3).await?[0].fingerprint.clone();
    run(&scene, 0, &["cert", "renew", "--node", "3", "--alias", "flotilla-cluster"]).await?;
    let issued = certificate(&scene, 3, "flotilla-cluster").await?;
    assert!(issued.not_after <= authorities(&scene, 3).await?[0].not_after, "no certificate outlives its CA");
    wait_until("the CA is renewed", DEADLINE, async || {
        Ok((authorities(&scene, 3).await?[0].fingerprint != short).then_some(()))
    })
    .await?;
    let newer = wait_until("and its certificate after it", DEADLINE, async || {
        let shown = certificate(&scene, 3, "flotilla-cluster").await?;
        Ok((shown.fingerprint != issued.fingerprint).then_some(shown))
    })
    .await?;
    assert_ne!(newer.authority.as_ref(), Some(&short));
    scene.settled().await?;
    Ok(())
}

#[tokio::test]
async fn a_folder_is_prepared_by_hand() -> Result<()> {
    let desk = Desk::new()?;
    let (dir, path) = (desk.text("node"), |name: &str| desk.text(name));
    let said = |output: Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let unnamed = said(flotilla(&["ca", "generate", "--dir", &dir])?);
    assert!(unnamed.contains("--common-name"), "{unnamed}");
    done(flotilla(&["ca", "generate", "--dir", &dir, "--common-name", "a CA by hand", "--key", "ed25519"])?)?;
    let (pem, file, password) = (path("ca.pem"), path("shared.p12"), path("password"));
    done(flotilla(&["ca", "export", "--dir", &dir, "--out", &pem])?)?;
    assert!(desk.openssl("x509 -in ca.pem -noout -subject")?.contains("a CA by hand"));
    let unbound = said(flotilla(&["cert", "generate", "--dir", &dir, "--alias", "mesh"])?);
    assert!(unbound.contains("--shared"), "{unbound}");
    let generate = [
        "cert",
        "generate",
        "--dir",
        &dir,
        "--alias",
        "mesh",
        "--shared",
        "--common-name",
        "mesh",
        "--san",
        "a.example",
    ];
    done(flotilla(&generate)?)?;
    done(flotilla(&[
        "cert",
        "export",
        "--dir",
        &dir,
        "--alias",
        "mesh",
        "--out",
        &file,
        "--file-password",
        &password,
    ])?)?;
    let other = path("other");
    let import = ["cert", "import", "--dir", &other, "--file-password", &password, &file];
    done(flotilla(&["ca", "import", "--dir", &other, &pem])?)?;
    done(flotilla(&import)?)?;
    let taken = said(flotilla(&import)?);
    assert!(taken.contains("there is a certificate with the alias mesh"), "{taken}");
    let listed = flotilla(&["cert", "list", "--dir", &other, "--json"])?;
    let rows: Vec<CertificateView> = serde_json::from_slice(&listed.stdout)?;
    assert_eq!((rows.len(), rows[0].alias.as_str(), rows[0].refusal.as_deref()), (1, "mesh", None));
    let fingerprint = rows[0].authority.clone().context("its CA is known")?;
    let held = said(flotilla(&["ca", "remove", "--dir", &other, &fingerprint])?);
    assert!(held.contains("mesh") && held.contains("--force"), "{held}");
    done(flotilla(&["ca", "remove", "--dir", &other, &fingerprint, "--force"])?)?;
    done(flotilla(&["cert", "delete", "--dir", &other, "--alias", "mesh"])?)?;
    done(flotilla(&["ca", "renew", "--dir", &dir])?)?;
    let listed = flotilla(&["ca", "list", "--dir", &dir, "--json"])?;
    let rows: Vec<AuthorityView> = serde_json::from_slice(&listed.stdout)?;
    assert!(rows.len() == 2 && rows[0].is_current && rows[1].name.starts_with("ca-old-"), "{rows:?}");
    assert!(Path::new(&dir).join("pki/ca.key").exists());
    Ok(())
}
