//! Commands of people: carried out, and written to the audit log together with what was before and after.

use crate::audit::{AuditId, AuditRecord, EncodedCommand, Origin, shortened};
use crate::command::{Command, EventAction, VersionedRow};
use crate::ids::NodeId;
use crate::names::AccountName;
use crate::outcome::{Outcome, Rejection};
use crate::party::Step;
use crate::state::{State, parameter_names};

use super::parties::check_version;

/// What a command is about, in words.
pub(super) struct Deed {
    operation: String,
    subject: String,
}

pub(super) fn deed(operation: &str, subject: impl ToString) -> Option<Deed> {
    Some(Deed { operation: operation.to_owned(), subject: subject.to_string() })
}

fn of_node(name: &str, node: Option<NodeId>) -> String {
    node.map_or_else(|| name.to_owned(), |node| format!("{name} of node {node}"))
}

fn kinds(steps: &[Step]) -> String {
    steps.iter().map(Step::kind).collect::<Vec<_>>().join(", ")
}

fn action_name(action: &EventAction) -> &'static str {
    match action {
        EventAction::Retry { .. } => "event.retry",
        EventAction::Discard => "event.discard",
        EventAction::Cancel => "event.cancel",
        EventAction::Resolve(_) => "event.resolve",
    }
}

impl State {
    pub(super) fn audited(
        &mut self,
        origin: &Origin,
        credential: Option<&String>,
        command: &EncodedCommand,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        match command.decode().ok_or(Rejection::NestedCommand)? {
            Command::IfVersion { row, expected_version, command } => {
                check_version(Some(expected_version), self.version_of(&row))?;
                let command = command.decode().ok_or(Rejection::NestedCommand)?;
                self.carried_out(origin, credential, &command, now_ms)
            }
            Command::Once { key, request, answer, command } => {
                self.check_new_request(&key, &request, &answer)?;
                let command = command.decode().ok_or(Rejection::NestedCommand)?;
                let outcome = self.carried_out(origin, credential, &command, now_ms)?;
                self.remember_request(key, request, answer);
                Ok(outcome)
            }
            command => self.carried_out(origin, credential, &command, now_ms),
        }
    }

    fn carried_out(
        &mut self,
        origin: &Origin,
        credential: Option<&String>,
        command: &Command,
        now_ms: u64,
    ) -> Result<Outcome, Rejection> {
        let deed = described(command).ok_or(Rejection::NestedCommand)?;
        if let Command::RecordOperation { before, after, .. } = command {
            self.advance_clock(now_ms);
            self.write_audit(origin, credential, deed, [before.clone(), after.clone()]);
            return Ok(Outcome::Done);
        }
        let before = self.shown(command);
        let outcome = self.dispatch(command)?;
        self.advance_clock(now_ms);
        let after = self.shown(command);
        self.write_audit(origin, credential, deed, [before, after]);
        Ok(outcome)
    }

    /// Rows without a credential are those of old logs, which were not chained either.
    pub(super) fn write_audit(
        &mut self,
        origin: &Origin,
        credential: Option<&String>,
        deed: Deed,
        [before, after]: [Option<String>; 2],
    ) {
        let last = self.audit.last().map(|(_, row)| row);
        let id = AuditId(last.map_or(1, |row| row.id.0 + 1));
        let previous = credential.and(last).map(AuditRecord::hash);
        let origin = Origin { who: shortened(origin.who.clone()), remote: shortened(origin.remote.clone()) };
        let record = AuditRecord {
            id,
            at_ms: self.header.clock_ms,
            origin,
            operation: shortened(deed.operation),
            subject: shortened(deed.subject),
            before: before.map(shortened),
            after: after.map(shortened),
            credential: credential.cloned().map(shortened),
            previous,
        };
        self.audit.insert(id, record);
        // The newest stays in any case: numbers go on from it.
        let limit = self.number(parameter_names::MAX_AUDIT_RECORDS, 100_000).max(1);
        while self.audit.len() as u64 > limit {
            let Some(oldest) = self.audit.first().map(|(id, _)| *id) else { break };
            self.audit.remove(&oldest);
        }
    }

