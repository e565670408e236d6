//! What holds between any two commands. Checked after every command in tests and in the simulation.

use std::collections::BTreeMap;

use crate::event::{EventRecord, EventState};
use crate::ids::BlobId;
use crate::party::AdministratorRole;
use crate::queue::Queue;
use crate::state::State;

/// An invariant that does not hold: the code of `apply` is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state breaks an invariant: {0}")]
pub struct Violation(pub String);

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation(what())) }
}

impl State {
    /// Checks everything that must hold. Costs a walk through the whole state.
    pub fn check_invariants(&self) -> Result<(), Violation> {
        self.check_digests()?;
        self.check_members()?;
        self.check_contents()?;
        self.check_events()?;
        self.check_lanes()?;
        self.check_keys()?;
        self.check_access()?;
        self.check_uploads()?;
        self.check_transfers()
    }

    fn check_digests(&self) -> Result<(), Violation> {
        macro_rules! table {
            ($($name:ident),*) => {$(
                ensure(self.$name.digest() == self.$name.recomputed_digest(), || {
                    concat!("the running digest of ", stringify!($name), " differs from its rows").to_owned()
                })?;
            )*};
        }
        table!(
            members,
            authorities,
            join_tokens,
            parameters,
            accounts,
            administrators,
            routes,
            files,
            blobs,
            events,
            transfers,
            lanes,
            kind_routes,
            idempotency_keys,
            journal,
            audit,
            parameter_history,
            certificates,
            revocations,
            stopped_tms,
            secret_rotations,
            leaving,
            api_tokens,
            login_sessions,
            login_failures,
            second_factors,
            requests,
            administrator_certificates,
            delegations,
            uploads,
            partner_sessions
        );
        ensure(self.tally.is_empty(), || "counts of lanes were left over".to_owned())
    }

    fn check_members(&self) -> Result<(), Violation> {
        let mut listed = self.header.servers.clone();
        listed.sort_unstable();
        let members: Vec<_> = self.members.iter().map(|(id, _)| *id).collect();
        ensure(listed == members, || format!("servers {listed:?} are not the members {members:?}"))?;
        for (id, member) in self.members.iter() {
            ensure(id.0 <= self.header.last_node, || format!("node {id} was never given out"))?;
            ensure(self.authorities.contains(&member.authority), || format!("the CA of node {id} is not trusted"))?;
        }
        let of_members = |node: &crate::ids::NodeId| self.members.contains(node);
        ensure(self.certificates.iter().all(|((node, _), _)| of_members(node)), || {
            "certificates of a node that is no member are kept".to_owned()
        })?;
        ensure(self.stopped_tms.iter().all(|(node, _)| of_members(node)), || {
            "the TM of a node that is no member is stopped".to_owned()
        })?;
        ensure(self.leaving.iter().all(|(node, _)| of_members(node)), || {
            "a node that is no member is to leave".to_owned()
        })?;
        ensure(self.secret_rotations.len() <= 1, || "two secrets are being changed at once".to_owned())
    }

    fn check_access(&self) -> Result<(), Violation> {
        for token in self.api_tokens.values() {
            let owner = self.administrators.get(&token.owner);
            ensure(owner.is_some_and(|owner| owner.role.includes(token.role)), || {
                format!("API token {} may more than its owner", token.name)
            })?;
        }
        let of_sessions = self.login_sessions.values().map(|session| &session.administrator);
        let of_failures = self.login_failures.iter().map(|(name, _)| name);
        let of_factors = self.second_factors.iter().map(|(name, _)| name);
        let of_certificates = self.administrator_certificates.values().map(|row| &row.owner);
        for name in of_sessions.chain(of_failures).chain(of_factors).chain(of_certificates) {
            ensure(self.administrators.contains(name), || format!("{name} is kept, who is no administrator"))?;
        }
        for (name, delegation) in self.delegations.iter() {
            let role = self.administrators.get(name).map(|row| row.role);
            ensure(role == Some(AdministratorRole::Delegate), || format!("{name} has accounts and is no delegate"))?;
            ensure(delegation.accounts.iter().all(|account| self.accounts.contains(account)), || {
                format!("{name} looks after an account that is not there")
            })?;
        }
        Ok(())
    }

    fn check_uploads(&self) -> Result<(), Violation> {
        let mut partial_bytes: BTreeMap<_, u64> = BTreeMap::new();
        for ((account, id), upload) in self.uploads.iter() {
            ensure(self.accounts.contains(account), || format!("upload {id} is of no account"))?;
            ensure(upload.offset() <= upload.length, || format!("upload {id} has more than its file"))?;
            ensure(upload.transfer.is_none() || upload.parts.is_empty(), || {
                format!("upload {id} is over and has parts")
            })?;
            for part in &upload.parts {
                let length = self.blobs.get(&part.blob).map(|blob| blob.length);
                ensure(length == Some(part.length), || format!("part {} of {id} has another length", part.blob))?;
                *partial_bytes.entry(account.clone()).or_default() += part.length;
            }
            let expiry = (upload.expires_ms, account.clone(), *id);
            ensure(self.upload_expiries.contains(&expiry), || format!("upload {id} would never expire"))?;
        }
        ensure(self.upload_expiries.len() == self.uploads.len(), || "uploads that are none expire".to_owned())?;
        ensure(partial_bytes.into_iter().eq(self.partial_bytes.clone()), || {
            "bytes of parts are miscounted".to_owned()
        })?;
        for (id, session) in self.partner_sessions.iter() {
            let is_enabled = self.accounts.get(&session.account).is_some_and(|account| account.enabled);
            ensure(is_enabled, || format!("session {id} is of an account that may not log in"))?;
        }
        Ok(())
    }

