//! The documents of the REST interface, shared by the server and the client.
//!
//! Everything here is JSON below `/api/v2.0/`. Times are RFC 3339 in UTC. What a caller sends is strict (an unknown field is
//! refused); what a caller receives may gain fields, so readers ignore those that they don't know.

mod account;
mod account_activity;
mod administrator;
mod administrator_certificate;
mod api_token;
mod audit;
mod authority;
mod certificate;
mod change;
mod cluster;
mod doctor;
mod dry_run;
mod event;
mod event_change;
mod history;
mod join;
mod lane;
mod page;
mod parameter;
mod primary;
mod problem;
mod queue;
mod route;
mod schemas;
mod second_factor;
mod secret;
mod server_log;
mod servers;
mod session;
mod statistics;
mod status;
mod sync;
mod time;
mod transaction_manager;
mod transfer;

pub use flotilla_model::NodeId;

pub use account::{AccountChange, AccountView, AccountsQuery};
pub use account_activity::{PartnerSessionView, UploadView};
pub use administrator::{AdministratorChange, AdministratorView};
pub use administrator_certificate::{AdministratorCertificateRequest, AdministratorCertificateView};
pub use api_token::{ApiTokenAnswer, ApiTokenRequest, ApiTokenView};
pub use audit::{AuditError, AuditExportQuery, AuditQuery, AuditView};
pub use authority::{AuthorityView, GenerateAuthority, ImportAuthorities, RemoveAuthorityQuery, RenewAuthority};
pub use certificate::{
    CertificateQuery, CertificateView, ExportCertificate, ExportFormat, ExportedCertificate, GenerateCertificate,
    Hidden, ImportCertificate, ImportReply, Password, RequestCertificate, RequestView, RevocationView,
    RevokeCertificate,
};
pub use change::{Change, ChangeKind, NodeStanding};
pub use cluster::{ClusterNode, ClusterStatus, LinkStatus, NodeRole};
pub use doctor::{Diagnosis, DoctorQuery, Finding, FindingLevel};
pub use dry_run::{DryRun, DryRunRequest, DryStep};
pub use event::{EventQuery, EventView};
pub use event_change::{
    CHANGED_EVENTS_MAX, EventSelection, EventsChanged, RefusedEvent, Resolution, ResolveManyRequest, ResolveRequest,
    RetryManyRequest,
};
pub use history::{History, HistoryQuery, NodeHistory, ProcessSample, SAMPLE_EVERY_MS, Sample};
pub use join::{JoinAnswer, JoinMember, JoinRequest, JoinTokenAnswer, JoinTokenRequest};
pub use lane::{LaneChange, LaneQuery, LaneView};
pub use page::Page;
pub use parameter::{
    BulkParameterChange, NodeParameterView, ParameterChange, ParameterQuery, ParameterVersionView, ParameterView,
    ParametersChange,
};
pub use primary::{HandOverAnswer, HandOverRequest, PrimaryView, PromotionView};
pub use problem::Problem;
pub use queue::{EventStatistics, QueueStatus, RoomStatus};
pub use route::{RouteChange, RoutePatch, RouteQuery, RouteView, RoutesQuery, StepChange, StepView};
pub use second_factor::{SecondFactorConfirmation, SecondFactorEnrolment};
pub use secret::{RotationFinish, RotationRequest, RotationView, SecretExport, SecretView};
pub use server_log::{LogLevel, LogLineView, LogSourceView, ServerLog, ServerLogQuery, ServerLogStreamQuery};
pub use servers::{LeavingView, ServerInvitation, ServerInvited, ServerMove, ServerView, ServersImport, ServersPlan};
pub use session::{CurrentSession, SessionRequest, SessionView};
pub use statistics::{EventCounts, Statistics, StatisticsQuery, StatisticsView, TransferStatistics};
pub use status::{
    ActorStatus, CertificateStatus, CertificateWarning, ConsensusStatus, FilesStatus, GatewayStatus, GmpStatus,
    NodeStatus, ProcessStatus, ReadyStatus,
};
pub use sync::{DigestView, RepairRequest, Repaired, SyncStatus, SyncView, Verification};
pub use time::{from_ms, from_us, to_ms, to_us};
pub use transaction_manager::{ManagerOperation, ManagerState, ManagerView};
pub use transfer::{Resubmitted, StepRunView, TransferQuery, TransferView};

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Where all resources live.
pub const BASE_PATH: &str = "/api/v2.0";

/// Tells `null` from absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A change was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// The version of the row after it, for `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The log index that a node must have applied to show it.
    pub log_index: u64,
}
