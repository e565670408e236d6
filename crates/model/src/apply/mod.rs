//! What each command does. A refused command changes nothing: every check comes before the first change.

mod administrator_certificates;
mod api_tokens;
mod audit;
mod clock;
mod delay;
mod delegates;
mod ends;
mod files;
mod lanes;
mod leaving;
mod login;
mod members;
mod parameters;
mod parties;
mod partner_sessions;
mod people;
mod publish;
mod resubmission;
mod routes;
mod second_factor;
mod secret;
mod trust;
mod uploads;
mod work;

use crate::command::{Command, EventAction};
use crate::outcome::{Outcome, Rejection};
use crate::state::State;

impl State {
    /// Applies one command. Deterministic: the answer and the new state depend on nothing but the old state and the command.
    pub fn apply(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        let answer = self.dispatch(command);
        self.write_tally();
        answer
    }

    fn dispatch(&mut self, command: &Command) -> Result<Outcome, Rejection> {
        use Command as C;
        let created = self.header.cluster.id != 0;
        if !created && !matches!(command, C::CreateCluster { .. } | C::Tick { .. }) {
            return Err(Rejection::NoCluster);
        }
        match command {
            C::Tick { now_ms } => self.tick(*now_ms),
            C::CreateCluster { id, name, parameters, now_ms } => self.create_cluster(*id, name, parameters, *now_ms),
            C::CreateJoinToken { secret_hash, expires_ms, created_by, now_ms } => {
                self.create_join_token(*secret_hash, *expires_ms, created_by, *now_ms)
            }
            C::AdmitMember { .. } => self.admit_member(command),
            C::RemoveMember { node, now_ms } => self.remove_member(*node, *now_ms),
            C::MoveMember { node, position } => self.move_member(*node, *position),
            C::NodeStarted { .. } => self.node_started(command),
            C::NodeLost { node, session, now_ms, .. } => self.node_lost(*node, *session, *now_ms),
            C::TrustAuthority { authority } => self.trust_authority(authority),
            C::SetParameter { .. } => self.set_parameter(command),
            C::PutAccount { .. } => self.put_account(command),
            C::RemoveAccount { name } => self.remove_account(name),
            C::PutAdministrator { name, password_hash, role, must_change_password, now_ms } => {
                self.put_administrator(name, password_hash.as_deref(), *role, *must_change_password, *now_ms)
            }
            C::RemoveAdministrator { name } => self.remove_administrator(name),
            C::PutRoute { account, steps, expected_version } => self.put_route(account, steps, *expected_version),
            C::FileStored { .. } => self.file_stored(command),
            C::RemoveFile { account, path, expected } => self.remove_file(account, path, *expected),
            C::MoveFile { account, from, to, overwrite, now_ms } => {
                self.move_file(account, from, to, *overwrite, *now_ms)
            }
            C::ReplicaAdded { blob, node } => self.replica_added(*blob, *node),
            C::ReplicaLost { blob, node } => self.replica_lost(*blob, *node),
            C::Claim { node, session, count, steal_after_ms, now_ms } => {
                self.claim(*node, *session, *count, *steal_after_ms, *now_ms)
            }
            C::BeginStep { event, attempt, node, session, step, now_ms } => {
                self.begin_step((*event, *attempt, *node, *session), *step, *now_ms)
            }
            C::PublishFile { .. } => self.publish_file(command),
            C::RenewLeases { node, session, leases, now_ms } => self.renew_leases(*node, *session, leases, *now_ms),
            C::Complete { node, session, results, now_ms } => self.complete(*node, *session, results, *now_ms),
            C::RetryEvent { event, now_ms } => self.change_one(*event, &EventAction::Retry { steps: None }, *now_ms),
            C::DiscardEvent { event, now_ms } => self.change_one(*event, &EventAction::Discard, *now_ms),
            C::ResolveEvent { event, answer, now_ms } => {
                self.change_one(*event, &EventAction::Resolve(*answer), *now_ms)
            }
            C::PublishEvents { .. } => self.publish_events(command),
            C::ChangeEvents { events, action, now_ms } => self.change_events(events, action, *now_ms),
            C::SetLane { lane, weight, is_paused, now_ms } => self.set_lane(lane, *weight, *is_paused, *now_ms),
            C::PutKindRoute { .. } => self.put_kind_route(command),
            C::Audited { origin, command, now_ms } => self.audited(origin, None, command, *now_ms),
            C::Attributed { origin, credential, command, now_ms } => {
                self.audited(origin, Some(credential), command, *now_ms)
            }
            // Alone they are of no effect: only `Audited` may write to the audit log.
            C::RecordOperation { .. } | C::IfVersion { .. } | C::Once { .. } => Err(Rejection::NestedCommand),
            C::SetParameters { changes, changed_by, now_ms } => self.set_parameters(changes, changed_by, *now_ms),
            C::ReportCertificates { node, session, certificates, now_ms } => {
                self.report_certificates(*node, *session, certificates, *now_ms)
            }
            C::RevokeCertificate { .. } => self.revoke_certificate(command),
            C::ReplaceAuthority { node, authority, now_ms } => self.replace_authority(*node, authority, *now_ms),
            C::DistrustAuthority { fingerprint, force } => self.distrust_authority(fingerprint, *force),
            C::SetTransactionManager { node, is_stopped, now_ms } => {
                self.set_transaction_manager(*node, *is_stopped, *now_ms)
            }
            C::RotateSecret { .. } => self.rotate_secret(command),
            C::SecretAdopted { node, fingerprint } => self.secret_adopted(*node, fingerprint),
            C::SetMemberLeaving { node, is_leaving, now_ms } => self.set_member_leaving(*node, *is_leaving, *now_ms),
            C::FinishRotation { fingerprint, force, now_ms } => self.finish_rotation(fingerprint, *force, *now_ms),
            C::CreateApiToken { .. } => self.create_api_token(command),
            C::RevokeApiToken { name } => self.revoke_api_token(name),
            C::OpenLoginSession { .. } => self.open_login_session(command),
            C::EndLoginSession { id } => self.end_login_session(*id),
            C::RecordFailedLogins { failed, now_ms } => self.record_failed_logins(failed, *now_ms),
            C::UnlockAdministrator { name } => self.unlock_administrator(name),
            C::EnrolSecondFactor { name, secret, recovery_codes, now_ms } => {
                self.enrol_second_factor(name, secret, recovery_codes, *now_ms)
            }
            C::ConfirmSecondFactor { name, secret, step, now_ms } => {
                self.confirm_second_factor(name, secret, *step, *now_ms)
            }
            C::RemoveSecondFactor { name } => self.remove_second_factor(name),
            C::SetAdministratorEnabled { name, is_enabled, now_ms } => {
                self.set_administrator_enabled(name, *is_enabled, *now_ms)
            }
            C::ResubmitTransfer { transfer, node, now_ms } => self.resubmit_transfer(*transfer, *node, *now_ms),
            C::AddAdministratorCertificate { .. } => self.add_administrator_certificate(command),
            C::RemoveAdministratorCertificate { administrator, fingerprint } => {
                self.remove_administrator_certificate(administrator, fingerprint)
            }
            C::PutDelegate { .. } => self.put_delegate(command),
            C::OpenUpload { .. } => self.open_upload(command),
            C::AppendToUpload { .. } => self.append_to_upload(command),
            C::FinishUpload { account, id, file } => self.finish_upload(account, *id, file),
            C::CancelUpload { account, id } => self.cancel_upload(account, *id),
            C::OpenPartnerSession { .. } => self.open_partner_session(command),
            C::EndPartnerSession { id } => self.end_partner_session(*id),
            C::SealSecondFactor { name, former, secret } => self.seal_second_factor(name, former, secret),
        }
    }

    /// The log's time never goes back.
    fn advance_clock(&mut self, now_ms: u64) {
        self.header.clock_ms = self.header.clock_ms.max(now_ms);
    }
}
