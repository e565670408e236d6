//! The cluster, its members, their CAs and the tokens to join.

use crate::command::Command;
use crate::ids::{NodeId, SessionId, Sha256};
use crate::member::{Authority, Cluster, JoinToken, Member};
use crate::outcome::{Outcome, Rejection};
use crate::party::Parameter;
use crate::state::State;

/// Most members of a cluster. Voters are far fewer; the bound keeps lists short.
const MAX_MEMBERS: usize = 100;

impl State {
    pub(super) fn create_cluster(
        &mut self,
        id: u128,
        name: &str,
        parameters: &[(String, String)],
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        if self.header.cluster.id != 0 || id == 0 {
            return Err(Rejection::ClusterExists);
        }
        self.advance_clock(now_ms);
        self.header.cluster = Cluster { id, name: name.to_owned(), created_ms: now_ms };
        for (parameter, value) in parameters {
            let row = Parameter {
                value: value.clone(),
                version: self.next_version(),
                changed_by: "init".to_owned(),
                changed_ms: now_ms,
            };
            self.parameters.insert((parameter.clone(), None), row);
        }
        Ok(Outcome::Done)
    }

    pub(super) fn create_join_token(
        &mut self,
        secret_hash: Sha256,
        expires_ms: u64,
        created_by: &str,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        self.advance_clock(now_ms);
        let token = JoinToken { created_ms: now_ms, expires_ms, created_by: created_by.to_owned(), used_by: None };
        self.join_tokens.insert(secret_hash, token);
        Ok(Outcome::Done)
    }

    pub(super) fn admit_member(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::AdmitMember { token, name, role, mesh_address, admin_url, transfer_url, authority, now_ms } =
            command
        else {
            unreachable!("dispatched by variant");
        };
        // Only the first member comes without a token: `init` proposes it as the cluster's second command.
        if token.is_none() && !self.members.is_empty() {
            return Err(Rejection::TokenUnknown);
        }
        if let Some(secret_hash) = token {
            let row = self.join_tokens.get(secret_hash).ok_or(Rejection::TokenUnknown)?;
            if let Some(node) = row.used_by {
                let member = self.members.get(&node).ok_or(Rejection::TokenUsed)?;
                let same = member.name == *name && member.authority == authority.fingerprint;
                return if same {
                    Ok(Outcome::MemberAdmitted { node, again: true })
                } else {
                    Err(Rejection::TokenUsed)
                };
            }
            if row.expires_ms <= self.header.clock_ms.max(*now_ms) {
                return Err(Rejection::TokenExpired);
            }
        }
        if self.members.values().any(|member| member.name == *name && member.mesh_address == *mesh_address) {
            return Err(Rejection::MemberNameTaken { name: name.clone() });
        }
        if self.is_disabled() && !self.members.is_empty() {
            return Err(Rejection::ClusterDisabled);
        }
        if self.members.len() >= MAX_MEMBERS {
            return Err(Rejection::TooManyMembers { limit: MAX_MEMBERS as u64 });
        }
        self.advance_clock(*now_ms);
        self.header.last_node += 1;
        let node = NodeId(self.header.last_node);
        let member = Member {
            id: node,
            name: name.clone(),
            role: *role,
            mesh_address: mesh_address.clone(),
            admin_url: admin_url.clone(),
            transfer_url: transfer_url.clone(),
            session: None,
            version: String::new(),
            joined_ms: *now_ms,
            changed_ms: *now_ms,
            authority: authority.fingerprint.clone(),
        };
        self.members.insert(node, member);
        self.header.servers.push(node);
        self.authorities.insert(authority.fingerprint.clone(), Authority { node: Some(node), ..authority.clone() });
        if let Some(secret_hash) = token {
            self.join_tokens.update(secret_hash, |row| row.used_by = Some(node));
        }
        Ok(Outcome::MemberAdmitted { node, again: false })
    }

