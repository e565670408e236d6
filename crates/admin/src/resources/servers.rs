//! `servers`: the members in order of promotion, as JSON or in the text form of the `servers` file; changed live.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::ACCEPT;
use actix_web::{HttpRequest, HttpResponse, web};
use flotilla_config::check_host;
use flotilla_config::servers::{Server, parse, render};
use flotilla_model::{Command, Member, NodeId, State, VersionedRow};

use super::{done, if_version};
use crate::Admin;
use crate::api::{
    Done, LeavingView, Page, ServerInvitation, ServerInvited, ServerMove, ServerView, ServersImport, ServersPlan,
    from_ms,
};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::join::TokenSecret;
use crate::nodes::NodeRequest;
use crate::ports::Applied;
use crate::problems::Code;
use crate::server::{Administer, Body, Caller, IfMatch, Read, now_ms, tag};

/// A host is set up within a day.
const LIFETIME_S_DEFAULT: u64 = 86_400;
const LIFETIME_S: std::ops::RangeInclusive<u64> = 60..=604_800;

/// A change of the voters takes two entries of the log.
const VOTE_PATIENCE: Duration = Duration::from_secs(10);
const VOTE_LOOK_EVERY: Duration = Duration::from_millis(50);

const SERVERS_FILE: &str = "text/plain; charset=utf-8";

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Servers);
    routes
        .get("/servers", list)
        .named("listServers", "The order of promotion, with what a leaving member still has")
        .answers_json::<Page<ServerView>>(StatusCode::OK, "The members in order of promotion")
        .answers_as(StatusCode::OK, SERVERS_FILE, "The members in order of promotion")
        .answers_header(StatusCode::OK, "ETag", "Of the order, for `If-Match`");
    routes
        .post("/servers", invite)
        .named("inviteServer", "Lets a host join by hand, with the cluster secret")
        .refuses(&[Code::NameTaken]);
    routes
        .put("/servers", import)
        .named("importServers", "Brings the members into the order of a `servers` file")
        .refuses(&[Code::NotFound, Code::LastOfItsKind, Code::OnlyHolder, Code::QuorumAtStake, Code::WrongState]);
    routes.patch("/servers/{node}", move_to).named("moveServer", "The place of a member in the order of promotion");
    routes.delete("/servers/{node}", remove).named("removeServer", "Takes a member out for good").refuses(&[
        Code::LastOfItsKind,
        Code::OnlyHolder,
        Code::QuorumAtStake,
        Code::WrongState,
    ]);
    routes
        .post("/servers/{node}/operations/leave", leave)
        .named("letServerLeave", "Others take over what the member has")
        .explained("When `leaving` shows no contents and events, remove it.")
        .refuses(&[Code::LastOfItsKind, Code::QuorumAtStake, Code::WrongState]);
    routes
        .post("/servers/{node}/operations/stay", stay)
        .named("letServerStay", "It is not removed after all")
        .refuses(&[Code::WrongState]);
}

fn members(state: &State) -> impl Iterator<Item = &Member> {
    state.servers().iter().filter_map(|id| state.members.get(id))
}

fn leaving(state: &State, node: NodeId) -> Option<LeavingView> {
    let row = state.leaving.get(&node)?;
    let (contents, events) = (state.contents_only_on(node) as u64, state.leased_to(node).count() as u64);
    Some(LeavingView { since: from_ms(row.since_ms), contents, events })
}

/// The members in order of promotion.
pub(crate) fn views(admin: &Admin, _: &Read) -> Vec<ServerView> {
    let state = admin.view().state;
    members(&state)
        .zip(0..)
        .map(|(member, position)| ServerView {
            position,
            node: member.id,
            host: member.name.clone(),
            admin_url: member.admin_url.clone(),
            leaving: leaving(&state, member.id),
        })
        .collect()
}

async fn list(admin: web::Data<Admin>, read: Read, request: HttpRequest) -> HttpResponse {
    let items = views(&admin, &read);
    let order = tag(admin.view().state.servers_version());
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/plain") {
        let lines = items.into_iter().map(|server| Server { host: server.host, admin_url: server.admin_url });
        return HttpResponse::Ok()
            .insert_header(order)
            .content_type(SERVERS_FILE)
            .body(render(&lines.collect::<Vec<_>>()));
    }
    HttpResponse::Ok().insert_header(order).json(Page { items, next_cursor: None })
}

