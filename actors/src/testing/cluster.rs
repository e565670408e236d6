//! A state built by commands: members, an account with a route, uploads.

use flotilla_model::{
    AccountName, Authority, BlobId, Command, EventId, FilePath, MemberRole, NodeId, Outcome, Protocol, PutCondition,
    Rejection, SessionId, Sha256, State, Step,
};

use crate::ports::View;

/// Every command is applied at the next index, with the invariants checked.
#[derive(Clone, Default)]
pub(crate) struct Cluster {
    pub(crate) view: View,
    blobs: u128,
    /// For large states: checking costs a walk through all of it.
    pub(crate) unchecked: bool,
}

pub(crate) fn session(node: u64) -> SessionId {
    SessionId(node * 1000)
}

impl Cluster {
    /// `members` full members, all running, in order of their ids; an account `acme` with one step.
    pub(crate) fn new(members: u64) -> Self {
        let mut cluster = Self::default();
        let create = Command::CreateCluster { id: 7, name: "test".to_owned(), parameters: Vec::new(), now_ms: 1 };
        cluster.apply(create).unwrap();
        for node in 1..=members {
            cluster.admit(node);
            cluster.start(node, session(node));
        }
        cluster.set("Files.replicas", Some("1"));
        cluster.route(vec![Step::Checksum]);
        cluster
    }

    pub(crate) fn state(&self) -> &State {
        &self.view.state
    }

    pub(crate) fn apply(&mut self, command: Command) -> Result<Outcome, Rejection> {
        let answer = self.view.state.apply(&command);
        self.view.index += 1;
        if !self.unchecked {
            self.view.state.check_invariants().unwrap();
        }
        answer
    }

    pub(crate) fn admit(&mut self, node: u64) {
        let token = Sha256([node as u8; 32]);
        let now_ms = self.view.state.clock_ms();
        let create_token = Command::CreateJoinToken {
            secret_hash: token,
            expires_ms: now_ms + 1000,
            created_by: "test".to_owned(),
            now_ms,
        };
        self.apply(create_token).unwrap();
        let authority = Authority {
            fingerprint: format!("ca-{node}"),
            certificate_pem: format!("pem-{node}"),
            node: None,
            added_ms: now_ms,
        };
        let admit = Command::AdmitMember {
            token: (node > 1).then_some(token),
            name: format!("n{node}"),
            role: MemberRole::Full,
            mesh_address: format!("n{node}:44431"),
            admin_url: format!("https://n{node}:8444"),
            transfer_url: format!("https://n{node}:8443"),
            authority,
            now_ms,
        };
        assert_eq!(self.apply(admit), Ok(Outcome::MemberAdmitted { node: NodeId(node), again: false }));
    }

    pub(crate) fn start(&mut self, node: u64, session: SessionId) {
        let start = Command::NodeStarted {
            node: NodeId(node),
            session,
            version: "1".to_owned(),
            mesh_address: format!("n{node}:44431"),
            admin_url: format!("https://n{node}:8444"),
            transfer_url: format!("https://n{node}:8443"),
            now_ms: self.view.state.clock_ms(),
        };
        self.apply(start).unwrap();
    }

    pub(crate) fn lose(&mut self, node: u64) {
        let now_ms = self.view.state.clock_ms();
        let reason = "test".to_owned();
        self.apply(Command::NodeLost { node: NodeId(node), session: session(node), reason, now_ms }).unwrap();
    }

    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.set_on(None, name, value);
    }

    pub(crate) fn set_on(&mut self, node: Option<u64>, name: &str, value: Option<&str>) {
        let set = Command::SetParameter {
            name: name.to_owned(),
            node: node.map(NodeId),
            value: value.map(str::to_owned),
            expected_version: None,
            changed_by: "test".to_owned(),
            now_ms: self.view.state.clock_ms(),
        };
        self.apply(set).unwrap();
    }

    pub(crate) fn route(&mut self, steps: Vec<Step>) {
        let account = AccountName::parse("acme").unwrap();
        if !self.view.state.accounts.contains(&account) {
            let put = Command::PutAccount {
                name: account.clone(),
                password_hash: Some("hash".to_owned()),
                enabled: Some(true),
                quota_bytes: None,
                quota_files: None,
                expected_version: None,
                now_ms: 1,
            };
            self.apply(put).unwrap();
        }
        self.apply(Command::PutRoute { account, steps, expected_version: None }).unwrap();
    }

    /// A file comes in through `node`; its event is ready.
    pub(crate) fn upload(&mut self, node: u64, now_ms: u64) -> EventId {
        self.blobs += 1;
        let stored = Command::FileStored {
            account: AccountName::parse("acme").unwrap(),
            path: FilePath::parse(&format!("in/{}", self.blobs)).unwrap(),
            blob: BlobId(self.blobs),
            length: 10,
            sha256: Sha256([1; 32]),
            holders: vec![NodeId(node)],
            node: NodeId(node),
            protocol: Protocol::Https,
            remote: "127.0.0.1".to_owned(),
            condition: PutCondition::Any,
            started_ms: now_ms,
            now_ms,
        };
        match self.apply(stored) {
            Ok(Outcome::FileStored { event: Some(event), .. }) => event,
            other => panic!("not stored: {other:?}"),
        }
    }
}
