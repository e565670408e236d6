//! `flotilla ca`

use std::path::Path;

use anyhow::{Context, Result};
use flotilla_admin::api::{AuthorityView, GenerateAuthority, RenewAuthority};
use serde_json::json;

use super::certificate::{Target, read_file};
use crate::cli::AuthorityCommand;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, or_dash, print, table};

pub(super) async fn run(command: AuthorityCommand, format: Format) -> Result<()> {
    use AuthorityCommand as C;
    match command {
        C::Generate { place, common_name, key, lifetime } => {
            let lifetime_s = lifetime.map(|lifetime| lifetime.0);
            let request = GenerateAuthority { node: None, common_name, algorithm: key, lifetime_s };
            let view = Target::of(&place)?.generate_authority(request).await?;
            answer(format, &view, |view| format!("{}\nSHA-256 {}", view.subject, view.fingerprint))
        }
        C::List { place } => answer(format, &Target::of(&place)?.authorities().await?, |rows| table_of(rows)),
        C::Show { place, name } => {
            let view = chosen_one(&Target::of(&place)?, name.as_deref()).await?;
            answer(format, &view, one)
        }
        C::Export { place, name, out, all } => {
            let rows = chosen(&Target::of(&place)?, name.as_deref(), all).await?;
            export(&rows, out.as_deref(), format)
        }
        C::Import { place, file } => {
            let bytes = read_file(&file)?;
            let pem = std::str::from_utf8(bytes.bytes()).context("the file is no PEM")?;
            let rows = Target::of(&place)?.import_authorities(pem).await?;
            answer(format, &rows, |rows| format!("trusted\n{}", table_of(rows)))
        }
        C::Renew { place, key, lifetime } => {
            let lifetime_s = lifetime.map(|lifetime| lifetime.0);
            let request = RenewAuthority { node: None, algorithm: key, lifetime_s };
            let view = Target::of(&place)?.renew_authority(request).await?;
            answer(format, &view, |view| {
                let (subject, fingerprint) = (&view.subject, &view.fingerprint);
                format!("{subject}\nSHA-256 {fingerprint}\nthe former one stays trusted until it is removed")
            })
        }
        C::Remove { place, name, force } => {
            Target::of(&place)?.remove_authority(&name, force).await?;
            answer(format, &json!({ "removed": name }), |_| format!("{name} is trusted no longer"))
        }
    }
}

async fn chosen(target: &Target, name: Option<&str>, everything: bool) -> Result<Vec<AuthorityView>> {
    if everything {
        return target.authorities().await;
    }
    Ok(vec![chosen_one(target, name).await?])
}

async fn chosen_one(target: &Target, name: Option<&str>) -> Result<AuthorityView> {
    let found = match name {
        Some(name) => {
            let plain = name.replace(':', "").to_lowercase();
            let is_it = |view: &AuthorityView| view.name == name || view.fingerprint == plain;
            target.authorities().await?.into_iter().find(is_it)
        }
        None => target.own_authority().await?,
    };
    let missing = || {
        let name = name.map_or_else(|| "no internal CA".to_owned(), |name| format!("no CA {name}"));
        coded(CHECK_FAILED, format!("there is {name} here; see flotilla ca list"))
    };
    found.ok_or_else(missing)
}

fn one(view: &AuthorityView) -> String {
    let issuing = if view.is_current { "its node issues with it" } else { "trusted only" };
    format!(
        "name          {}\nnode          {}\nsubject       {}\nserial        {}\nSHA-256       {}\nvalid         {} to {}\n\
         key           {}\nstate         {issuing}\ncertificates  {} of members\n\n{}",
        view.name,
        or_dash(view.node),
        view.subject,
        view.serial,
        view.fingerprint,
        view.not_before,
        view.not_after,
        view.key,
        view.live_certificates,
        view.certificate_pem,
    )
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