/// Lets a host in that has the cluster secret and the CAs already: what it joins with follows from the secret and its name.
pub(crate) async fn invite(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<ServerInvitation>,
) -> Result<web::Json<ServerInvited>, ApiError> {
    check_host(&request.host).map_err(|error| ApiError::invalid("host", error.message).mend(error.mend))?;
    let lifetime_s = request.lifetime_s.unwrap_or(LIFETIME_S_DEFAULT);
    if !LIFETIME_S.contains(&lifetime_s) {
        let detail = format!("an invitation is good for {} to {} seconds", LIFETIME_S.start(), LIFETIME_S.end());
        return Err(ApiError::invalid("lifetime_s", detail));
    }
    let secret = TokenSecret::by_hand(admin.parts().secrets.current().current(), &request.host);
    let now_ms = now_ms();
    let expires_ms = now_ms.saturating_add(lifetime_s * 1000);
    let state = admin.fresh_view().await?.state;
    let used = state.join_tokens.get(&secret.hash()).and_then(|row| row.used_by);
    // After its removal the host may join anew.
    if let Some(node) = used.filter(|node| state.members.contains(node)) {
        let detail = format!("{} has joined by hand as node {node}", request.host);
        return Err(ApiError::new(Code::NameTaken, detail)
            .at("host")
            .mend("join a further node of that host with 'flotilla token create'"));
    }
    let command =
        Command::CreateJoinToken { secret_hash: secret.hash(), expires_ms, created_by: caller.name.clone(), now_ms };
    admin.change(&caller, command).await?;
    let url = admin.parts().admin_url.clone();
    Ok(web::Json(ServerInvited { host: request.host, expires_at: from_ms(expires_ms), url }))
}

pub(crate) async fn move_to(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    node: web::Path<u64>,
    IfMatch(expected_version): IfMatch,
    Body(request): Body<ServerMove>,
) -> Result<web::Json<Done>, ApiError> {
    let command = Command::MoveMember { node: NodeId(*node), position: request.position };
    let command = if_version(VersionedRow::Servers, expected_version, command);
    Ok(done(&admin.change(&caller, command).await?))
}

pub(crate) async fn remove(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    node: web::Path<u64>,
) -> Result<web::Json<Done>, ApiError> {
    remove_one(&admin, &caller, NodeId(*node)).await
}

/// What the member has goes to others from now on; it is removed when that is done.
pub(crate) async fn leave(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    node: web::Path<u64>,
) -> Result<web::Json<Done>, ApiError> {
    let applied = set_leaving(&admin, &caller, NodeId(*node), true).await?;
    // Who looks at the list next, to see how far it is, must find it there.
    admin.fresh_view().await?;
    Ok(done(&applied))
}

/// It is not removed after all.
pub(crate) async fn stay(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    node: web::Path<u64>,
) -> Result<web::Json<Done>, ApiError> {
    Ok(done(&set_leaving(&admin, &caller, NodeId(*node), false).await?))
}

async fn set_leaving(admin: &Admin, caller: &Caller, node: NodeId, is_leaving: bool) -> Result<Applied, ApiError> {
    admin.change(caller, Command::SetMemberLeaving { node, is_leaving, now_ms: now_ms() }).await
}

/// A voter gives its vote up while it is there: when one of two is gone, the other alone could not change that. Says whether
/// the member has begun to leave by that.
async fn give_up_vote(admin: &Admin, caller: &Caller, node: NodeId) -> Result<bool, ApiError> {
    let votes = || admin.parts().facts.status().consensus.voters.contains(&node);
    let state = admin.fresh_view().await?.state;
    let is_up = state.members.get(&node).is_some_and(Member::is_up);
    // Refused anyway, and then nothing should have been moved.
    let is_only_holder = state.blobs.values().any(|blob| blob.holders == [node]);
    if !votes() || !is_up || is_only_holder {
        return Ok(false);
    }
    let has_begun = !state.leaving.contains(&node);
    if has_begun {
        set_leaving(admin, caller, node, true).await?;
    }
    let until = Instant::now() + VOTE_PATIENCE;
    while votes() {
        if Instant::now() >= until {
            if has_begun {
                set_leaving(admin, caller, node, false).await?;
            }
            let detail = format!("node {node} still votes after {VOTE_PATIENCE:?}");
            return Err(ApiError::new(Code::Unavailable, detail)
                .mend("see 'flotilla status': most voters must be up and follow; then try again"));
        }
        tokio::time::sleep(VOTE_LOOK_EVERY).await;
    }
    Ok(has_begun)
}

