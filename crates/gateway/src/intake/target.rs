//! Whether a file may come in: its name, its conditions, its size, and a place among the uploads of this node.

use std::sync::atomic::Ordering;

use flotilla_model::{AccountName, FilePath, FileRecord, PutCondition, State};

use crate::codes;
use crate::context::Context;
use crate::metrics::{Gauge, add};
use crate::problem::Problem;
use crate::refusals::RETRY_AFTER_S;
use crate::request::conditions::Conditions;

/// How many bytes a body may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub(crate) bytes: u64,
    /// It is the account's quota that says so, not the size limit.
    pub(crate) is_quota: bool,
}

impl Room {
    /// For a file that replaces `replaced_bytes`. Refuses a length that is too large in any case.
    pub(crate) fn check(
        context: &Context,
        state: &State,
        account: &AccountName,
        length: Option<u64>,
        replaced_bytes: u64,
    ) -> Result<Self, Problem> {
        let size_max = check_size(context, state, length)?;
        let quota = state.accounts.get(account).and_then(|account| account.quota_bytes);
        let used = state.usage(account).bytes.saturating_sub(replaced_bytes) + state.partial_bytes(account);
        let quota_left = quota.map_or(u64::MAX, |quota| quota.saturating_sub(used));
        Ok(Self { bytes: size_max.min(quota_left), is_quota: quota_left < size_max })
    }
}

/// The largest size of a file.
pub(crate) fn check_size(context: &Context, state: &State, length: Option<u64>) -> Result<u64, Problem> {
    let size_max = context.parameters(state).files_size_max_bytes();
    match length.filter(|length| *length > size_max) {
        Some(length) => Err(Problem::new(&codes::TOO_LARGE, format!("{length} bytes are more than {size_max}"))),
        None => Ok(size_max),
    }
}

/// The file that has the name, and what must hold of it when the new one takes it. `state` becomes the latest one if this node
/// is behind: only what holds there is refused.
pub(crate) async fn check_target(
    context: &Context,
    state: &mut State,
    (account, path): (&AccountName, &FilePath),
    length: u64,
    conditions: &Conditions,
) -> Result<(Option<FileRecord>, PutCondition), Problem> {
    let check = |state: &State| {
        let old = state.check_target(account, path, length)?;
        let condition = conditions
            .check_change(old.as_ref())
            .map_err(|_| Problem::new(&codes::PRECONDITION_FAILED, "the file is not the expected one"))?;
        Ok((old, condition))
    };
    match check(state) {
        Ok(met) => Ok(met),
        Err(problem) => match context.latest().await {
            Some(latest) => {
                *state = latest;
                check(state)
            }
            None => Err(problem),
        },
    }
}

pub(super) fn over_quota(limit_bytes: u64) -> Problem {
    Problem::new(&codes::QUOTA_EXCEEDED, format!("the account has room for {limit_bytes} bytes more"))
}

/// A place among the uploads of this node, for as long as it is held.
pub(crate) fn slot<'a>(context: &'a Context, state: &State) -> Result<Gauge<'a>, Problem> {
    let uploads_max = context.parameters(state).gateway_uploads_max() as u64;
    Gauge::enter_below(&context.metrics.uploads_in_flight, uploads_max).ok_or_else(|| shed(context, uploads_max))
}

/// Whether there is such a place.
pub(crate) fn slots(context: &Context, state: &State) -> Result<(), Problem> {
    let uploads_max = context.parameters(state).gateway_uploads_max() as u64;
    let running = context.metrics.uploads_in_flight.load(Ordering::Relaxed);
    if running >= uploads_max { Err(shed(context, uploads_max)) } else { Ok(()) }
}

fn shed(context: &Context, uploads_max: u64) -> Problem {
    add(&context.metrics.uploads_shed, 1);
    Problem::new(&codes::UPLOADS_FULL, format!("{uploads_max} uploads run")).retry_after_s(RETRY_AFTER_S)
}
