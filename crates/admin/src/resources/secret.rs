//! `cluster/secret`: its fingerprint, its export, its change while the cluster runs.

use actix_web::web;
use flotilla_model::{Command, NodeId, Sealed, SecretRotation, State};
use flotilla_pki::ClusterSecret;

use super::done;
use crate::Admin;
use crate::api::{Done, RotationFinish, RotationRequest, RotationView, SecretExport, SecretView, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Administer, Body, Read, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Secret);
    routes
        .get("/cluster/secret", show)
        .named("getSecret", "The fingerprint of the cluster secret, and how a change of it stands");
    routes
        .post("/cluster/secret/export", export)
        .named("exportSecret", "The secret itself; leaves a row in the audit log");
    routes
        .post("/cluster/secret/rotation", rotate)
        .named("rotateSecret", "Begins a change of the secret")
        .refuses(&[Code::WrongState]);
    routes
        .post("/cluster/secret/rotation/finish", finish)
        .named("finishRotation", "Ends a change of the secret, also if members do not have the new one")
        .refuses(&[Code::NotFound, Code::WrongState]);
}

pub(crate) async fn show(admin: web::Data<Admin>, _: Read) -> web::Json<SecretView> {
    let secrets = admin.parts().secrets.current();
    let state = admin.view().state;
    web::Json(SecretView {
        fingerprint: secrets.current().fingerprint(),
        previous: secrets.previous().map(ClusterSecret::fingerprint),
        rotation: state.secret_rotations.values().next_back().map(|row| describe(row, &state)),
    })
}

/// A `POST`, since it leaves a row in the audit log.
pub(crate) async fn export(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
) -> Result<web::Json<SecretExport>, ApiError> {
    let secrets = admin.parts().secrets.current();
    let fingerprint = secrets.current().fingerprint();
    let noted = Command::RecordOperation {
        operation: "secret.export".to_owned(),
        subject: fingerprint.clone(),
        before: None,
        after: None,
    };
    admin.change(&caller, noted).await?;
    tracing::warn!(fingerprint, exported_by = %caller.name, "the cluster secret was exported");
    Ok(web::Json(SecretExport { fingerprint, secret: secrets.current().to_text().to_string() }))
}

pub(crate) async fn rotate(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RotationRequest>,
) -> Result<web::Json<Done>, ApiError> {
    let new = match &request.secret {
        Some(text) => ClusterSecret::from_text(text).map_err(|error| {
            ApiError::invalid("secret", error.to_string()).mend("send what 'flotilla taeh export' prints")
        })?,
        None => ClusterSecret::generate().map_err(|error| ApiError::internal(error.to_string()))?,
    };
    let secrets = admin.parts().secrets.current();
    let (fingerprint, previous) = (new.fingerprint(), secrets.current().fingerprint());
    if fingerprint == previous {
        let detail = format!("the secret {fingerprint} is in force already");
        return Err(ApiError::new(Code::WrongState, detail).mend("nothing needs to be done"));
    }
    let sealed = secrets.seal_next(&new).map_err(|error| ApiError::internal(error.to_string()))?;
    let command = Command::RotateSecret {
        fingerprint: fingerprint.clone(),
        previous: previous.clone(),
        sealed: Sealed(sealed),
        now_ms: now_ms(),
    };
    let applied = admin.change(&caller, command).await?;
    tracing::info!(fingerprint, previous, changed_by = %caller.name, "the cluster secret is being changed");
    Ok(done(&applied))
}

pub(crate) async fn finish(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<RotationFinish>,
) -> Result<web::Json<Done>, ApiError> {
    let state = admin.fresh_view().await?.state;
    let row = state.secret_rotations.values().next_back().filter(|row| row.finished_ms.is_none());
    let fingerprint = row
        .map(|row| row.fingerprint.clone())
        .ok_or_else(|| ApiError::new(Code::WrongState, "no change of the cluster secret is under way"))?;
    let command = Command::FinishRotation { fingerprint, force: request.force, now_ms: now_ms() };
    Ok(done(&admin.change(&caller, command).await?))
}

fn describe(row: &SecretRotation, state: &State) -> RotationView {
    let has_it = |node: &NodeId| row.adopted.binary_search(node).is_ok();
    RotationView {
        fingerprint: row.fingerprint.clone(),
        previous: row.previous.clone(),
        started_at: from_ms(row.started_ms),
        finished_at: row.finished_ms.map(from_ms),
        adopted: row.adopted.clone(),
        missing: state.members.iter().map(|(node, _)| *node).filter(|node| !has_it(node)).collect(),
    }
}