    pub(super) fn remove_member(&mut self, node: NodeId, now_ms: u64) -> Result<Outcome, Rejection> {
        let member = self.members.get(&node).cloned().ok_or(Rejection::NoSuchMember { node })?;
        self.check_others_serve(node)?;
        self.check_quorum_without(&member)?;
        let alone = self.blobs.values().filter(|blob| blob.holders == [node]).count();
        if alone > 0 {
            return Err(Rejection::OnlyHolder { node, contents: alone as u64 });
        }
        self.advance_clock(now_ms);
        self.return_leases(node);
        self.members.remove(&node);
        self.header.servers.retain(|other| *other != node);
        self.forget_trust_of(&member);
        self.stopped_tms.remove(&node);
        self.leaving.remove(&node);
        let held: Vec<_> =
            self.blobs.iter().filter(|(_, blob)| blob.holders.contains(&node)).map(|(id, _)| *id).collect();
        for blob in held {
            self.blobs.update(&blob, |row| row.holders.retain(|holder| *holder != node));
        }
        Ok(Outcome::Done)
    }

    /// Witnesses alone would be no cluster.
    pub(super) fn check_others_serve(&self, node: NodeId) -> Result<(), Rejection> {
        let serves = |other: &Member| other.id != node && other.is_full() && self.keeps_contents(other.id);
        if self.members.values().any(serves) { Ok(()) } else { Err(Rejection::LastMember) }
    }

    /// A member that is gone already takes nothing away with it.
    pub(super) fn check_quorum_without(&self, member: &Member) -> Result<(), Rejection> {
        let members = self.members.len() - 1;
        let up = self.members.values().filter(|other| other.id != member.id && other.is_up()).count();
        if member.is_up() && up * 2 <= members {
            return Err(Rejection::WouldLoseQuorum { node: member.id, up: up as u64, members: members as u64 });
        }
        Ok(())
    }

    pub(super) fn move_member(&mut self, node: NodeId, position: u32) -> Result<Outcome, Rejection> {
        let servers = &mut self.header.servers;
        let from = servers.iter().position(|other| *other == node).ok_or(Rejection::NoSuchMember { node })?;
        servers.remove(from);
        servers.insert((position as usize).min(servers.len()), node);
        Ok(Outcome::Done)
    }

    pub(super) fn node_started(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let Command::NodeStarted { node, session, version, mesh_address, admin_url, transfer_url, now_ms } = command
        else {
            unreachable!("dispatched by variant");
        };
        let member = self.members.get(node).ok_or(Rejection::NoSuchMember { node: *node })?;
        let same = member.session == Some(*session);
        self.advance_clock(*now_ms);
        if !same {
            self.return_leases(*node);
        }
        let changed_ms = self.header.clock_ms;
        self.members.update(node, |member| {
            if !same {
                member.changed_ms = changed_ms;
            }
            member.session = Some(*session);
            member.version.clone_from(version);
            member.mesh_address.clone_from(mesh_address);
            member.admin_url.clone_from(admin_url);
            member.transfer_url.clone_from(transfer_url);
        });
        Ok(Outcome::Done)
    }

    pub(super) fn node_lost(&mut self, node: NodeId, session: SessionId, now_ms: u64) -> Result<Outcome, Rejection> {
        self.check_session(node, session)?;
        self.advance_clock(now_ms);
        self.return_leases(node);
        let changed_ms = self.header.clock_ms;
        self.members.update(&node, |member| {
            member.session = None;
            member.changed_ms = changed_ms;
        });
        Ok(Outcome::Done)
    }

    /// Whether the session is the one that runs.
    pub(super) fn check_session(&self, node: NodeId, session: SessionId) -> Result<(), Rejection> {
        let member = self.members.get(&node).ok_or(Rejection::NoSuchMember { node })?;
        if member.session == Some(session) { Ok(()) } else { Err(Rejection::StaleSession { node }) }
    }
}
