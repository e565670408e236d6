//! `api-tokens`: permissions that administrators give to programs.

use actix_web::web;
use flotilla_model::{AccountName, ApiToken, Command};

use super::{done, name_in_path};
use crate::Admin;
use crate::api::{ApiTokenAnswer, ApiTokenRequest, ApiTokenView, Done, Page, from_ms};
use crate::api_token::ApiTokenSecret;
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::server::{Anybody, Body, Caller, Credential, IdempotencyKey, Making, Read, now_ms};

/// A minute to ten years.
const LIFETIME_S: std::ops::RangeInclusive<u64> = 60..=315_360_000;
const DESCRIPTION_BYTES_MAX: usize = 200;

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes
        .get("/api-tokens", list)
        .named("listApiTokens", "The API tokens of all administrators, without their secrets");
    routes
        .post("/api-tokens", create)
        .named("createApiToken", "Makes an API token of the caller's own")
        .explained("The answer holds it as `token`, this once. It takes a person: a token makes no tokens.")
        .refuses(&[Code::Forbidden, Code::NotFound, Code::NameTaken, Code::TooManyApiTokens]);
    routes
        .delete("/api-tokens/{name}", revoke)
        .named("revokeApiToken", "Revokes an API token")
        .explained("One's own; anybody's with the role `administrator`.")
        .refuses(&[Code::Forbidden]);
}

pub(crate) async fn list(admin: web::Data<Admin>, _: Read) -> web::Json<Page<ApiTokenView>> {
    let state = admin.view().state;
    let describe =
        |(hash, token)| ApiTokenView { last_used_at: admin.api_token_use().of(hash).map(from_ms), ..described(token) };
    let mut items: Vec<ApiTokenView> = state.api_tokens.iter().map(describe).collect();
    items.sort_by(|left, right| left.name.cmp(&right.name));
    web::Json(Page { items, next_cursor: None })
}

/// Everybody may give away what they have themselves.
pub(crate) async fn create(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    key: IdempotencyKey,
    Body(request): Body<ApiTokenRequest>,
) -> Result<web::Json<ApiTokenAnswer>, ApiError> {
    caller.require_person()?;
    let name = AccountName::parse(&request.name).map_err(|error| ApiError::invalid("name", error.to_string()))?;
    let owner = owner(&caller, request.owner.as_deref())?;
    let description = request.description.clone().unwrap_or_default();
    if description.len() > DESCRIPTION_BYTES_MAX || description.chars().any(char::is_control) {
        let detail = format!("a description is one line of at most {DESCRIPTION_BYTES_MAX} bytes");
        return Err(ApiError::invalid("description", detail));
    }
    if request.lifetime_s.is_some_and(|lifetime_s| !LIFETIME_S.contains(&lifetime_s)) {
        let detail = format!("a token is good for {} to {} seconds", LIFETIME_S.start(), LIFETIME_S.end());
        return Err(ApiError::invalid("lifetime_s", detail).mend("leave it out for one that ends when it is revoked"));
    }
    let secret = ApiTokenSecret::generate().map_err(|error| ApiError::internal(error.to_string()))?;
    let now_ms = now_ms();
    let token = ApiToken {
        name,
        owner,
        role: request.role,
        description,
        created_by: caller.name.clone(),
        created_ms: now_ms,
        expires_ms: request.lifetime_s.map(|lifetime_s| now_ms.saturating_add(lifetime_s * 1000)),
    };
    let view = described(&token);
    let ApiToken { name, owner, role, description, created_by, expires_ms, .. } = token;
    let secret_hash = secret.hash();
    let command =
        Command::CreateApiToken { secret_hash, name, owner, role, description, created_by, expires_ms, now_ms };
    let making = Making { key: &key, operation: "api-tokens", request: &request, command };
    let answer = ApiTokenAnswer { token: secret.to_text(), view };
    Ok(web::Json(admin.make(&caller, making, answer).await?))
}

/// One's own, or as an administrator anybody's. A program may give up its own token, and with the role of an administrator others.
pub(crate) async fn revoke(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    let state = admin.view().state;
    let is_own = match &caller.credential {
        Credential::ApiToken(own) => *own == name,
        _ => state.api_token(&name).is_some_and(|token| caller.is_in_person(&token.owner)),
    };
    if !is_own {
        caller.require_administrator()?;
    }
    Ok(done(&admin.change(&caller, Command::RevokeApiToken { name }).await?))
}

fn owner(caller: &Caller, wanted: Option<&str>) -> Result<AccountName, ApiError> {
    let text = match (&caller.credential, wanted) {
        (Credential::LocalToken, Some(wanted)) => wanted,
        (Credential::LocalToken, None) => {
            let error = ApiError::invalid("owner", "the node's local token belongs to nobody, and an API token must");
            return Err(error.mend("name the administrator for whom it is to work"));
        }
        (_, Some(wanted)) if wanted != caller.name => {
            let detail = format!("{} makes no tokens for {wanted}", caller.name);
            let error = ApiError::new(Code::Forbidden, detail).at("owner");
            return Err(error.mend("have them make it themselves"));
        }
        _ => &caller.name,
    };
    AccountName::parse(text).map_err(|error| ApiError::invalid("owner", error.to_string()))
}

fn described(token: &ApiToken) -> ApiTokenView {
    ApiTokenView {
        name: token.name.to_string(),
        owner: token.owner.to_string(),
        role: token.role,
        description: token.description.clone(),
        created_by: token.created_by.clone(),
        created_at: from_ms(token.created_ms),
        expires_at: token.expires_ms.map(from_ms),
        last_used_at: None,
    }
}
