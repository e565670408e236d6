//! `/metrics` in the OpenMetrics text form: what the node publishes about itself, turned into numbers at each scrape.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeGaugeValue, EncodeLabelSet};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::lane_metrics;
use crate::Admin;
use crate::api::{CertificateStatus, GmpStatus, NodeStatus, to_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::ports::{LedgerView, PeerFacts};
use crate::server::{Read, now_ms};

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn add(routes: &mut Routes) {
    routes.chapter_at_top(Tag::Health);
    routes.get("/metrics", metrics).named("getMetrics", "Metrics of this node").answers_as(
        StatusCode::OK,
        METRICS_TYPE,
        "In the OpenMetrics text form",
    );
}

async fn metrics(admin: web::Data<Admin>, _: Read) -> Result<HttpResponse, ApiError> {
    let facts = &admin.parts().facts;
    let mut registry = Registry::with_prefix("flotilla");
    let status = facts.status();
    node(&mut registry, &status, facts.ready().is_ready);
    pool(&mut registry, &status.gmp);
    transfers(&mut registry, &status);
    actors(&mut registry, &status);
    let view = admin.view();
    cluster(&mut registry, &view);
    access(&mut registry, &admin, &view);
    lane_metrics::queue(&mut registry, &view.state);
    lane_metrics::lanes(&mut registry, &view.state);
    links(&mut registry, &facts.peers());
    facts.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type(METRICS_TYPE).body(text))
}