    /// How the subject of a command stands now. Without secrets.
    fn shown(&self, command: &Command) -> Option<String> {
        use Command as C;
        match command {
            C::SetParameter { name, node, .. } => {
                self.parameters.get(&(name.clone(), *node)).map(|row| row.value.clone())
            }
            C::SetParameters { changes, .. } => {
                let value = |change: &crate::command::ParameterChange| {
                    let row = self.parameters.get(&(change.name.clone(), change.node))?;
                    Some(format!("{}={}", of_node(&change.name, change.node), row.value))
                };
                Some(changes.iter().filter_map(value).collect::<Vec<_>>().join(", "))
            }
            C::AdmitMember { .. } | C::RemoveMember { .. } | C::MoveMember { .. } => Some(self.servers_in_words()),
            C::PutAccount { name, .. } | C::RemoveAccount { name } => self.accounts.get(name).map(|row| {
                let quota = |limit: Option<u64>| limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
                let state = if row.enabled { "enabled" } else { "disabled" };
                let (bytes, files) = (quota(row.quota_bytes), quota(row.quota_files));
                format!("{state}, quota {bytes} bytes, {files} files, version {}", row.version)
            }),
            C::PutAdministrator { name, .. }
            | C::PutDelegate { name, .. }
            | C::RemoveAdministrator { name }
            | C::SetAdministratorEnabled { name, .. } => {
                let row = self.administrators.get(name)?;
                let tokens = self.api_tokens.values().filter(|token| token.owner == *name).count();
                let tokens = if tokens > 0 { format!(", {tokens} API tokens") } else { String::new() };
                let accounts = self.delegations.get(name).map(|row| {
                    let names: Vec<&str> = row.accounts.iter().map(AccountName::as_str).collect();
                    format!(" of {}", names.join(", "))
                });
                let accounts = accounts.unwrap_or_default();
                let state = if row.is_enabled() { "" } else { ", disabled" };
                Some(format!("{:?}{accounts}, version {}{state}{tokens}", row.role, row.version))
            }
            C::AddAdministratorCertificate { fingerprint, .. }
            | C::RemoveAdministratorCertificate { fingerprint, .. } => {
                self.administrator_certificates.get(fingerprint).map(|row| format!("{fingerprint} ({})", row.subject))
            }
            C::PutRoute { account, .. } => self.routes.get(account).map(|route| kinds(&route.steps)),
            C::PutKindRoute { account, kind, .. } => {
                let own = self.kind_routes.get(&(account.clone(), kind.clone()));
                let is_of_files = kind.as_str() == crate::event::EventKind::FILE_RECEIVED;
                let route = if is_of_files { self.routes.get(account) } else { own };
                route.map(|route| kinds(&route.steps))
            }
            C::ResubmitTransfer { transfer, .. } => {
                let row = self.transfers.get(transfer)?;
                let event = row.event.map_or_else(String::new, |event| format!(", event {event}"));
                Some(format!("{}{event}", row.state.name()))
            }
            C::SetLane { lane, .. } => self
                .lane(lane)
                .map(|(_, row)| format!("weight {}, {}", row.weight, if row.is_paused { "paused" } else { "running" })),
            C::TrustAuthority { authority } | C::ReplaceAuthority { authority, .. } => {
                self.authorities.contains(&authority.fingerprint).then(|| "trusted".to_owned())
            }
            C::DistrustAuthority { fingerprint, .. } => {
                self.authorities.contains(fingerprint).then(|| "trusted".to_owned())
            }
            C::RevokeCertificate { serial, .. } => {
                self.revocations.get(serial).map(|row| format!("revoked: {}", row.reason))
            }
            C::SetTransactionManager { .. } => {
                let stopped: Vec<_> = self.stopped_tms.iter().map(|(node, _)| node.to_string()).collect();
                Some(if stopped.is_empty() {
                    "all running".to_owned()
                } else {
                    format!("stopped: {}", stopped.join(", "))
                })
            }
            C::SetMemberLeaving { node, .. } => {
                let is_leaving = self.leaving.contains(node);
                self.members.contains(node).then(|| if is_leaving { "leaves" } else { "stays" }.to_owned())
            }
            C::CreateApiToken { name, .. } | C::RevokeApiToken { name } => {
                self.api_token(name).map(|token| format!("{:?} of {}", token.role, token.owner))
            }
            C::UnlockAdministrator { name } => self.login_failures.get(name).map(|row| match row.locked_until_ms {
                Some(_) => format!("{} failures, locked", row.count),
                None => format!("{} failures", row.count),
            }),
            C::EnrolSecondFactor { name, .. }
            | C::ConfirmSecondFactor { name, .. }
            | C::RemoveSecondFactor { name } => self
                .second_factors
                .get(name)
                .map(|factor| if factor.confirmed_ms.is_some() { "needed" } else { "to be confirmed" }.to_owned()),
            C::OpenLoginSession { id, .. } => self.login_sessions.get(id).map(|_| format!("session {id}")),
            C::EndLoginSession { id } => {
                self.login_sessions.get(id).map(|session| format!("of {}", session.administrator))
            }
            C::EndPartnerSession { id } => self.partner_sessions.get(id).map(|row| format!("of {}", row.account)),
            C::CancelUpload { account, id } => {
                self.upload(account, *id).map(|row| format!("{}: {} of {} bytes", row.path, row.offset(), row.length))
            }
            C::RotateSecret { fingerprint, .. } | C::FinishRotation { fingerprint, .. } => {
                self.secret_rotations.get(fingerprint).map(|row| match row.finished_ms {
                    Some(_) => "finished".to_owned(),
                    None => format!("{} of {} members", row.adopted.len(), self.members.len()),
                })
            }
            _ => None,
        }
    }

