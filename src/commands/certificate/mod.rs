//! `flotilla cert`

mod files;
mod target;
mod views;

use std::path::Path;

use anyhow::{Context, Result};
use flotilla_admin::api::{
    CertificateView, ExportCertificate, ExportFormat, ExportedCertificate, GenerateCertificate, ImportCertificate,
    ImportReply, RequestCertificate, RevokeCertificate,
};
use serde_json::json;

use super::call;
use crate::cli::{CertificateCommand, FileFormat, PasswordArguments, StorePlace, SubjectArguments};
use crate::connection::connect;
use crate::exit::{USAGE, coded};
use crate::output::{Format, answer};

pub(super) use files::read_file;
pub(super) use target::Target;

pub(super) async fn run(command: CertificateCommand, format: Format) -> Result<()> {
    use CertificateCommand as C;
    match command {
        C::Generate { place, alias, shared, subject, lifetime, replace } => {
            let SubjectArguments { common_name, san, key } = subject;
            let request = GenerateCertificate {
                alias: alias.alias,
                node: None,
                is_shared: shared,
                common_name,
                names: san,
                algorithm: key,
                lifetime_s: lifetime.map(|lifetime| lifetime.0),
                replace,
            };
            show("was issued", &Target::of(&place)?.generate(request).await?, format)
        }
        C::List { place } => answer(format, &Target::of(&place)?.list().await?, |rows| views::table_of(rows)),
        C::Show { place, alias } => answer(format, &Target::of(&place)?.show(&alias.alias).await?, views::with_chain),
        C::Export { place, alias, out, format: form, password, no_password } => {
            let export = export_of(form, &password, no_password)?;
            export_to(&Target::of(&place)?, &alias.alias, export, &out, format).await
        }
        C::Import { place, file, alias, password, no_password, replace } => {
            let password = import_password(&file, &password, no_password)?;
            let request = ImportCertificate { alias, node: None, file: read_file(&file)?, password, replace };
            show("was imported", &Target::of(&place)?.import(request).await?, format)
        }
        C::Renew { place, alias } => show("was issued anew", &Target::of(&place)?.renew(&alias.alias).await?, format),
        C::Revoke { place, serial, alias, reason, force } => {
            let request = RevokeCertificate { serial, alias, reason, force, node: None };
            revoke(&place, request, format).await
        }
        C::Revocations { connection } => {
            let rows = call(connect(&connection)?.revocations().await)?;
            answer(format, &rows, |rows| views::revocations(rows))
        }
        C::Delete { place, alias } => {
            Target::of(&place)?.delete(&alias.alias).await?;
            answer(format, &json!({ "deleted": alias.alias }), |_| format!("{} is deleted", alias.alias))
        }
        C::Csr { place, alias, cancel: true, .. } => {
            Target::of(&place)?.delete_request(&alias.alias).await?;
            let given_up = |_: &_| format!("the request for {} is given up", alias.alias);
            answer(format, &json!({ "cancelled": alias.alias }), given_up)
        }
        C::Csr { place, alias, subject, out, cancel: false } => {
            let SubjectArguments { common_name, san, key } = subject;
            let request =
                RequestCertificate { alias: alias.alias, node: None, common_name, names: san, algorithm: key };
            request_to(&Target::of(&place)?, request, out.as_deref(), format).await
        }
        C::Requests { place } => answer(format, &Target::of(&place)?.requests().await?, |rows| views::requests(rows)),
        C::ImportReply { place, alias, file } => {
            let reply = ImportReply { alias: alias.alias, node: None, file: read_file(&file)? };
            show("was taken", &Target::of(&place)?.import_reply(reply).await?, format)
        }
    }
}

fn show(what: &str, view: &CertificateView, format: Format) -> Result<()> {
    answer(format, view, |view| format!("{} {what}\n{}", view.alias, views::one(view)))
}

async fn export_to(target: &Target, alias: &str, export: ExportCertificate, out: &Path, format: Format) -> Result<()> {
    let exported = target.export(alias, export).await?;
    files::write_new(out, exported.file.bytes())?;
    // The file alone has the key: what is printed goes to logs.
    let told = ExportedCertificate { file: Default::default(), ..exported };
    answer(format, &told, |told| format!("{} (SHA-256 {}) written to {}", told.alias, told.fingerprint, out.display()))
}

fn export_of(form: FileFormat, password: &PasswordArguments, no_password: bool) -> Result<ExportCertificate> {
    let format = match form {
        FileFormat::P12 => ExportFormat::Pkcs12,
        FileFormat::P12Legacy => ExportFormat::Pkcs12Legacy,
        FileFormat::Pem => ExportFormat::Pem,
    };
    if no_password && form != FileFormat::Pem {
        return Err(coded(USAGE, "PKCS#12 needs a password; only --format pem goes without one"));
    }
    let password = if no_password { None } else { Some(files::password(password)?) };
    Ok(ExportCertificate { format, password })
}

fn import_password(
    file: &Path,
    password: &PasswordArguments,
    no_password: bool,
) -> Result<Option<flotilla_admin::api::Password>> {
    if no_password {
        return Ok(None);
    }
    if file == Path::new("-") && password.file_password.is_none() {
        let both = "the file comes from standard input: name the file of its password with --file-password";
        return Err(coded(USAGE, both));
    }
    files::password(password).map(Some)
}

async fn request_to(target: &Target, request: RequestCertificate, out: Option<&Path>, format: Format) -> Result<()> {
    let view = target.request(request).await?;
    let Some(out) = out else { return answer(format, &view, |view| view.request_pem.clone()) };
    std::fs::write(out, &view.request_pem).with_context(|| format!("cannot write {}", out.display()))?;
    answer(format, &view, |view| format!("the request for {} is in {}", view.alias, out.display()))
}

async fn revoke(place: &StorePlace, mut request: RevokeCertificate, format: Format) -> Result<()> {
    let Target::Cluster(client, node) = Target::of(place)? else {
        return Err(coded(USAGE, "revocations are in the log of the cluster, not in a node's folder"));
    };
    if request.alias.is_some() {
        request.node = match node {
            Some(node) => Some(node),
            None => Some(call(client.status().await)?.node),
        };
    }
    let done = call(client.revoke_certificate(&request).await)?;
    answer(format, &done, |_| "revoked".to_owned())
}
