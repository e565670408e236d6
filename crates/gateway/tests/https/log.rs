//! The log port over a state in memory, which can be told to fail.

use std::collections::VecDeque;

use async_trait::async_trait;
use flotilla_gateway::{Log, ProposeError};
use flotilla_model::*;
use parking_lot::Mutex;

/// What becomes of one proposal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It takes effect, but the answer is lost.
    AnswerLost,
    /// Neither effect nor answer.
    Lost,
    NotDone,
}

#[derive(Default)]
pub(crate) struct TestLog {
    state: Mutex<State>,
    /// What this node knows, when it lags behind.
    old: Mutex<Option<State>>,
    fates: Mutex<VecDeque<Fate>>,
    always: Mutex<Option<Fate>>,
}

impl TestLog {
    pub(crate) fn apply(&self, command: &Command) -> Outcome {
        self.state.lock().apply(command).unwrap()
    }

    pub(crate) fn now(&self) -> State {
        self.state.lock().clone()
    }

    /// From now on the node sees nothing new, unless it asks for the latest.
    pub(crate) fn lag(&self) {
        *self.old.lock() = Some(self.now());
    }

    pub(crate) fn next(&self, fates: &[Fate]) {
        self.fates.lock().extend(fates);
    }

    pub(crate) fn always(&self, fate: Fate) {
        *self.always.lock() = Some(fate);
    }

    pub(crate) fn file(&self, path: &str) -> Option<FileRecord> {
        self.now().file(&name("ann"), &FilePath::parse(path).unwrap()).cloned()
    }

    pub(crate) fn set(&self, parameter: &str, value: &str) {
        self.apply(&Command::SetParameter {
            name: parameter.to_owned(),
            node: None,
            value: Some(value.to_owned()),
            expected_version: None,
            changed_by: "test".to_owned(),
            now_ms: 1,
        });
    }

    pub(crate) fn put_account(
        &self,
        account: &str,
        hash: Option<&str>,
        enabled: bool,
        quota: (Option<u64>, Option<u64>),
    ) {
        self.apply(&Command::PutAccount {
            name: name(account),
            password_hash: hash.map(str::to_owned),
            enabled: Some(enabled),
            quota_bytes: Some(quota.0),
            quota_files: Some(quota.1),
            expected_version: None,
            now_ms: 1,
        });
    }
}

pub(crate) fn name(text: &str) -> AccountName {
    AccountName::parse(text).unwrap()
}

#[async_trait]
impl Log for TestLog {
    fn state(&self) -> State {
        self.old.lock().clone().unwrap_or_else(|| self.now())
    }

    async fn latest(&self) -> Option<State> {
        Some(self.now())
    }

    async fn propose(&self, command: Command) -> Result<Outcome, ProposeError> {
        let fate = self.fates.lock().pop_front().or(*self.always.lock());
        if matches!(fate, None | Some(Fate::AnswerLost)) {
            let result = self.state.lock().apply(&command);
            let state = self.now();
            // It walks the whole state: too slow for measurements.
            if state.files.len() < 100 {
                state.check_invariants().unwrap();
            }
            if fate.is_none() {
                return Ok(result?);
            }
        }
        Err(match fate {
            Some(Fate::NotDone) => ProposeError::NotDone("no leader".to_owned()),
            _ => ProposeError::Unknown("the leader is gone".to_owned()),
        })
    }
}

/// Three members that run.
pub(crate) fn three_nodes() -> TestLog {
    let log = TestLog::default();
    log.apply(&Command::CreateCluster { id: 7, name: "test".to_owned(), parameters: vec![], now_ms: 1 });
    for number in 1..=3_u8 {
        let token = (number > 1).then_some(Sha256([number; 32]));
        if let Some(secret_hash) = token {
            let created_by = "admin".to_owned();
            log.apply(&Command::CreateJoinToken { secret_hash, expires_ms: 1000, created_by, now_ms: 1 });
        }
        let (mesh_address, admin_url, transfer_url) = (format!("node{number}:1"), String::new(), String::new());
        let authority = Authority {
            fingerprint: format!("ca{number}"),
            certificate_pem: "PEM".to_owned(),
            node: None,
            added_ms: 1,
        };
        log.apply(&Command::AdmitMember {
            token,
            name: format!("node{number}"),
            role: MemberRole::Full,
            mesh_address: mesh_address.clone(),
            admin_url: admin_url.clone(),
            transfer_url: transfer_url.clone(),
            authority,
            now_ms: 1,
        });
        log.apply(&Command::NodeStarted {
            node: NodeId(number.into()),
            session: SessionId(number.into()),
            version: "1".to_owned(),
            mesh_address,
            admin_url,
            transfer_url,
            now_ms: 1,
        });
    }
    log
}

pub(crate) fn lost(node: u64) -> Command {
    Command::NodeLost { node: NodeId(node), session: SessionId(node), reason: "test".to_owned(), now_ms: 1 }
}
