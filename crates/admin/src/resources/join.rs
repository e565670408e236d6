//! `POST cluster/join`: takes a new member in. Open to whoever shows a good join token.
//!
//! A token is looked up in this node's view before anything is proposed, so guessing costs the cluster no log entries; and a
//! rate limit keeps it cheap for this node. Asked again with the same token by the same node, it answers the same.

use std::time::Instant;

use actix_web::{HttpRequest, web};
use flotilla_config::parameters::Parameters;
use flotilla_config::{HostPort, check_host, check_https_url};
use flotilla_model::{Authority, Command, JoinToken, NodeId, Outcome, Rejection, State};
use flotilla_pki::TrustStore;

use crate::Admin;
use crate::api::{JoinAnswer, JoinMember, JoinRequest};
use crate::error::ApiError;
use crate::interface::{Access, Routes, Tag};
use crate::join::{TokenSecret, seal_secret};
use crate::problems::Code;
use crate::server::{Body, Caller, now_ms, remote_address};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Servers);
    routes
        .post("/cluster/join", join)
        .named("joinCluster", "Takes a node in; what `flotilla join` calls")
        .open_to(Access::JoinToken)
        .refuses(&[
            Code::TooManyRequests,
            Code::JoinTokenRefused,
            Code::NameTaken,
            Code::ClusterFull,
            Code::WrongState,
        ]);
}

async fn join(
    admin: web::Data<Admin>,
    request: HttpRequest,
    Body(body): Body<JoinRequest>,
) -> Result<web::Json<JoinAnswer>, ApiError> {
    let (remote, request) = (remote_address(&request), body);
    if !admin.join_rate().admit(Instant::now()) {
        return Err(ApiError::new(Code::TooManyRequests, "too many join requests").mend("try again in a moment"));
    }
    let secret =
        TokenSecret::from_text(&request.secret).map_err(|error| ApiError::invalid("secret", error.to_string()))?;
    if let Some(theirs) = &request.secret_fingerprint {
        check_fingerprint(&admin, theirs)?;
    }
    let told =
        |error: ApiError| if request.secret_fingerprint.is_some() { by_hand(error, &request.name) } else { error };
    check_token(&admin, &secret).await.map_err(told)?;
    let command = admission(&request, &secret)?;
    let applied = admin.change(&Caller::joining(&secret.id(), remote), command).await.map_err(told)?;
    let Outcome::MemberAdmitted { node, again } = applied.outcome else {
        return Err(ApiError::internal("the admission had an unexpected outcome"));
    };
    tracing::info!(%node, name = %request.name, token = %secret.id(), again, "member admitted");
    answer(&admin, &secret, node, again).map(web::Json)
}

/// Who joins by hand with another secret cannot work out a permission that is known here: it is told why.
fn check_fingerprint(admin: &Admin, theirs: &str) -> Result<(), ApiError> {
    let secrets = admin.parts().secrets.current();
    if secrets.accepts(theirs) {
        return Ok(());
    }
    let theirs: String = theirs.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    let ours = secrets.current().fingerprint();
    let detail = format!("the joining node's cluster secret has the fingerprint {theirs}, the cluster's has {ours}");
    Err(ApiError::new(Code::JoinTokenRefused, detail).at("secret_fingerprint").mend(
        "write the cluster's with 'flotilla taeh export' on a member, and bring it to the node with 'flotilla taeh \
         import --dir … --replace'",
    ))
}

/// Who joins by hand has no token that could be wrong: a member has to name the host.
fn by_hand(error: ApiError, name: &str) -> ApiError {
    if error.code != Code::JoinTokenRefused {
        return error;
    }
    let detail = format!("{name:?} was not named as one that may join by hand, has joined already, or came too late");
    ApiError::new(error.code, detail).at("name").mend(format!("on a member: flotilla servers add {name}"))
}

/// A token that this node does not know may have been made on another one a moment ago.
async fn check_token(admin: &Admin, secret: &TokenSecret) -> Result<(), ApiError> {
    let hash = secret.hash();
    if usable(admin.view().state.join_tokens.get(&hash)).is_ok() {
        return Ok(());
    }
    let view = admin.parts().ledger.fresh_view().await?;
    usable(view.state.join_tokens.get(&hash)).map_err(|rejection| {
        tracing::warn!(token = %secret.id(), %rejection, "join refused");
        rejection.into()
    })
}

/// A used token goes on to the state machine, which knows whether the same node asks again.
fn usable(row: Option<&JoinToken>) -> Result<(), Rejection> {
    let row = row.ok_or(Rejection::TokenUnknown)?;
    if row.used_by.is_none() && row.expires_ms <= now_ms() { Err(Rejection::TokenExpired) } else { Ok(()) }
}

fn admission(request: &JoinRequest, secret: &TokenSecret) -> Result<Command, ApiError> {
    let field = |name: &'static str| {
        move |mismatch: flotilla_config::Mismatch| ApiError::invalid(name, mismatch.message).mend(mismatch.mend)
    };
    check_host(&request.name).map_err(field("name"))?;
    let mesh_address: HostPort = request.mesh_address.parse().map_err(field("mesh_address"))?;
    let now_ms = now_ms();
    Ok(Command::AdmitMember {
        token: Some(secret.hash()),
        name: request.name.clone(),
        role: request.role,
        mesh_address: mesh_address.to_string(),
        admin_url: check_https_url(&request.admin_url).map_err(field("admin_url"))?,
        transfer_url: check_https_url(&request.transfer_url).map_err(field("transfer_url"))?,
        authority: read_authority(&request.authority_pem, now_ms)?,
        now_ms,
    })
}

fn read_authority(pem: &str, now_ms: u64) -> Result<Authority, ApiError> {
    let invalid =
        |detail: String| ApiError::invalid("authority_pem", detail).mend("send the CA of the joining node as PEM");
    let mut trust = TrustStore::new();
    let added = trust.add_pem(pem.as_bytes()).map_err(|error| invalid(error.to_string()))?;
    let [fingerprint] = added.as_slice() else {
        return Err(invalid(format!("one CA certificate is expected, these are {}", added.len())));
    };
    Ok(Authority {
        fingerprint: fingerprint.to_string(),
        // As we write it, not as it came.
        certificate_pem: trust.to_pem(),
        node: None,
        added_ms: now_ms,
    })
}

fn answer(admin: &Admin, secret: &TokenSecret, node: NodeId, again: bool) -> Result<JoinAnswer, ApiError> {
    let state = admin.view().state;
    let secrets = admin.parts().secrets.current();
    let sealed = seal_secret(secret, secrets.current()).map_err(|error| ApiError::internal(error.to_string()))?;
    let parameters = Parameters(|name: &str| state.parameter(name, None).map(|row| row.value.clone()));
    Ok(JoinAnswer {
        node,
        again,
        cluster_id: format!("{:032x}", state.cluster().id),
        cluster_name: state.cluster().name.clone(),
        sealed_secret: sealed,
        certificate_alias: parameters.cluster_crypto_alias(),
        authorities_pem: state.authorities.values().map(|row| row.certificate_pem.clone()).collect(),
        members: members(&state),
    })
}

fn members(state: &State) -> Vec<JoinMember> {
    let rows = state.servers().iter().filter_map(|id| state.members.get(id));
    rows.map(|member| JoinMember {
        node: member.id,
        name: member.name.clone(),
        role: member.role,
        mesh_address: member.mesh_address.clone(),
        admin_url: member.admin_url.clone(),
        transfer_url: member.transfer_url.clone(),
    })
    .collect()
}
