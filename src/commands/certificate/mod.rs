//! `flotilla cert`

mod files;
mod folder;
mod views;

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{
    CertificateView, ExportCertificate, ExportFormat, ExportedCertificate, GenerateCertificate, ImportCertificate,
    ImportReply, NodeId, RequestCertificate, RevokeCertificate,
};

use super::call;
use crate::cli::{CertificateCommand, FileFormat, StorePlace, SubjectArguments};
use crate::connection::connect;
use crate::exit::{USAGE, coded};
use crate::output::{Format, answer};

pub(super) use files::{read_file, write_new};
pub(super) use folder::in_folder;

pub(super) async fn run(command: CertificateCommand, format: Format) -> Result<()> {
    use CertificateCommand as C;
    match command {
        C::Generate { place, alias, shared, subject, lifetime, replace } => {
            let SubjectArguments { common_name, san, key } = subject;
            let request = GenerateCertificate {
                alias: alias.alias,
                node: place.node.map(NodeId),
                is_shared: shared,
                common_name,
                names: san,
                algorithm: key,
                lifetime_s: lifetime.map(|lifetime| lifetime.0),
                replace,
            };
            let view = match in_folder(&place)? {
                Some(folder) => folder.generate(request)?,
                None => call(connect(&place.connection)?.generate_certificate(&request).await)?,
            };
            answer(format, &view, |view| format!("{} was issued\n{}", view.alias, views::one(view)))
        }
        C::List { place } => {
            let rows = match in_folder(&place)? {
                Some(folder) => folder.certificates()?,
                None => call(connect(&place.connection)?.certificates(place.node.map(NodeId)).await)?,
            };
            answer(format, &rows, |rows| views::table_of(rows))
        }
        C::Show { place, alias } => {
            let view = match in_folder(&place)? {
                Some(folder) => folder.certificate(&alias.alias)?,
                None => {
                    let client = connect(&place.connection)?;
                    let node = node_of(&client, &place).await?;
                    call(client.certificate(node, &alias.alias).await)?
                }
            };
            answer(format, &view, views::with_chain)
        }
        C::Export { place, alias, out, format: kind, password, no_password } => {
            let export = export_of(kind, &password, no_password)?;
            let exported = match in_folder(&place)? {
                Some(folder) => folder.export(&alias.alias, export)?,
                None => {
                    let client = connect(&place.connection)?;
                    let node = node_of(&client, &place).await?;
                    call(client.export_certificate(node, &alias.alias, &export).await)?
                }
            };
            write_new(&out, exported.file.bytes())?;
            // The file alone has the key: what is printed goes to logs.
            let told = ExportedCertificate { file: Default::default(), ..exported };
            answer(format, &told, |told| {
                format!("{} (SHA-256 {}) written to {}", told.alias, told.fingerprint, out.display())
            })
        }
        C::Import { place, file, alias, password, no_password, replace } => {
            if file.as_os_str() == "-" && password.file_password.is_none() && !no_password {
                return Err(coded(
                    USAGE,
                    "the file comes from standard input: name the file of its password with --file-password",
                ));
            }
            let bytes = read_file(&file)?;
            let password = if no_password { None } else { Some(files::password(&password)?) };
            let node = place.node.map(NodeId);
            let request = ImportCertificate { alias, node, file: bytes, password, replace };
            let view = match in_folder(&place)? {
                Some(folder) => folder.import(request)?,
                None => call(connect(&place.connection)?.import_certificate(&request).await)?,
            };
            answer(format, &view, |view| format!("{} was imported\n{}", view.alias, views::one(view)))
        }
        C::Renew { place, alias } => {
            let view = match in_folder(&place)? {
                Some(folder) => folder.renew(&alias.alias)?,
                None => {
                    let client = connect(&place.connection)?;
                    let node = node_of(&client, &place).await?;
                    call(client.renew_certificate(node, &alias.alias).await)?
                }
            };
            answer(format, &view, |view| format!("{} was issued anew\n{}", view.alias, views::one(view)))
        }
        C::Revoke { place, serial, alias, reason, force } => {
            if place.dir.is_some() {
                return Err(coded(USAGE, "revocations are in the log of the cluster, not in a node's folder"));
            }
            let client = connect(&place.connection)?;
            let node = match &alias {
                Some(_) => Some(node_of(&client, &place).await?),
                None => None,
            };
            let request = RevokeCertificate { serial, node, alias, reason, force };
            let done = call(client.revoke_certificate(&request).await)?;
            answer(format, &done, |_| "revoked".to_owned())
        }
        C::Revocations { connection } => {
            let rows = call(connect(&connection)?.revocations().await)?;
            answer(format, &rows, |rows| views::revocations(rows))
        }
        C::Delete { place, alias } => {
            match in_folder(&place)? {
                Some(folder) => folder.delete(&alias.alias)?,
                None => {
                    let client = connect(&place.connection)?;
                    let node = node_of(&client, &place).await?;
                    call(client.delete_certificate(node, &alias.alias).await)?;
                }
            }
            answer(format, &serde_json::json!({ "deleted": alias.alias }), |_| format!("{} is deleted", alias.alias))
        }
        C::Csr { place, alias, cancel: true, .. } => {
            match in_folder(&place)? {
                Some(folder) => folder.delete_request(&alias.alias)?,
                None => {
                    let client = connect(&place.connection)?;
                    let node = node_of(&client, &place).await?;
                    call(client.delete_certificate_request(node, &alias.alias).await)?;
                }
            }
            answer(format, &serde_json::json!({ "cancelled": alias.alias }), |_| {
                format!("the request for {} is given up", alias.alias)
            })
        }
        C::Csr { place, alias, subject, out, cancel: false } => {
            let SubjectArguments { common_name, san, key } = subject;
            let node = place.node.map(NodeId);
            let request = RequestCertificate { alias: alias.alias, node, common_name, names: san, algorithm: key };
            let view = match in_folder(&place)? {
                Some(folder) => folder.request(request)?,
                None => call(connect(&place.connection)?.request_certificate(&request).await)?,
            };
            match out {
                Some(out) => {
                    std::fs::write(&out, &view.request_pem)?;
                    answer(format, &view, |view| format!("the request for {} is in {}", view.alias, out.display()))
                }
                None => answer(format, &view, |view| view.request_pem.clone()),
            }
        }
        C::ImportReply { place, alias, file } => {
            let reply = ImportReply { alias: alias.alias, node: place.node.map(NodeId), file: read_file(&file)? };
            let view = match in_folder(&place)? {
                Some(folder) => folder.import_reply(reply)?,
                None => call(connect(&place.connection)?.import_reply(&reply).await)?,
            };
            answer(format, &view, |view: &CertificateView| format!("{} was taken\n{}", view.alias, views::one(view)))
        }
    }
}

/// The node that is meant: the one that answers, if none is named.
pub(super) async fn node_of(client: &Client, place: &StorePlace) -> Result<NodeId> {
    match place.node {
        Some(node) => Ok(NodeId(node)),
        None => Ok(call(client.status().await)?.node),
    }
}

fn export_of(
    kind: FileFormat,
    password: &crate::cli::PasswordArguments,
    no_password: bool,
) -> Result<ExportCertificate> {
    let format = match kind {
        FileFormat::P12 => ExportFormat::Pkcs12,
        FileFormat::P12Legacy => ExportFormat::Pkcs12Legacy,
        FileFormat::Pem => ExportFormat::Pem,
    };
    if no_password && kind != FileFormat::Pem {
        return Err(coded(USAGE, "PKCS#12 needs a password; only --format pem goes without one"));
    }
    let password = if no_password { None } else { Some(files::password(password)?) };
    Ok(ExportCertificate { format, password })
}
