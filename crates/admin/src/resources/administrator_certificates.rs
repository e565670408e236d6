//! `administrators/NAME/certificates`: client certificates with which administrators, and programs of theirs, come in.

use actix_web::web;
use flotilla_model::{AccountName, AdministratorCertificate, Command, Sha256, State};
use flotilla_pki::{CertificateInfo, parse_chain_pem};

use super::{done, name_in_path};
use crate::Admin;
use crate::api::{AdministratorCertificateRequest, AdministratorCertificateView, Done, Page, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Anybody, Body, Caller, Credential, now_ms};

const DESCRIPTION_BYTES_MAX: usize = 200;
const CLIENT_USAGE: &str = "client";

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes
        .get("/administrators/{name}/certificates", list)
        .named("listAdministratorCertificates", "The client certificates of an administrator")
        .explained("One's own; anybody's with the role `auditor`.")
        .refuses(&[Code::Forbidden]);
    routes
        .post("/administrators/{name}/certificates", create)
        .named("addAdministratorCertificate", "Registers a client certificate")
        .explained(
            "From then on a request over a connection that shows it, and has its key, is made by that administrator: with their role, on \
             every node, until it is removed or ends. Who has issued it does not matter. One's own, in person; anybody's with the role \
             `administrator`. It takes a person: neither a token nor a certificate registers others.",
        )
        .refuses(&[Code::Forbidden, Code::NameTaken, Code::CertificateExpired, Code::WrongUsage, Code::WrongState]);
    routes
        .delete("/administrators/{name}/certificates/{fingerprint}", remove)
        .named("removeAdministratorCertificate", "Takes a client certificate away")
        .explained(
            "It is good for nothing more at once, also on connections that are open. One's own; anybody's with the role `administrator`.",
        )
        .refuses(&[Code::Forbidden]);
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
) -> Result<web::Json<Page<AdministratorCertificateView>>, ApiError> {
    let name = name_in_path(&name)?;
    if caller.name != name.as_str() {
        caller.require_auditor()?;
    }
    let state = admin.view().state;
    if !state.administrators.contains(&name) {
        return Err(ApiError::not_found(format!("there is no administrator {name}")));
    }
    let rows = state.administrator_certificates.iter().filter(|(_, row)| row.owner == name);
    let mut items: Vec<_> = rows.map(|(fingerprint, row)| describe(fingerprint, row)).collect();
    items.sort_by(|left, right| (left.created_at, &left.fingerprint).cmp(&(right.created_at, &right.fingerprint)));
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn create(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
    Body(request): Body<AdministratorCertificateRequest>,
) -> Result<web::Json<AdministratorCertificateView>, ApiError> {
    let name = name_in_path(&name)?;
    caller.require_person()?;
    require(&caller, &name)?;
    let description = request.description.unwrap_or_default();
    if description.len() > DESCRIPTION_BYTES_MAX || description.chars().any(char::is_control) {
        let detail = format!("a description is one line of at most {DESCRIPTION_BYTES_MAX} bytes");
        return Err(ApiError::invalid("description", detail));
    }
    let now_ms = now_ms();
    let info = read(&request.certificate_pem, &admin.view().state, now_ms)?;
    let fingerprint = Sha256(*info.fingerprint.as_bytes());
    let row = AdministratorCertificate {
        owner: name.clone(),
        subject: info.subject,
        description,
        not_before_ms: info.not_before_ms,
        not_after_ms: info.not_after_ms,
        created_by: caller.name.clone(),
        created_ms: now_ms,
    };
    let view = describe(&fingerprint, &row);
    let AdministratorCertificate { subject, description, not_before_ms, not_after_ms, created_by, .. } = row;
    let command = Command::AddAdministratorCertificate {
        administrator: name,
        fingerprint,
        subject,
        description,
        not_before_ms,
        not_after_ms,
        created_by,
        now_ms,
    };
    admin.change(&caller, command).await?;
    Ok(web::Json(view))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    path: web::Path<(String, String)>,
) -> Result<web::Json<Done>, ApiError> {
    let (name, fingerprint) = path.into_inner();
    let name = name_in_path(&name)?;
    let fingerprint = Sha256::parse(&fingerprint.replace(':', "").to_lowercase());
    let fingerprint = fingerprint.ok_or_else(|| {
        ApiError::invalid("fingerprint", "a fingerprint has 64 hexadecimal digits, with or without colons")
    })?;
    // A program may give up its own.
    if caller.credential != Credential::Certificate(fingerprint) {
        require(&caller, &name)?;
    }
    let command = Command::RemoveAdministratorCertificate { administrator: name, fingerprint };
    Ok(done(&admin.change(&caller, command).await?))
}

fn require(caller: &Caller, name: &AccountName) -> Result<(), ApiError> {
    if caller.is_in_person(name) { Ok(()) } else { caller.require_administrator() }
}

fn read(pem: &str, state: &State, now_ms: u64) -> Result<CertificateInfo, ApiError> {
    let invalid = |detail: String| ApiError::invalid("certificate_pem", detail);
    if pem.contains("PRIVATE KEY-----") {
        return Err(invalid("there is a private key in it".to_owned())
            .mend("send the certificate alone; the key stays where it is, and has been shown to this node now"));
    }
    let chain = parse_chain_pem(pem.as_bytes()).map_err(|error| invalid(error.to_string()))?;
    let info = chain.first().map(|certificate| CertificateInfo::read(certificate));
    let info = info.unwrap_or(Err(flotilla_pki::CertificateError::NoCertificate));
    let info = info.map_err(|error| invalid(error.to_string()))?;
    // One that its owner has made alone often may issue others, too: it does not matter, since only itself is registered.
    let is_for_clients = info.is_authority || info.usages.iter().any(|usage| usage == CLIENT_USAGE);
    let is_of_cluster = info.node_id.is_some() || state.authorities.contains(&info.fingerprint.to_string());
    if is_of_cluster || !is_for_clients {
        let detail = format!("the certificate of {} is for something else", info.subject);
        return Err(ApiError::new(Code::WrongUsage, detail)
            .at("certificate_pem")
            .mend("register one for clients (extended key usage clientAuth, or none), and neither a node's nor a CA of the cluster"));
    }
    if info.not_after_ms <= now_ms {
        let detail = format!("the certificate of {} ended at {}", info.subject, from_ms(info.not_after_ms));
        return Err(ApiError::new(Code::CertificateExpired, detail).at("certificate_pem"));
    }
    Ok(info)
}

fn describe(fingerprint: &Sha256, row: &AdministratorCertificate) -> AdministratorCertificateView {
    AdministratorCertificateView {
        fingerprint: fingerprint.to_string(),
        subject: row.subject.clone(),
        description: row.description.clone(),
        not_before: from_ms(row.not_before_ms),
        not_after: from_ms(row.not_after_ms),
        created_by: row.created_by.clone(),
        created_at: from_ms(row.created_ms),
    }
}
