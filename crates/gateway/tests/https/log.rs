//! The log port over a state in memory, which can be told to fail.

use std::collections::VecDeque;

use async_trait::async_trait;
use flotilla_gateway::{Changes, Log, ProposeError};
use flotilla_model::*;
use futures::stream;
use parking_lot::Mutex;
use tokio::sync::watch;

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
    changed: watch::Sender<()>,
    /// What this node knows, when it lags behind.
    old: Mutex<Option<State>>,
    fates: Mutex<VecDeque<Fate>>,
    always: Mutex<Option<Fate>>,
    /// Proposals wait while it is shut.
    is_shut: watch::Sender<bool>,
    /// How many events each proposal brought.
    published: Mutex<Vec<usize>>,
}

impl TestLog {
    pub(crate) fn apply(&self, command: &Command) -> Outcome {
        let outcome = self.state.lock().apply(command).unwrap();
        self.changed.send_replace(());
        outcome
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

    /// Lets no proposal through until [`TestLog::open`].
    pub(crate) fn shut(&self) {
        self.is_shut.send_replace(true);
    }

    pub(crate) fn open(&self) {
        self.is_shut.send_replace(false);
    }

    /// How many events each proposal has brought so far, whether it has an answer or not.
    pub(crate) fn published(&self) -> Vec<usize> {
        self.published.lock().clone()
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

impl TestLog {
    /// Gives the events of an account and kind something to do.
    pub(crate) fn route(&self, account: &str, kind: &str) {
        self.apply(&Command::PutKindRoute {
            account: name(account),
            kind: KindPattern::parse(kind).unwrap(),
            steps: vec![Step::Checksum],
            lane: None,
            priority: None,
            expected_version: None,
        });
    }

    /// Events of an account, past the gateway; gives the id of the last.
    pub(crate) fn publish(&self, account: &str, kind: &str, count: usize) -> u64 {
        let event = NewEvent {
            kind: KindName::parse(kind).unwrap(),
            data: Payload::new(b"{\"by\":\"test\"}"),
            ordering_key: None,
            idempotency_key: None,
            priority: None,
            not_before_ms: None,
            expires_ms: None,
            trace_id: None,
        };
        let events = vec![event; count];
        let outcome =
            self.apply(&Command::PublishEvents { account: name(account), node: NodeId(2), events, now_ms: 1 });
        match outcome {
            Outcome::Published(publications) => match publications.last() {
                Some(Publication::New(id)) => id.0,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    /// Takes and ends an event, as a worker does.
    pub(crate) fn work_off(&self) -> EventId {
        let (node, session) = (NodeId(1), SessionId(1));
        let claim = Command::Claim { node, session, count: 1, steal_after_ms: 0, now_ms: 2 };
        let Outcome::Claimed { leases, .. } = self.apply(&claim) else { panic!("not claimed") };
        let (event, attempt) = leases[0];
        let results = vec![WorkResult { event, attempt, worker: WorkerId(1), end: WorkEnd::Done, steps: vec![] }];
        self.apply(&Command::Complete { node, session, results, now_ms: 3 });
        event
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

    fn changes(&self) -> Changes {
        Box::pin(stream::unfold(self.changed.subscribe(), |mut changed| async move {
            changed.changed().await.ok()?;
            Some(((), changed))
        }))
    }

    async fn latest(&self) -> Option<State> {
        Some(self.now())
    }

    async fn propose(&self, command: Command) -> Result<Outcome, ProposeError> {
        if let Command::PublishEvents { events, .. } = &command {
            self.published.lock().push(events.len());
        }
        let mut is_shut = self.is_shut.subscribe();
        is_shut.wait_for(|is_shut| !is_shut).await.unwrap();
        let fate = self.fates.lock().pop_front().or(*self.always.lock());
        if matches!(fate, None | Some(Fate::AnswerLost)) {
            let result = self.state.lock().apply(&command);
            self.changed.send_replace(());
            let state = self.now();
            // It walks the whole state: too slow for measurements.
            if state.files.len() + state.events.len() + state.journal.len() < 100 {
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
