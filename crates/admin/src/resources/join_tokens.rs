//! `POST join-tokens`: a one-time, expiring permission to join.

use actix_web::web;
use flotilla_model::Command;
use flotilla_pki::Fingerprint;

use crate::Admin;
use crate::api::{JoinTokenAnswer, JoinTokenRequest, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::join::JoinToken;
use crate::server::{Administer, Body, IdempotencyKey, Making, now_ms};

const LIFETIME_S_DEFAULT: u64 = 3600;
/// A minute to a week.
const LIFETIME_S: std::ops::RangeInclusive<u64> = 60..=604_800;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Servers);
    routes
        .post("/join-tokens", create)
        .named("createJoinToken", "A one-time token with which a node joins")
        .explained("The answer holds it as `token`, this once.");
}

pub(crate) async fn create(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    key: IdempotencyKey,
    Body(request): Body<JoinTokenRequest>,
) -> Result<web::Json<JoinTokenAnswer>, ApiError> {
    let lifetime_s = request.lifetime_s.unwrap_or(LIFETIME_S_DEFAULT);
    if !LIFETIME_S.contains(&lifetime_s) {
        let detail = format!("a token is good for {} to {} seconds", LIFETIME_S.start(), LIFETIME_S.end());
        return Err(ApiError::invalid("lifetime_s", detail));
    }
    let now_ms = now_ms();
    let expires_ms = now_ms.saturating_add(lifetime_s * 1000);
    let token = JoinToken::generate(from_ms(expires_ms), authority(&admin)?)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let command = Command::CreateJoinToken {
        secret_hash: token.secret.hash(),
        expires_ms,
        created_by: caller.name.clone(),
        now_ms,
    };
    let answer = JoinTokenAnswer {
        token: token.to_string(),
        id: token.secret.id(),
        expires_at: token.expires_at,
        url: admin.parts().admin_url.clone(),
    };
    let making = Making { key: &key, operation: "join-tokens", request: &request, command };
    let answer = admin.make(&caller, making, answer).await?;
    tracing::info!(token = %answer.id, created_by = %caller.name, lifetime_s, "join token created");
    Ok(web::Json(answer))
}

/// The CA that stands at the end of the chain which this server sends.
fn authority(admin: &Admin) -> Result<Fingerprint, ApiError> {
    let credentials = admin.parts().credentials.current();
    match credentials.parts().local.chain.as_slice() {
        [_, .., last] => Ok(Fingerprint::of(last)),
        _ => Err(ApiError::internal("the certificate of this node comes without its CA")
            .mend("import the certificate with its whole chain, or create the token on another node")),
    }
}
