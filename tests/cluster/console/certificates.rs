//! Certificates and CAs, made and brought from the browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use flotilla_local::wait_until;

use super::{at, console};
use crate::browser::Browser;
use crate::common::{DEADLINE, Scene, flotilla};

/// Waits until the browser has kept the whole of a file there.
async fn downloaded(folder: &Path, name: &str) -> Result<PathBuf> {
    let file = folder.join(name);
    wait_until(&format!("{name} is downloaded"), DEADLINE, async || {
        Ok(file.metadata().is_ok_and(|found| found.len() > 0).then_some(()))
    })
    .await?;
    Ok(file)
}

fn openssl(arguments: &[&str]) -> Result<String> {
    let output = Command::new("openssl").args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "openssl {arguments:?}: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

async fn generate_shared(browser: &Browser, alias: &str) -> Result<()> {
    browser.unfold().await?;
    browser.fill("#generate [name=alias]", alias).await?;
    browser.choose("#generate [name=node]", "shared").await?;
    browser.click("#generate button").await
}

#[tokio::test]
async fn a_certificate_is_made_on_one_node_and_carried_to_another() -> Result<()> {
    let scene = Scene::with_administrator(2, "administrator").await?;
    let folder = tempfile::tempdir()?;
    let browser = at(&scene, 0, "certificates").await?;
    browser.downloads_to(folder.path()).await?;
    ensure!(browser.has(".timeline rect.ok").await?, "no end is drawn");
    generate_shared(&browser, "mesh-b").await?;
    browser.arrives_at("/console/certificates/1/mesh-b").await?;
    browser.reads("[role=status]", "The certificate is issued").await?;
    browser.fill("[name=password]", "correct horse battery").await?;
    browser.fill("[name=again]", "correct horse battery").await?;
    browser.picture("certificate-export").await?;
    browser.click("form[action$=export] button").await?;
    let file = downloaded(folder.path(), "mesh-b.p12").await?;
    let shown =
        openssl(&["pkcs12", "-in", &file.display().to_string(), "-passin", "pass:correct horse battery", "-nokeys"])?;
    assert!(shown.contains("BEGIN CERTIFICATE"), "{shown}");

    browser.open(&console(&scene, 0, "certificates")).await?;
    browser.unfold().await?;
    browser.choose_file("#import [type=file]", &file).await?;
    browser.fill("#import [name=password]", "a wrong one").await?;
    browser.choose("#import [name=node]", "2").await?;
    browser.click("#import button").await?;
    browser.reads("main", "wrong-password").await?;
    browser.open(&console(&scene, 0, "certificates")).await?;
    browser.unfold().await?;
    browser.choose_file("#import [type=file]", &file).await?;
    browser.fill("#import [name=password]", "correct horse battery").await?;
    browser.choose("#import [name=node]", "2").await?;
    browser.click("#import button").await?;
    browser.arrives_at("/console/certificates/2/mesh-b").await?;
    // Now that all have it, the nodes may show it each other.
    scene.cluster.command(0, &["param", "set", "Cluster.Crypto.Alias", "mesh-b"]).await?;
    wait_until("both nodes show the new certificate", DEADLINE, async || {
        browser.open(&console(&scene, 0, "certificates/2/mesh-b")).await?;
        Ok(browser.has("h1 .badge.lead").await?.then_some(()))
    })
    .await?;
    // The one in use is not revoked by mistake, nor deleted.
    ensure!(!browser.has("form[action$=delete]").await?, "the certificate in use may be deleted");
    browser.click("form[action$=revoke] button").await?;
    browser.confirm().await?;
    browser.reads("main", "certificate-in-use").await?;
    browser.close().await
}

#[tokio::test]
async fn a_certificate_is_revoked_and_deleted() -> Result<()> {
    let scene = Scene::with_administrator(1, "administrator").await?;
    let browser = at(&scene, 0, "certificates").await?;
    generate_shared(&browser, "spare").await?;
    browser.arrives_at("/console/certificates/1/spare").await?;
    browser.fill("[name=reason]", "the key was copied").await?;
    browser.click("form[action$=revoke] button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("Every node refuses it"), "{question}");
    browser.reads("[role=status]", "The certificate is revoked").await?;
    // The node issues it anew at once; only what the page has shown is deleted.
    wait_until("the page shows the new one", DEADLINE, async || {
        browser.open(&console(&scene, 0, "certificates/1/spare")).await?;
        Ok((!browser.text_of("h1").await?.contains("revoked")).then_some(()))
    })
    .await?;
    browser.click("form[action$=delete] button").await?;
    browser.confirm().await?;
    browser.arrives_at("/console/certificates").await?;
    browser.reads("main", "the key was copied").await?;
    let rows = scene.cluster.command(0, &["cert", "list"]).await?;
    assert!(!rows.to_string().contains("spare"), "{rows}");
    browser.close().await
}

#[tokio::test]
async fn a_foreign_ca_is_trusted_and_no_longer() -> Result<()> {
    let scene = Scene::with_administrator(1, "administrator").await?;
    let folder = tempfile::tempdir()?;
    let [node, pem] = ["other", "other.pem"].map(|name| folder.path().join(name).display().to_string());
    for arguments in
        [&["init", "--dir", &node, "--name", "localhost"][..], &["ca", "export", "--dir", &node, "--out", &pem]]
    {
        let output = flotilla(arguments)?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let browser = at(&scene, 0, "certificates").await?;
    browser.downloads_to(folder.path()).await?;
    browser.unfold().await?;
    browser.choose_file("#trust [type=file]", Path::new(&pem)).await?;
    browser.click("#trust button").await?;
    let question = browser.confirm().await?;
    ensure!(question.contains("taken for a node of this cluster"), "{question}");
    browser.reads("[role=status]", "are trusted").await?;
    browser.click("a[href$='authorities/all']").await?;
    let all = std::fs::read_to_string(downloaded(folder.path(), "authorities.pem").await?)?;
    assert_eq!(all.matches("BEGIN CERTIFICATE").count(), 2, "{all}");
    browser.picture("certificates-ca").await?;
    browser.click("form[action$=distrust] button").await?;
    browser.confirm().await?;
    browser.reads("[role=status]", "trusted no longer").await?;
    let rows = scene.cluster.command(0, &["ca", "list"]).await?;
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    browser.close().await
}

#[tokio::test]
async fn a_request_goes_to_a_foreign_ca_and_its_reply_comes_back() -> Result<()> {
    let scene = Scene::with_administrator(1, "administrator").await?;
    let folder = tempfile::tempdir()?;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (key, ca, csr, crt) = (file("company.key"), file("company.pem"), file("asked.csr"), file("asked.pem"));
    let subject = ["-nodes", "-subj", "/CN=company", "-days", "30"];
    let mut make = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", &key];
    make.extend(["-out", &ca].iter().chain(&subject));
    openssl(&make)?;
    scene.cluster.command(0, &["ca", "import", &ca]).await?;
    let browser = at(&scene, 0, "certificates/requests").await?;
    browser.downloads_to(folder.path()).await?;
    browser.fill("#request [name=alias]", "asked").await?;
    browser.click("#request button").await?;
    browser.reads("[role=status]", "send it to the CA").await?;
    browser.picture("certificate-request").await?;
    browser.click("a[href$='requests/1/asked']").await?;
    downloaded(folder.path(), "asked.csr").await?;
    let issue = ["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &key, "-CAcreateserial", "-days", "20"];
    let extensions = file("extensions");
    std::fs::write(&extensions, "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")?;
    openssl(&[&issue[..], &["-extfile", &extensions, "-out", &crt]].concat())?;
    browser.choose_file("form[action$=reply] [type=file]", Path::new(&crt)).await?;
    browser.click("form[action$=reply] button").await?;
    browser.arrives_at("/console/certificates/1/asked").await?;
    browser.reads("main", "CN=company").await?;
    browser.close().await
}