    fn check_contents(&self) -> Result<(), Violation> {
        let mut references: BTreeMap<BlobId, u32> = BTreeMap::new();
        let mut usage = BTreeMap::new();
        for ((account, path), file) in self.files.iter() {
            *references.entry(file.blob).or_default() += 1;
            let row: &mut crate::file::Usage = usage.entry(account.clone()).or_default();
            row.bytes += file.length;
            row.files += 1;
            ensure(self.accounts.contains(account), || format!("{path} belongs to no account"))?;
            for folder in path.folders() {
                let key = (account.clone(), crate::names::FilePath::unchecked(folder.to_owned()));
                ensure(!self.files.contains(&key), || format!("{folder} is a file and a folder of {account}"))?;
            }
        }
        for event in self.events.values() {
            if let Some(file) = event.file() {
                *references.entry(file.blob).or_default() += 1;
            }
        }
        for part in self.uploads.values().flat_map(|upload| &upload.parts) {
            *references.entry(part.blob).or_default() += 1;
        }
        let rows: BTreeMap<_, _> = self.blobs.iter().map(|(id, blob)| (*id, blob.references)).collect();
        ensure(rows == references, || format!("blobs are referred to by {references:?}, their rows say {rows:?}"))?;
        ensure(usage.into_iter().eq(self.usage.clone()), || "the accounts' usage is wrong".to_owned())?;
        for (id, blob) in self.blobs.iter() {
            ensure(blob.holders.is_sorted_by(|a, b| a < b), || format!("holders of {id} are not in order"))?;
            for node in &blob.holders {
                ensure(self.members.contains(node), || format!("{id} is held by {node}, which is no member"))?;
            }
        }
        Ok(())
    }

    fn check_events(&self) -> Result<(), Violation> {
        let mut queue = Queue::default();
        self.lanes.iter().for_each(|(id, lane)| queue.open_lane(*id, lane));
        self.events.values().for_each(|event| queue.add(event));
        ensure(queue == self.queue, || "the indexes of the event queue are wrong".to_owned())?;
        for (id, event) in self.events.iter() {
            ensure(id.0 <= self.header.last_event, || format!("event {id} was never given out"))?;
            if let EventState::Leased(lease) = &event.state {
                let session = self.members.get(&lease.node).and_then(|member| member.session);
                ensure(session == Some(lease.session), || format!("event {id} is leased to a process that is gone"))?;
                ensure(lease.attempt == event.attempt, || format!("event {id} is leased under an old attempt"))?;
                ensure(lease.expires_ms >= self.lease_check_ms, || format!("the lease on {id} ends unseen"))?;
            }
            ensure(self.lanes.contains(&event.lane), || format!("event {id} is in no lane"))?;
            self.check_order(event)?;
        }
        let totals = self.header.totals;
        let over = totals.events_discarded + totals.events_expired + totals.events_cancelled;
        let ended = totals.events_completed + over + self.events.len() as u64;
        ensure(ended == totals.events_published, || "events were lost or doubled".to_owned())
    }

    /// Of an ordering key, the first event alone may move.
    fn check_order(&self, event: &EventRecord) -> Result<(), Violation> {
        let Some(key) = event.ordering_key() else { return Ok(()) };
        let is_first = self.queue.of_key(&event.account, key).next() == Some(event.id);
        let is_blocked = matches!(event.state, EventState::Blocked { .. });
        ensure(is_first != is_blocked, || format!("event {} of key {key} is {}", event.id, event.state.name()))
    }

    fn check_lanes(&self) -> Result<(), Violation> {
        for (id, lane) in self.lanes.iter() {
            ensure(self.lane_ids.get(&lane.name) == Some(id), || format!("lane {} is not indexed", lane.name))?;
            let totals = lane.totals;
            let ended = totals.completed + totals.discarded + totals.expired + totals.cancelled;
            let queued = self.lane_counts(*id).all();
            ensure(totals.published == ended + queued, || format!("lane {} has lost count: {lane:?}", lane.name))?;
        }
        ensure(self.lane_ids.len() == self.lanes.len(), || "lanes that are none are indexed".to_owned())
    }

    fn check_keys(&self) -> Result<(), Violation> {
        for (event, key) in &self.keys_by_age {
            let row = self.idempotency_keys.get(key);
            ensure(row.is_some_and(|row| row.event == *event), || format!("the key of event {event} is lost"))?;
        }
        ensure(self.keys_by_age.len() == self.idempotency_keys.len(), || "keys would never be forgotten".to_owned())
    }

    fn check_transfers(&self) -> Result<(), Violation> {
        for (id, transfer) in self.transfers.iter() {
            let event = transfer.event.and_then(|event| self.events.get(&event));
            let waits = event.is_some_and(|event| !matches!(event.state, EventState::Dead { .. }));
            ensure(waits == transfer.ended_ms.is_none(), || {
                format!("transfer {id} and its event disagree on the end")
            })?;
            ensure(self.unended_transfers.contains(id) == waits, || format!("transfer {id} is in the wrong index"))?;
            ensure(self.transfer_of_blob.get(&transfer.blob) == Some(id), || format!("transfer {id} is not indexed"))?;
        }
        ensure(self.transfer_of_blob.len() == self.transfers.len(), || "contents of no transfer are indexed".to_owned())
    }
}