async fn remove_one(admin: &Admin, caller: &Caller, node: NodeId) -> Result<web::Json<Done>, ApiError> {
    if admin.parts().facts.status().consensus.primary == Some(node)
        && let Err(error) = admin.ask(node, NodeRequest::HandOver { to: None }).await
    {
        // The others elect one when it ends; the hand-over would only have been smoother.
        tracing::info!(%node, detail = %error.detail, "the lead could not be handed over before the removal");
    }
    let has_begun = give_up_vote(admin, caller, node).await?;
    // It ends by itself when it knows; a node that is away cannot be told, and need not be.
    let told = admin.ask(node, NodeRequest::ExpectRemoval { is_expected: true }).await.is_ok();
    match admin.change(caller, Command::RemoveMember { node, now_ms: now_ms() }).await {
        Ok(applied) => Ok(done(&applied)),
        Err(error) => {
            if told {
                // It forgets by itself if this does not arrive.
                let _ = admin.ask(node, NodeRequest::ExpectRemoval { is_expected: false }).await;
            }
            if has_begun {
                set_leaving(admin, caller, node, false).await?;
            }
            Err(error)
        }
    }
}

async fn import(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    Body(request): Body<ServersImport>,
) -> Result<web::Json<ServersPlan>, ApiError> {
    let servers = parse(&request.text).map_err(|error| ApiError::invalid("text", error.to_string()))?;
    let state = admin.fresh_view().await?.state;
    let plan = plan(&servers, &state, request.remove_missing)?;
    if !request.dry_run {
        for node in &plan.removed {
            remove_one(&admin, &caller, *node).await?;
        }
        for (node, position) in plan.order.iter().zip(0..) {
            let current = admin.view().state.servers().to_vec();
            if current.get(position as usize) != Some(node) {
                admin.change(&caller, Command::MoveMember { node: *node, position }).await?;
            }
        }
    }
    Ok(web::Json(plan))
}

fn plan(servers: &[Server], state: &State, remove_missing: bool) -> Result<ServersPlan, ApiError> {
    let (mut order, mut strangers) = (Vec::new(), Vec::new());
    for server in servers {
        // The URL tells nodes of one host apart.
        match members(state).find(|member| member.admin_url.eq_ignore_ascii_case(&server.admin_url)) {
            Some(member) => order.push(member.id),
            None => strangers.push(server.host.as_str()),
        }
    }
    if !strangers.is_empty() {
        return Err(ApiError::invalid("text", format!("no members: {}", strangers.join(", ")))
            .mend("'flotilla servers add' and 'flotilla join' take a server in; see their admin URLs"));
    }
    let missing: Vec<&Member> = members(state).filter(|member| !order.contains(&member.id)).collect();
    if !missing.is_empty() && !remove_missing {
        let names: Vec<_> = missing.iter().map(|member| format!("{} (node {})", member.name, member.id)).collect();
        return Err(ApiError::invalid("text", format!("members are left out: {}", names.join(", ")))
            .mend("add their lines, or import with --remove-missing to remove them from the cluster"));
    }
    let removed: Vec<NodeId> = missing.iter().map(|member| member.id).collect();
    let before: Vec<NodeId> = state.servers().iter().copied().filter(|node| !removed.contains(node)).collect();
    let is_moved = |(place, node): &(usize, &NodeId)| before.get(*place) != Some(*node);
    let moved = order.iter().enumerate().filter(is_moved).map(|(_, node)| *node).collect();
    Ok(ServersPlan { order, moved, removed })
}
