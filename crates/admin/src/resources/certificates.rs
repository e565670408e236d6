//! `certificates`: what the nodes have reported of their stores, and what is done with one node's store.

use actix_web::web;
use flotilla_model::{CertificateRecord, Command, NodeId, State};
use flotilla_pki::{Fingerprint, SerialNumber};

use super::done;
use crate::Admin;
use crate::api::{
    CertificateQuery, CertificateView, Done, ExportCertificate, ExportedCertificate, GenerateCertificate,
    ImportCertificate, ImportReply, Page, RequestCertificate, RequestView, RevocationView, RevokeCertificate, from_ms,
};
use crate::certificates::{UNKNOWN_END, Verdicts};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{NodeAnswer, NodeRequest, PkiAnswer, PkiRequest};
use crate::problems::Code;
use crate::server::{Administer, Body, Caller, IfFingerprint, Read, Tagged, now_ms};

/// What may be wrong with a file that brings a certificate.
const FILE: &[Code] = &[
    Code::CertificateExpired,
    Code::CertificateFileDamaged,
    Code::KeyMismatch,
    Code::KeyMissing,
    Code::WrongPassword,
    Code::WrongUsage,
];

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Certificates);
    routes
        .get("/certificates", list)
        .named("listCertificates", "Certificates of all nodes, and what the cluster's trust says of each")
        .refuses(&[Code::NotFound]);
    routes.post("/certificates", generate).named("generateCertificate", "A node's CA issues a certificate").refuses(&[
        Code::NotFound,
        Code::AliasTaken,
        Code::CertificateInUse,
        Code::WrongState,
    ]);
    routes
        .post("/certificates/import", import)
        .named("importCertificate", "A certificate with its key, from PKCS#12 or PEM")
        .refuses(FILE)
        .refuses(&[
            Code::NotFound,
            Code::AliasTaken,
            Code::CertificateInUse,
            Code::CertificateUntrusted,
            Code::WrongState,
        ]);
    routes
        .get("/certificates/requests", requests)
        .named("listCertificateRequests", "Requests of a node that wait for their reply")
        .refuses(&[Code::NotFound, Code::Unavailable, Code::OutcomeUnknown, Code::WrongState]);
    routes
        .post("/certificates/requests", request)
        .named("requestCertificate", "A key, which stays, and a request (PKCS#10) for a CA of someone else")
        .refuses(&[Code::NotFound, Code::AliasTaken, Code::WrongState]);
    routes
        .post("/certificates/requests/reply", import_reply)
        .named("importCertificateReply", "What a CA has made of a request, PEM or DER")
        .refuses(FILE)
        .refuses(&[
            Code::NotFound,
            Code::AliasTaken,
            Code::CertificateInUse,
            Code::CertificateUntrusted,
            Code::WrongState,
        ]);
    routes
        .delete("/certificates/requests/{node}/{alias}", delete_request)
        .named("deleteCertificateRequest", "Gives a request up")
        .refuses(&[Code::WrongState]);
    routes
        .get("/certificates/revocations", revocations)
        .named("listRevocations", "What is refused although its CA is trusted");
    routes
        .post("/certificates/revocations", revoke)
        .named("revokeCertificate", "Refuses a certificate from now on")
        .refuses(&[Code::NotFound, Code::CertificateInUse, Code::WrongState]);
    routes.get("/certificates/{node}/{alias}", show).named("getCertificate", "One certificate, with its chain");
    routes
        .delete("/certificates/{node}/{alias}", delete)
        .named("deleteCertificate", "Removes certificate and key; not of the one that the node shows")
        .refuses(&[Code::CertificateInUse, Code::WrongState]);
    routes
        .post("/certificates/{node}/{alias}/export", export)
        .named("exportCertificate", "The file, in base64, with the private key")
        .refuses(&[Code::WrongPassword, Code::WrongState]);
    routes
        .post("/certificates/{node}/{alias}/renew", renew)
        .named("renewCertificate", "Issues a certificate of an internal CA anew")
        .refuses(&[Code::WrongState, Code::AliasTaken, Code::CertificateInUse]);
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<CertificateQuery>,
) -> Result<web::Json<Page<CertificateView>>, ApiError> {
    let state = admin.view().state;
    if let Some(node) = query.node {
        known(&state, node)?;
    }
    let verdicts = Verdicts::new(&state, now_ms());
    let rows = state.certificates.iter().filter(|((node, _), _)| query.node.is_none_or(|only| only == *node));
    let items = rows.map(|((node, _), record)| verdicts.describe(*node, record, false)).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    _: Read,
    path: web::Path<(NodeId, String)>,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let (node, alias) = path.into_inner();
    let state = admin.view().state;
    let record = find(&state, node, &alias)?;
    Ok(tagged(Verdicts::new(&state, now_ms()).describe(node, record, true)))
}