    /// 0: there is no such row.
    fn version_of(&self, row: &VersionedRow) -> u64 {
        match row {
            VersionedRow::Account(name) => self.accounts.get(name).map_or(0, |row| row.version),
            VersionedRow::Administrator(name) => self.administrators.get(name).map_or(0, |row| row.version),
            VersionedRow::Lane(name) => self.lane(name).map_or(0, |(_, lane)| lane.version()),
            VersionedRow::Servers => self.servers_version(),
        }
    }

    fn servers_in_words(&self) -> String {
        let names = self.header.servers.iter().filter_map(|node| self.members.get(node)).map(|row| row.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// What a person's command does to what. `None`: it is none of a person's.
fn described(command: &Command) -> Option<Deed> {
    use Command as C;
    match command {
        C::CreateJoinToken { .. } => deed("join-token.create", ""),
        C::AdmitMember { name, .. } => deed("member.admit", name),
        C::RemoveMember { node, .. } => deed("member.remove", format!("node {node}")),
        C::MoveMember { node, .. } => deed("member.move", format!("node {node}")),
        C::SetParameter { name, node, .. } => deed("parameter.set", of_node(name, *node)),
        C::SetParameters { changes, .. } => deed("parameter.import", format!("{} parameters", changes.len())),
        C::PutAccount { name, password_hash: Some(_), .. } => deed("account.put-with-password", name.as_str()),
        C::PutAccount { name, .. } => deed("account.put", name.as_str()),
        C::RemoveAccount { name } => deed("account.remove", name.as_str()),
        C::PutAdministrator { name, .. } => deed("administrator.put", name.as_str()),
        C::PutDelegate { name, .. } => deed("administrator.put", name.as_str()),
        C::AddAdministratorCertificate { administrator, .. } => deed("administrator-certificate.add", administrator),
        C::RemoveAdministratorCertificate { administrator, .. } => {
            deed("administrator-certificate.remove", administrator)
        }
        C::RemoveAdministrator { name } => deed("administrator.remove", name.as_str()),
        C::SetAdministratorEnabled { name, is_enabled, .. } => {
            deed(if *is_enabled { "administrator.enable" } else { "administrator.disable" }, name.as_str())
        }
        C::ResubmitTransfer { transfer, .. } => deed("transfer.resubmit", format!("transfer {transfer}")),
        C::PutRoute { account, .. } => deed("route.put", account.as_str()),
        C::PutKindRoute { account, kind, .. } => deed("route.put", format!("{} of {account}", kind.as_str())),
        C::SetLane { lane, .. } => deed("lane.set", lane),
        C::ChangeEvents { events, action, .. } => {
            let listed: Vec<_> = events.iter().take(50).map(ToString::to_string).collect();
            deed(action_name(action), format!("{} events: {}", events.len(), listed.join(", ")))
        }
        C::TrustAuthority { authority } => deed("authority.trust", &authority.fingerprint),
        C::ReplaceAuthority { authority, node, .. } => {
            deed("authority.replace", format!("{} of node {node}", authority.fingerprint))
        }
        C::DistrustAuthority { fingerprint, .. } => deed("authority.remove", fingerprint),
        C::RevokeCertificate { serial, subject, .. } => deed("certificate.revoke", format!("{serial} ({subject})")),
        C::SetTransactionManager { node, is_stopped, .. } => {
            let operation = if *is_stopped { "transaction-manager.stop" } else { "transaction-manager.start" };
            deed(operation, node.map_or_else(|| "all nodes".to_owned(), |node| format!("node {node}")))
        }
        C::SetMemberLeaving { node, is_leaving, .. } => {
            deed(if *is_leaving { "member.leave" } else { "member.keep" }, format!("node {node}"))
        }
        C::RotateSecret { fingerprint, .. } => deed("secret.rotate", fingerprint),
        C::FinishRotation { fingerprint, .. } => deed("secret.finish-rotation", fingerprint),
        C::CreateApiToken { name, .. } => deed("api-token.create", name),
        C::RevokeApiToken { name } => deed("api-token.revoke", name),
        C::OpenLoginSession { administrator, .. } => deed("session.open", administrator),
        C::EndLoginSession { id } => deed("session.end", id),
        C::EndPartnerSession { id } => deed("partner-session.end", id),
        C::CancelUpload { account, id } => deed("upload.cancel", format!("{id} of {account}")),
        C::UnlockAdministrator { name } => deed("administrator.unlock", name),
        C::EnrolSecondFactor { name, .. } => deed("second-factor.enrol", name),
        C::ConfirmSecondFactor { name, .. } => deed("second-factor.confirm", name),
        C::RemoveSecondFactor { name } => deed("second-factor.reset", name),
        C::RecordOperation { operation, subject, .. } => deed(operation, subject),
        _ => None,
    }
}
