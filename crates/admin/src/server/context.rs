//! What every handler can reach.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flotilla_credentials::Passwords;
use flotilla_model::{Command, EncodedCommand, NodeId, Origin};
use flotilla_pki::{CredentialsHandle, SecretHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::Caller;
use super::rate::RateLimit;
use crate::api_token::LastUse;
use crate::changes::STREAMS_MAX;
use crate::error::ApiError;
use crate::local_token::LocalToken;
use crate::login_guard::LoginGuard;
use crate::nodes::{NodeAnswer, NodeOperations, NodeRequest};
use crate::ports::{Applied, Ledger, LedgerError, LedgerView, NodeFacts};

/// Join requests without a known token that one node looks at: a burst, and per second after it.
const JOIN_BURST: u32 = 20;
const JOIN_PER_S: u32 = 5;

/// For a node that is one of several to answer.
const NODE_PATIENCE: Duration = Duration::from_secs(3);

/// What the server is made of.
pub struct AdminParts {
    pub ledger: Arc<dyn Ledger>,
    pub facts: Arc<dyn NodeFacts>,
    pub nodes: Arc<dyn NodeOperations>,
    pub passwords: Passwords,
    pub credentials: CredentialsHandle,
    pub secrets: SecretHandle,
    pub local_token: LocalToken,
    /// By which other hosts reach this server.
    pub admin_url: String,
}

/// A cheap handle to the parts; one per process.
#[derive(Clone)]
pub struct Admin {
    shared: Arc<Shared>,
}

struct Shared {
    parts: AdminParts,
    join_rate: RateLimit,
    api_token_use: LastUse,
    login_guard: LoginGuard,
    changes: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Admin {
    pub fn new(parts: AdminParts) -> Self {
        let join_rate = RateLimit::new(JOIN_BURST, JOIN_PER_S);
        let login_guard = LoginGuard::new(Arc::clone(&parts.ledger));
        let shared = Shared {
            parts,
            join_rate,
            api_token_use: LastUse::default(),
            login_guard,
            changes: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping: watch::Sender::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Has one node do something.
    pub(crate) async fn ask(&self, node: NodeId, request: NodeRequest) -> Result<NodeAnswer, ApiError> {
        Ok(self.shared.parts.nodes.ask(node, request).await?)
    }

    /// Of an answer that comes from all nodes: one that is frozen or cut off holds the others' back for a moment only.
    pub(crate) async fn ask_patiently(&self, node: NodeId, request: NodeRequest) -> Result<NodeAnswer, String> {
        match timeout(NODE_PATIENCE, self.ask(node, request)).await {
            Ok(answer) => answer.map_err(|error| error.detail),
            Err(_) => Err(format!("node {node} gave no answer within {} s", NODE_PATIENCE.as_secs())),
        }
    }

    /// All nodes, or the one that is meant, in the order of promotion, with their names.
    pub(crate) fn named_nodes(&self, only: Option<NodeId>) -> Vec<(NodeId, String)> {
        let state = self.view().state;
        let wanted = state.servers().iter().filter(|node| only.is_none_or(|only| only == **node));
        wanted.filter_map(|node| Some((*node, state.members.get(node)?.name.clone()))).collect()
    }

    pub(crate) fn parts(&self) -> &AdminParts {
        &self.shared.parts
    }

    pub(crate) fn join_rate(&self) -> &RateLimit {
        &self.shared.join_rate
    }

    pub(crate) fn api_token_use(&self) -> &LastUse {
        &self.shared.api_token_use
    }

    pub(crate) fn login_guard(&self) -> &LoginGuard {
        &self.shared.login_guard
    }

    /// For one who follows the changes; `None`: there are as many as there may be.
    pub(crate) fn changes_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.changes).try_acquire_owned().ok()
    }

    /// Whether the server stops: answers that would go on and on end then.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.shared.stopping.subscribe()
    }

    pub(super) fn stop(&self) {
        self.shared.stopping.send_replace(true);
    }

    pub(crate) fn view(&self) -> LedgerView {
        self.shared.parts.ledger.view()
    }

    /// Shows everything that was acknowledged before, on any node.
    pub(crate) async fn fresh_view(&self) -> Result<LedgerView, ApiError> {
        Ok(self.shared.parts.ledger.fresh_view().await?)
    }

    /// Makes a change on somebody's behalf: it is in the audit log when it is made.
    pub(crate) async fn change(&self, caller: &Caller, command: Command) -> Result<Applied, ApiError> {
        Ok(self.propose(caller, command).await?)
    }

    /// As [`Admin::change`], for who tells the refusals in other words.
    pub(crate) async fn propose(&self, caller: &Caller, command: Command) -> Result<Applied, LedgerError> {
        let origin = Origin { who: caller.name.clone(), remote: caller.remote.clone() };
        let (credential, command) = (caller.credential.to_string(), EncodedCommand::new(&command));
        let attributed = Command::Attributed { origin, credential, command, now_ms: now_ms() };
        self.shared.parts.ledger.propose(attributed).await
    }
}

/// The wall clock, as commands carry it.
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