pub(crate) async fn generate(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(mut request): Body<GenerateCertificate>,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let state = admin.view().state;
    if request.is_shared && request.names.is_empty() {
        // Whichever node shows it: partners must find the name that they called.
        let members = state.members.values().map(|member| member.name.clone());
        request.names = members.chain(["localhost", "127.0.0.1", "::1"].map(str::to_owned)).collect();
        request.names.sort();
        request.names.dedup();
    }
    if request.is_shared && request.common_name.is_none() {
        request.common_name = Some(state.cluster().name.clone());
    }
    let (node, subject) = (request.node, request.alias.clone());
    certificate(&admin, &caller, node, "certificate.generate", subject, PkiRequest::Generate(request)).await
}

pub(crate) async fn import(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<ImportCertificate>,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let (node, subject) = (request.node, request.alias.clone().unwrap_or_else(|| "by the file's name".to_owned()));
    certificate(&admin, &caller, node, "certificate.import", subject, PkiRequest::Import(request)).await
}

pub(crate) async fn renew(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    path: web::Path<(NodeId, String)>,
    IfFingerprint(expected): IfFingerprint,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let (node, alias) = path.into_inner();
    let request = if_fingerprint(&alias, expected, PkiRequest::Renew { alias: alias.clone() });
    certificate(&admin, &caller, Some(node), "certificate.renew", alias, request).await
}

pub(crate) async fn import_reply(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(reply): Body<ImportReply>,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let (node, subject) = (reply.node, reply.alias.clone());
    certificate(&admin, &caller, node, "certificate.import-reply", subject, PkiRequest::ImportReply(reply)).await
}

pub(crate) async fn delete(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    path: web::Path<(NodeId, String)>,
    IfFingerprint(expected): IfFingerprint,
) -> Result<web::Json<Done>, ApiError> {
    let (node, alias) = path.into_inner();
    let before = find(&admin.view().state, node, &alias).ok().map(|record| record.fingerprint.clone());
    ask(&admin, node, if_fingerprint(&alias, expected, PkiRequest::Delete { alias: alias.clone() })).await?;
    let applied = note(&admin, &caller, node, "certificate.delete", &alias, before, None).await?;
    Ok(done(&applied))
}

pub(crate) async fn export(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    path: web::Path<(NodeId, String)>,
    Body(export): Body<ExportCertificate>,
) -> Result<web::Json<ExportedCertificate>, ApiError> {
    let (node, alias) = path.into_inner();
    let format = export.format;
    // Written down before the key leaves: an export that nobody knows of must not be.
    note(&admin, &caller, node, "certificate.export", &alias, None, Some(format!("{format:?}"))).await?;
    match ask(&admin, node, PkiRequest::Export { alias, export }).await? {
        PkiAnswer::Exported(exported) => Ok(web::Json(exported)),
        _ => Err(strange(node)),
    }
}

