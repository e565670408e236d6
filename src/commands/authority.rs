//! `flotilla ca`

use std::path::Path;

use anyhow::{Context, Result};
use flotilla_admin::api::{AuthorityView, GenerateAuthority, NodeId, RenewAuthority};

use super::call;
use super::certificate::{in_folder, node_of, read_file};
use crate::cli::{AuthorityCommand, StorePlace};
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, or_dash, print, table};

pub(super) async fn run(command: AuthorityCommand, format: Format) -> Result<()> {
    use AuthorityCommand as C;
    match command {
        C::Generate { place, common_name, key, lifetime } => {
            let lifetime_s = lifetime.map(|lifetime| lifetime.0);
            let request = GenerateAuthority { node: place.node.map(NodeId), common_name, algorithm: key, lifetime_s };
            let view = match in_folder(&place)? {
                Some(folder) => folder.generate_authority(request)?,
                None => call(connect(&place.connection)?.generate_authority(&request).await)?,
            };
            answer(format, &view, |view| format!("{}\nSHA-256 {}", view.subject, view.fingerprint))
        }
        C::List { place } => {
            let rows = all(&place).await?;
            answer(format, &rows, |rows| table_of(rows))
        }
        C::Export { place, name, out, all: everything } => {
            let rows = chosen(&place, name.as_deref(), everything).await?;
            export(&rows, out.as_deref(), format)
        }
        C::Import { place, file } => {
            let bytes = read_file(&file)?;
            let pem = std::str::from_utf8(bytes.bytes()).context("the file is no PEM")?;
            let rows = match in_folder(&place)? {
                Some(folder) => folder.import_authorities(pem)?,
                None => call(connect(&place.connection)?.import_authorities(pem).await)?,
            };
            answer(format, &rows, |rows| format!("trusted\n{}", table_of(rows)))
        }
        C::Renew { place, key, lifetime } => {
            let lifetime_s = lifetime.map(|lifetime| lifetime.0);
            let request = RenewAuthority { node: place.node.map(NodeId), algorithm: key, lifetime_s };
            let view = match in_folder(&place)? {
                Some(folder) => folder.renew_authority(request)?,
                None => call(connect(&place.connection)?.renew_authority(&request).await)?,
            };
            answer(format, &view, |view| {
                format!(
                    "{}\nSHA-256 {}\nthe former one stays trusted until it is removed",
                    view.subject, view.fingerprint
                )
            })
        }
        C::Remove { place, name, force } => {
            match in_folder(&place)? {
                Some(folder) => folder.remove_authority(&name, force)?,
                None => drop(call(connect(&place.connection)?.remove_authority(&name, force).await)?),
            }
            answer(format, &serde_json::json!({ "removed": name }), |_| format!("{name} is trusted no longer"))
        }
    }
}

/// Those of one node only, if one is named.
async fn all(place: &StorePlace) -> Result<Vec<AuthorityView>> {
    if let Some(folder) = in_folder(place)? {
        return folder.authorities();
    }
    let rows = call(connect(&place.connection)?.authorities().await)?;
    let is_meant = |view: &AuthorityView| place.node.is_none() || view.node == place.node.map(NodeId);
    Ok(rows.into_iter().filter(is_meant).collect())
}

async fn chosen(place: &StorePlace, name: Option<&str>, everything: bool) -> Result<Vec<AuthorityView>> {
    if everything {
        return all(place).await;
    }
    if let (Some(name), None) = (name, &place.dir) {
        return Ok(vec![call(connect(&place.connection)?.authority(name).await)?]);
    }
    let node = match place.dir {
        Some(_) => None,
        None => Some(node_of(&connect(&place.connection)?, place).await?),
    };
    let is_it = |view: &AuthorityView| match name {
        Some(name) => view.name == name || view.fingerprint == name.replace(':', "").to_lowercase(),
        None => view.is_current && (node.is_none() || view.node == node),
    };
    let found: Vec<AuthorityView> = all(place).await?.into_iter().filter(is_it).take(1).collect();
    if found.is_empty() {
        let name = name.map_or_else(|| "no internal CA".to_owned(), |name| format!("no CA {name}"));
        return Err(coded(CHECK_FAILED, format!("there is {name} here; see flotilla ca list")));
    }
    Ok(found)
}

fn export(rows: &[AuthorityView], out: Option<&Path>, format: Format) -> Result<()> {
    let pem: String = rows.iter().map(|view| view.certificate_pem.as_str()).collect();
    match (out, format) {
        (Some(out), _) => {
            std::fs::write(out, pem).with_context(|| format!("cannot write {}", out.display()))?;
            answer(format, &rows, |rows| format!("{} CA certificates written to {}", rows.len(), out.display()))
        }
        (None, Format::Text) => print(&pem),
        (None, Format::Json) => answer(format, &rows, |_| String::new()),
    }
}

fn table_of(rows: &[AuthorityView]) -> String {
    let row = |view: &AuthorityView| {
        [
            or_dash(view.node),
            view.name.clone(),
            view.subject.clone(),
            view.not_after.to_string(),
            view.live_certificates.to_string(),
            view.fingerprint.clone(),
        ]
    };
    table(["node", "name", "subject", "expires", "certificates", "SHA-256"], rows.iter().map(row))
}