fn access(registry: &mut Registry, admin: &Admin, view: &LedgerView) {
    let (state, now_ms, guard) = (&view.state, now_ms(), admin.login_guard());
    counter(
        registry,
        "admin_logins_refused",
        "Log-ins of administrators that this node has refused",
        guard.refused_total(),
    );
    let help = "Log-ins of administrators that this node has not looked at, after too many failures";
    counter(registry, "admin_logins_limited", help, guard.limited_total());
    let locked = state.login_failures.iter().filter(|(name, _)| state.locked_until(name, now_ms).is_some()).count();
    gauge(registry, "administrators_locked", "Administrators whose log-in is locked", locked as u64);
    gauge(registry, "admin_sessions", "Sessions of administrators", state.login_sessions.len() as u64);
    gauge(registry, "api_tokens", "API tokens", state.api_tokens.len() as u64);
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ActorLabels {
    actor: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WarningLabels {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PeerLabels {
    node: u64,
}

pub(super) fn gauge<N>(registry: &mut Registry, name: &str, help: &str, value: N)
where
    N: EncodeGaugeValue + Clone + std::fmt::Debug + Send + Sync + 'static,
{
    registry.register(name, help, ConstGauge::new(value));
}

/// The text form adds `_total` to the name.
pub(super) fn counter(registry: &mut Registry, name: &str, help: &str, value: u64) {
    registry.register(name, help, ConstCounter::new(value));
}

fn node(registry: &mut Registry, status: &NodeStatus, is_ready: bool) {
    let consensus = &status.consensus;
    gauge(registry, "up_seconds", "Time since the process started", status.uptime_ms / 1000);
    gauge(registry, "ready", "1 when the node serves partners", u64::from(is_ready));
    gauge(registry, "primary", "1 on the primary while a majority answers it", u64::from(consensus.leads()));
    gauge(registry, "term", "Term of the consensus", consensus.term);
    gauge(registry, "log_last_index", "Last entry in the log of this node", consensus.last_log_index);
    gauge(registry, "log_committed_index", "Last entry known to be committed", consensus.committed_index);
    gauge(registry, "log_applied_index", "Last entry applied on this node", consensus.applied_index);
    let help = "Data of waiting events that this node keeps in files";
    gauge(registry, "queue_data_stored_bytes", help, consensus.stored_event_bytes);
    let expires_s = to_ms(status.certificate.expires_at) / 1000;
    gauge(registry, "certificate_expires_seconds", "End of the cluster certificate, Unix time", expires_s);
    certificates(registry, &status.certificate);
}

fn certificates(registry: &mut Registry, status: &CertificateStatus) {
    let help = "1 when the certificate and the trust in force are those that the log asks for";
    gauge(registry, "certificate_current", help, u64::from(status.is_current));
    counter(registry, "certificate_renewals", "Certificates that this node has issued anew", status.renewed_total);
    let help = "Certificates of this node whose end comes near: days of the limit that is passed";
    let warnings = Family::<WarningLabels, Gauge>::default();
    for warning in &status.warnings {
        let labels = WarningLabels { name: warning.name.clone() };
        warnings.get_or_create(&labels).set(warning.within_days as i64);
    }
    registry.register("certificate_warning_days", help, warnings);
}

fn pool(registry: &mut Registry, pool: &GmpStatus) {
    gauge(registry, "gmp_threads_max", "GMP workers asked for", pool.threads_max);
    gauge(registry, "gmp_workers", "GMP workers", pool.workers);
    gauge(registry, "gmp_busy", "GMP workers that run an event", pool.busy);
    gauge(registry, "gmp_idle", "GMP workers that wait for an event", pool.idle);
    gauge(registry, "gmp_retiring", "GMP workers that leave after their event", pool.retiring);
    gauge(registry, "gmp_queued", "Claimed events that no worker has begun", pool.queued);
    gauge(registry, "gmp_unrecorded", "Results that are not in the log yet", pool.unrecorded);
    gauge(registry, "gmp_work_seconds", "Mean time of an event on a worker", pool.work_us as f64 / 1e6);
    gauge(registry, "gmp_round_seconds", "Mean time of a claim or a report in the log", pool.round_us as f64 / 1e6);
    counter(registry, "gmp_claimed", "Events claimed by this node", pool.claimed_total);
    counter(registry, "gmp_completed", "Events completed by this node", pool.completed_total);
    counter(registry, "gmp_failed", "Runs of events that failed on this node", pool.failed_total);
    counter(registry, "gmp_outcome_unknown", "Runs whose outcome is unknown", pool.outcome_unknown_total);
    counter(registry, "gmp_returned", "Events given back untouched", pool.returned_total);
    counter(registry, "gmp_stale", "Results that came too late", pool.stale_total);
    counter(registry, "gmp_panics", "GMP workers replaced since a step panicked", pool.panics_total);
    counter(registry, "gmp_hung", "GMP workers replaced since a step hung", pool.hung_total);
    counter(registry, "gmp_leaked", "GMP workers replaced since a step left processes running", pool.leaked_total);
}

fn transfers(registry: &mut Registry, status: &NodeStatus) {
    let (files, gateway) = (&status.files, &status.gateway);
    gauge(registry, "files_blobs", "Contents on this node", files.blobs);
    gauge(registry, "files_bytes", "Bytes of contents on this node", files.bytes);
    gauge(registry, "files_under_replicated", "Contents of the cluster with too few copies", files.under_replicated);
    gauge(registry, "disk_free_bytes", "Free space below the data folder", files.disk_free_bytes);
    gauge(registry, "disk_size_bytes", "Size of the disk below the data folder", files.disk_size_bytes);
    counter(registry, "files_repaired", "Copies made by this node for lost ones", files.repaired_total);
    counter(registry, "files_damaged", "Copies found damaged on this node", files.damaged_total);
    gauge(registry, "gateway_connections", "Connections of partners", gateway.connections);
    gauge(registry, "gateway_uploads_active", "Uploads under way", gateway.uploads);
    gauge(registry, "gateway_downloads_active", "Downloads under way", gateway.downloads);
    counter(registry, "gateway_uploads", "Uploads taken by this node", gateway.uploads_total);
    counter(registry, "gateway_downloads", "Downloads served by this node", gateway.downloads_total);
    counter(registry, "gateway_in_bytes", "Bytes uploaded to this node", gateway.bytes_in_total);
    counter(registry, "gateway_out_bytes", "Bytes downloaded from this node", gateway.bytes_out_total);
    counter(registry, "gateway_shed", "Requests refused because a bound was reached", gateway.shed_total);
}

fn actors(registry: &mut Registry, status: &NodeStatus) {
    let restarts = Family::<ActorLabels, Gauge>::default();
    let waiting = Family::<ActorLabels, Gauge>::default();
    for actor in &status.actors {
        let labels = ActorLabels { actor: actor.name.clone() };
        restarts.get_or_create(&labels).set(clamp(actor.restarts));
        waiting.get_or_create(&labels).set(clamp(actor.waiting));
    }
    registry.register("actor_restarts", "Restarts since the process started", restarts);
    registry.register("actor_waiting", "Messages that wait", waiting);
}

fn cluster(registry: &mut Registry, view: &LedgerView) {
    gauge(registry, "members", "Members of the cluster", view.state.members.len());
    gauge(
        registry,
        "members_up",
        "Members whose process runs",
        view.state.members.values().filter(|m| m.is_up()).count(),
    );
    gauge(registry, "files", "Files of all accounts", view.state.files.len());
    gauge(registry, "transfer_records", "Rows of the transfer log", view.state.transfers.len());
}

fn links(registry: &mut Registry, peers: &[PeerFacts]) {
    let up = Family::<PeerLabels, Gauge>::default();
    let round_trip = Family::<PeerLabels, Gauge>::default();
    for peer in peers {
        let labels = PeerLabels { node: peer.node.0 };
        up.get_or_create(&labels).set(i64::from(peer.link.is_connected));
        if let Some(round_trip_us) = peer.link.round_trip_us {
            round_trip.get_or_create(&labels).set(clamp(round_trip_us));
        }
    }
    registry.register("link_up", "1 when the link to the member stands", up);
    registry.register("link_round_trip_microseconds", "Round trip to the member", round_trip);
}

pub(super) fn clamp(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
