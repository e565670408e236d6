//! The upload that a request is about.

use flotilla_model::{AccountName, PartialUpload, State, UploadId};

use crate::context::Context;
use crate::problem::Problem;

/// In the latest state: an offset that another node has moved since is of no use to a client.
pub(super) async fn find(
    context: &Context,
    account: &AccountName,
    id: UploadId,
) -> Result<(PartialUpload, State), Problem> {
    let state = match context.latest().await {
        Some(state) => state,
        None => context.log.state(),
    };
    let upload = state.upload(account, id).cloned();
    let missing = || flotilla_model::Rejection::NoSuchUpload { id }.into();
    upload.map(|upload| (upload, state)).ok_or_else(missing)
}
