//! `certificateAuthorities`: the CAs that the cluster trusts, and those of the nodes.

use actix_web::web;
use flotilla_model::{Authority, CertificateRecord, Command, State};
use flotilla_pki::{CertificateInfo, TrustStore, parse_chain_pem};

use super::certificates::{ask, note, strange, target};
use super::done;
use crate::Admin;
use crate::api::{
    AuthorityView, Done, GenerateAuthority, ImportAuthorities, Page, RemoveAuthorityQuery, RenewAuthority, from_ms,
};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::nodes::{PkiAnswer, PkiRequest};
use crate::problems::Code;
use crate::server::{Administer, Body, Caller, Read, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Authorities);
    routes
        .get("/certificateAuthorities", list)
        .named("listAuthorities", "The CAs that the cluster trusts: those of the nodes, former ones, imported ones");
    routes
        .post("/certificateAuthorities", generate)
        .named("generateAuthority", "The internal CA of a node that has none")
        .refuses(&[Code::NotFound, Code::WrongState]);
    routes
        .post("/certificateAuthorities/renew", renew)
        .named("renewAuthority", "A new CA with a new key; the former one stays trusted")
        .refuses(&[Code::NotFound, Code::WrongState]);
    routes
        .post("/certificateAuthorities/import", import)
        .named("importAuthorities", "Trusts CAs from elsewhere")
        .refuses(&[Code::NotFound, Code::WrongState]);
    routes
        .get("/certificateAuthorities/{name}", show)
        .named("getAuthority", "One CA, by fingerprint or as `ca-old-SERIAL`");
    routes
        .delete("/certificateAuthorities/{name}", remove)
        .named("distrustAuthority", "Trusts a CA no longer")
        .refuses(&[Code::AuthorityInUse]);
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<AuthorityView>> {
    let state = admin.view().state;
    web::Json(Page { items: views(&state), next_cursor: None })
}

pub(crate) async fn show(
    admin: web::Data<Admin>,
    _: Read,
    name: web::Path<String>,
) -> Result<web::Json<AuthorityView>, ApiError> {
    find(&admin.view().state, &name).map(web::Json)
}

async fn generate(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<GenerateAuthority>,
) -> Result<web::Json<AuthorityView>, ApiError> {
    let node = request.node;
    changed(&admin, &caller, node, "authority.generate", PkiRequest::GenerateAuthority(request)).await
}

pub(crate) async fn renew(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RenewAuthority>,
) -> Result<web::Json<AuthorityView>, ApiError> {
    let node = request.node;
    changed(&admin, &caller, node, "authority.renew", PkiRequest::RenewAuthority(request)).await
}

async fn changed(
    admin: &Admin,
    caller: &Caller,
    node: Option<flotilla_model::NodeId>,
    operation: &str,
    request: PkiRequest,
) -> Result<web::Json<AuthorityView>, ApiError> {
    let node = target(admin, node)?;
    let before = admin.view().state.members.get(&node).map(|member| member.authority.clone());
    let PkiAnswer::Authority { fingerprint, certificate_pem } = ask(admin, node, request).await? else {
        return Err(strange(node));
    };
    note(admin, caller, node, operation, "internal CA", before, Some(fingerprint.clone())).await?;
    let state = admin.view().state;
    if let Ok(view) = find(&state, &fingerprint) {
        return Ok(web::Json(view));
    }
    // The log does not have it yet.
    let authority = Authority { fingerprint, certificate_pem, node: Some(node), added_ms: now_ms() };
    describe(&state, &authority).map(web::Json).ok_or_else(|| strange(node))
}

pub(crate) async fn import(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<ImportAuthorities>,
) -> Result<web::Json<Page<AuthorityView>>, ApiError> {
    let mut trust = TrustStore::new();
    trust.add_pem(request.certificates_pem.as_bytes()).map_err(|error| {
        ApiError::invalid("certificates_pem", error.to_string()).mend("send what 'flotilla ca export' prints")
    })?;
    let now = now_ms();
    if let Some(ended) = trust.list().find(|info| info.not_after_ms <= now) {
        return Err(ApiError::invalid("certificates_pem", format!("the CA {} has expired", ended.subject)));
    }
    let mut added = Vec::new();
    for (info, der) in trust.list().zip(trust.certificates()) {
        let mut one = TrustStore::new();
        one.add(der.clone()).map_err(|error| ApiError::internal(error.to_string()))?;
        let fingerprint = info.fingerprint.to_string();
        // One that is there keeps its node.
        if !admin.view().state.authorities.contains(&fingerprint) {
            let authority = Authority {
                fingerprint: fingerprint.clone(),
                certificate_pem: one.to_pem(),
                node: None,
                added_ms: now,
            };
            admin.change(&caller, Command::TrustAuthority { authority }).await?;
        }
        added.push(fingerprint);
    }
    let state = admin.view().state;
    let items = added.iter().filter_map(|fingerprint| find(&state, fingerprint).ok()).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
    query: web::Query<RemoveAuthorityQuery>,
) -> Result<web::Json<Done>, ApiError> {
    let found = find(&admin.fresh_view().await?.state, &name)?;
    let command = Command::DistrustAuthority { fingerprint: found.fingerprint, force: query.force };
    Ok(done(&admin.change(&caller, command).await?))
}

fn views(state: &State) -> Vec<AuthorityView> {
    let mut views: Vec<AuthorityView> = state.authorities.values().filter_map(|row| describe(state, row)).collect();
    views.sort_by_key(|view| (view.node, !view.is_current, view.fingerprint.clone()));
    views
}

/// By fingerprint, or by the name of a former one.
fn find(state: &State, name: &str) -> Result<AuthorityView, ApiError> {
    let plain: String = name.chars().filter(|c| *c != ':').flat_map(char::to_lowercase).collect();
    let is_it =
        |view: &AuthorityView| view.fingerprint == plain || (view.name == name && view.name.starts_with("ca-old-"));
    views(state).into_iter().find(is_it).ok_or_else(|| {
        ApiError::not_found(format!("the cluster trusts no CA {name}"))
            .mend("name it by its fingerprint: flotilla ca list")
    })
}

fn describe(state: &State, row: &Authority) -> Option<AuthorityView> {
    let chain = parse_chain_pem(row.certificate_pem.as_bytes()).ok()?;
    let info = CertificateInfo::read(chain.first()?).ok()?;
    let is_current = state.members.values().any(|member| member.authority == row.fingerprint);
    let name = match (row.node, is_current) {
        (Some(_), true) => "ca".to_owned(),
        (Some(_), false) => format!("ca-old-{}", info.serial),
        (None, _) => "imported".to_owned(),
    };
    let now = now_ms();
    let is_live =
        |record: &&CertificateRecord| record.authority.as_ref() == Some(&row.fingerprint) && record.not_after_ms > now;
    Some(AuthorityView {
        name,
        node: row.node,
        subject: info.subject.clone(),
        serial: info.serial.to_string(),
        fingerprint: row.fingerprint.clone(),
        not_before: from_ms(info.not_before_ms),
        not_after: from_ms(info.not_after_ms),
        key: info.key,
        is_current,
        live_certificates: state.certificates.values().filter(is_live).count() as u64,
        certificate_pem: row.certificate_pem.clone(),
    })
}