pub(crate) async fn requests(
    admin: web::Data<Admin>,
    _: Read,
    query: web::Query<CertificateQuery>,
) -> Result<web::Json<Page<RequestView>>, ApiError> {
    let node = target(&admin, query.node)?;
    let items = request_views(node, ask(&admin, node, PkiRequest::Requests).await?)?;
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn request(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RequestCertificate>,
) -> Result<web::Json<RequestView>, ApiError> {
    let (node, alias) = (target(&admin, request.node)?, request.alias.clone());
    let views = request_views(node, ask(&admin, node, PkiRequest::Request(request)).await?)?;
    note(&admin, &caller, node, "certificate.request", &alias, None, None).await?;
    views.into_iter().next().map(web::Json).ok_or_else(|| strange(node))
}

pub(crate) async fn delete_request(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    path: web::Path<(NodeId, String)>,
) -> Result<web::Json<Done>, ApiError> {
    let (node, alias) = path.into_inner();
    ask(&admin, node, PkiRequest::DeleteRequest { alias: alias.clone() }).await?;
    let applied = note(&admin, &caller, node, "certificate.delete-request", &alias, None, None).await?;
    Ok(done(&applied))
}

pub(crate) async fn revocations(admin: web::Data<Admin>, _: Read) -> web::Json<Page<RevocationView>> {
    let state = admin.view().state;
    let view = |row: &flotilla_model::Revocation| RevocationView {
        serial: row.serial.clone(),
        subject: row.subject.clone(),
        reason: row.reason.clone(),
        revoked_at: from_ms(row.revoked_ms),
        not_after: from_ms(row.not_after_ms),
    };
    web::Json(Page { items: state.revocations.values().map(view).collect(), next_cursor: None })
}

pub(crate) async fn revoke(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RevokeCertificate>,
) -> Result<web::Json<Done>, ApiError> {
    let state = admin.fresh_view().await?.state;
    let serial = match (&request.serial, request.node, &request.alias) {
        (Some(serial), None, None) => {
            let serial = SerialNumber::from(serial.clone());
            let is_serial =
                !serial.as_str().is_empty() && serial.as_str().bytes().all(|digit| digit.is_ascii_hexdigit());
            if !is_serial || serial.as_str().len() > 64 {
                return Err(ApiError::invalid("serial", "a serial number is hexadecimal: 1 to 64 digits"));
            }
            serial.as_str().to_owned()
        }
        (None, Some(node), Some(alias)) => find(&state, node, alias)?.serial.clone(),
        _ => return Err(ApiError::invalid("serial", "name a serial number, or node and alias")),
    };
    let rows: Vec<(NodeId, &CertificateRecord)> = state
        .certificates
        .iter()
        .filter(|(_, record)| record.serial == serial)
        .map(|((node, _), record)| (*node, record))
        .collect();
    let verdicts = Verdicts::new(&state, now_ms());
    let in_use = rows.iter().find(|(node, record)| verdicts.is_in_use(*node, &record.alias));
    if let Some((node, record)) = in_use.filter(|_| !request.force) {
        let detail = format!("node {node} shows the certificate {} with the serial number {serial}", record.alias);
        return Err(ApiError::new(Code::CertificateInUse, detail).mend(format!(
            "renew it first: flotilla cert renew --node {node} --alias {}; or cut the node off until it has another: --force",
            record.alias
        )));
    }
    let subject = rows.first().map_or_else(|| "unknown".to_owned(), |(_, record)| record.subject.clone());
    let unknown_end_ms = now_ms() + UNKNOWN_END.as_millis() as u64;
    let command = Command::RevokeCertificate {
        serial,
        subject,
        reason: request.reason.chars().take(200).collect(),
        not_after_ms: rows.first().map_or(unknown_end_ms, |(_, record)| record.not_after_ms),
        now_ms: now_ms(),
    };
    Ok(done(&admin.change(&caller, command).await?))
}

/// Its version is its fingerprint: what is renewed or replaced has another one.
fn tagged(certificate: CertificateView) -> Tagged<CertificateView, String> {
    Tagged { version: certificate.fingerprint.clone(), document: certificate }
}

fn if_fingerprint(alias: &str, expected: Option<Fingerprint>, request: PkiRequest) -> PkiRequest {
    match expected {
        Some(fingerprint) => {
            PkiRequest::IfFingerprint { alias: alias.to_owned(), fingerprint, request: Box::new(request) }
        }
        None => request,
    }
}

/// Has a node change its store, writes it down, and shows the certificate that came of it.
async fn certificate(
    admin: &Admin,
    caller: &Caller,
    node: Option<NodeId>,
    operation: &str,
    subject: String,
    request: PkiRequest,
) -> Result<Tagged<CertificateView, String>, ApiError> {
    let node = target(admin, node)?;
    let before = find(&admin.view().state, node, &subject).ok().map(|record| record.fingerprint.clone());
    let PkiAnswer::Certificate { alias, fingerprint, chain_pem } = ask(admin, node, request).await? else {
        return Err(strange(node));
    };
    note(admin, caller, node, operation, &alias, before, Some(fingerprint.clone())).await?;
    let state = admin.view().state;
    let verdicts = Verdicts::new(&state, now_ms());
    if let Some(record) = state.certificates.get(&(node, alias.clone())).filter(|row| row.fingerprint == fingerprint) {
        return Ok(tagged(verdicts.describe(node, record, true)));
    }
    // The log does not have it yet: no quorum, or a slow node.
    let record = record_of(&alias, &chain_pem).ok_or_else(|| strange(node))?;
    Ok(tagged(verdicts.describe(node, &record, true)))
}

fn record_of(alias: &str, chain_pem: &str) -> Option<CertificateRecord> {
    let chain = flotilla_pki::parse_chain_pem(chain_pem.as_bytes()).ok()?;
    let info = flotilla_pki::CertificateInfo::read(chain.first()?).ok()?;
    Some(CertificateRecord {
        alias: alias.to_owned(),
        chain_pem: chain_pem.to_owned(),
        fingerprint: info.fingerprint.to_string(),
        serial: info.serial.to_string(),
        subject: info.subject,
        issuer: info.issuer,
        authority: None,
        not_before_ms: info.not_before_ms,
        not_after_ms: info.not_after_ms,
    })
}

/// The node that is meant: this one, if none is named.
pub(super) fn target(admin: &Admin, node: Option<NodeId>) -> Result<NodeId, ApiError> {
    let node = node.unwrap_or_else(|| admin.parts().facts.status().node);
    known(&admin.view().state, node).map(|()| node)
}

fn known(state: &State, node: NodeId) -> Result<(), ApiError> {
    if state.members.contains(&node) { Ok(()) } else { Err(flotilla_model::Rejection::NoSuchMember { node }.into()) }
}

fn find<'a>(state: &'a State, node: NodeId, alias: &str) -> Result<&'a CertificateRecord, ApiError> {
    known(state, node)?;
    let found = state.certificates.get(&(node, alias.to_owned()));
    found.ok_or_else(|| {
        ApiError::not_found(format!("node {node} has no certificate with the alias {alias}"))
            .mend("flotilla cert list shows those that there are")
    })
}

fn request_views(node: NodeId, answer: PkiAnswer) -> Result<Vec<RequestView>, ApiError> {
    let PkiAnswer::Requests(views) = answer else { return Err(strange(node)) };
    Ok(views.into_iter().map(|view| RequestView { node: Some(node), ..view }).collect())
}

pub(super) fn strange(node: NodeId) -> ApiError {
    ApiError::internal(format!("node {node} answered something else"))
}

pub(super) async fn ask(admin: &Admin, node: NodeId, request: PkiRequest) -> Result<PkiAnswer, ApiError> {
    match admin.ask(node, NodeRequest::Pki(request)).await? {
        NodeAnswer::Pki(answer) => Ok(answer),
        _ => Err(strange(node)),
    }
}

/// Writes to the audit log what was done to a node's own store.
pub(super) async fn note(
    admin: &Admin,
    caller: &Caller,
    node: NodeId,
    operation: &str,
    subject: &str,
    before: Option<String>,
    after: Option<String>,
) -> Result<crate::ports::Applied, ApiError> {
    let subject = format!("{subject} of node {node}");
    admin.change(caller, Command::RecordOperation { operation: operation.to_owned(), subject, before, after }).await
}
