//! `routes/ACCOUNT/operations/dry-run`: what a route would do with a transfer or an event, worked out of the state alone. Nothing is
//! called, so that what only a receiver or a node's disk knows (a program that is missing, a server that refuses) stays open.

use actix_web::web;
use flotilla_model::{
    AccountName, EventId, EventKind, FilePath, FileSubject, LaneName, Payload, Route, State, Step, TransferId,
};

use super::{name_in_path, steps};
use crate::api::{DryRun, DryRunRequest, DryStep};
use crate::error::ApiError;
use crate::server::{Body, Read};
use crate::{Admin, webhook_notice};

/// Of data that a receiver would be sent.
const SHOWN_BYTES_MAX: usize = 16 * 1024;

pub(crate) async fn dry_run(
    admin: web::Data<Admin>,
    _: Read,
    account: web::Path<String>,
    Body(request): Body<DryRunRequest>,
) -> Result<web::Json<DryRun>, ApiError> {
    let account = name_in_path(&account)?;
    let state = admin.view().state;
    let subject = Subject::find(&state, &account, &request)?;
    let kind = subject.kind.clone();
    let route = match kind.as_str() {
        EventKind::FILE_RECEIVED => state.routes.get(&account).cloned(),
        kind => state.kind_route(&account, kind).cloned(),
    };
    let former = route.as_ref().map_or(&[][..], |route| &route.steps);
    let own = request.steps.map(|given| steps::read_all(given, former, &admin.parts().secrets)).transpose()?;
    let steps = match (&own, &route) {
        (Some(steps), _) => steps,
        (None, Some(route)) => &route.steps,
        (None, None) => {
            return Err(ApiError::not_found(format!("the account {account} has no route for {kind}"))
                .mend("set one, or send the steps that it is to have"));
        }
    };
    Ok(web::Json(DryRun {
        account: account.to_string(),
        path: subject.file.as_ref().map(|file| file.path.to_string()),
        size_bytes: subject.length(),
        lane: lane(route.as_deref(), &account),
        steps: steps.iter().zip(0..).map(|(step, index)| subject.rehearse(&state, step, index)).collect(),
        kind,
    }))
}

fn lane(route: Option<&Route>, account: &AccountName) -> String {
    route.and_then(|route| route.lane.clone()).unwrap_or_else(|| LaneName::of(account)).to_string()
}

/// What the route would be run on.
struct Subject {
    account: AccountName,
    kind: String,
    /// 0: it gets its number when it is run.
    event: u64,
    received_ms: u64,
    file: Option<FileSubject>,
    data: Option<Payload>,
}

impl Subject {
    fn find(state: &State, account: &AccountName, request: &DryRunRequest) -> Result<Self, ApiError> {
        match (request.transfer, request.event) {
            (Some(transfer), None) => Self::of_transfer(state, account, transfer),
            (None, Some(event)) => Self::of_event(state, account, event),
            _ => Err(ApiError::invalid("transfer", "name a transfer or an event, and only one of them")),
        }
    }

    fn of_transfer(state: &State, account: &AccountName, id: TransferId) -> Result<Self, ApiError> {
        let row = state.transfers.get(&id).filter(|row| row.account == *account);
        let row = row.ok_or_else(|| ApiError::not_found(format!("the account {account} has no transfer {id}")))?;
        let file = FileSubject {
            path: row.path.clone(),
            blob: row.blob,
            length: row.length,
            sha256: row.sha256,
            transfer: id,
        };
        Ok(Self {
            account: account.clone(),
            kind: EventKind::FILE_RECEIVED.to_owned(),
            event: row.event.map_or(0, |event| event.0),
            received_ms: row.stored_ms,
            file: Some(file),
            data: None,
        })
    }

    fn of_event(state: &State, account: &AccountName, id: EventId) -> Result<Self, ApiError> {
        let row = state.events.get(&id).filter(|row| row.account == *account);
        let row = row.ok_or_else(|| ApiError::not_found(format!("the account {account} has no event {id}")))?;
        Ok(Self {
            account: account.clone(),
            kind: row.kind.name().to_owned(),
            event: id.0,
            received_ms: row.created_ms,
            file: row.file().cloned(),
            data: row.data().cloned(),
        })
    }

    fn length(&self) -> u64 {
        let of_data = self.data.as_ref().map_or(0, |data| data.len() as u64);
        self.file.as_ref().map_or(of_data, |file| file.length)
    }

    fn rehearse(&self, state: &State, step: &Step, index: u32) -> DryStep {
        let (does, sends, problem) = match step {
            Step::Checksum => self.checksum(state),
            Step::Publish { account, folder } => self.publish(state, account, folder),
            Step::Webhook { url, key, timeout_ms, .. } => {
                let signed = if key.is_some() { "signed" } else { "not signed" };
                (format!("POST {url}, {signed}, with at most {timeout_ms} ms for the answer"), self.body(), None)
            }
            Step::Command { program, arguments, timeout_ms, .. } => {
                let words = arguments.iter().fold(program.clone(), |words, argument| format!("{words} {argument:?}"));
                let what = if self.file.is_some() { "the file" } else { "the event's data" };
                let does = format!(
                    "runs {words} with {what}, {} bytes, as its standard input, for at most {timeout_ms} ms",
                    self.length()
                );
                (does, None, self.missing_contents(state))
            }
            Step::Log { message } => (format!("writes {message:?} to the log of the node that runs it"), None, None),
        };
        DryStep { step: index, kind: step.kind().to_owned(), does, sends, is_repeatable: step.is_idempotent(), problem }
    }

    fn checksum(&self, state: &State) -> Rehearsed {
        let Some(file) = &self.file else { return without_file("compares a file with its SHA-256") };
        let does = format!("reads {} bytes and compares their SHA-256 with {}", file.length, file.sha256);
        (does, None, self.missing_contents(state))
    }

    fn publish(&self, state: &State, target: &AccountName, folder: &str) -> Rehearsed {
        let Some(file) = &self.file else { return without_file("gives a file to another account") };
        let path: FilePath = match file.path.inside(folder) {
            Ok(path) => path,
            Err(error) => return (format!("gives the file to {target}"), None, Some(error.to_string())),
        };
        let does = format!("gives the file to {target} as {path}");
        match state.check_target(target, &path, file.length) {
            Ok(Some(_)) => (format!("{does}, in the place of the file that has this name"), None, None),
            Ok(None) => (does, None, self.missing_contents(state)),
            Err(rejection) => (does, None, Some(rejection.to_string())),
        }
    }

    fn missing_contents(&self, state: &State) -> Option<String> {
        let file = self.file.as_ref()?;
        (!state.blobs.contains(&file.blob))
            .then(|| "the contents are gone: the file was removed or replaced".to_owned())
    }

    /// What a receiver gets: a notice of the file, or the data as it was published.
    fn body(&self) -> Option<String> {
        let bytes = match (&self.file, &self.data) {
            (Some(file), _) => webhook_notice(self.event, &self.account, file, self.received_ms).ok()?,
            (None, Some(data)) if data.len() <= SHOWN_BYTES_MAX => data.read().ok()?.into_owned(),
            _ => return None,
        };
        String::from_utf8(bytes).ok()
    }
}

/// What it does, what it sends, and why it would fail.
type Rehearsed = (String, Option<String>, Option<String>);

fn without_file(does: &str) -> Rehearsed {
    (does.to_owned(), None, Some("the event is about no file".to_owned()))
}
