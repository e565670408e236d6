//! From contents on disks to a row of the state.

use flotilla_files::StoredBlob;
use flotilla_model::{BlobId, Command, Outcome, Rejection};

use crate::commit::{CommitError, Repeat, commit};
use crate::context::Context;
use crate::intake::copies;
use crate::problem::Problem;

/// How often contents get further copies because members came or went while their bytes did.
const MEMBER_CHANGES_MAX: usize = 3;

/// Proposes the command that names the contents, repeated until its outcome is known. Contents that nothing will ever name go at
/// once; when that is not certain they are left to the sweep.
pub(crate) async fn record(
    context: &Context,
    blob: BlobId,
    stored: &mut StoredBlob,
    command: impl Fn(&StoredBlob) -> Command,
) -> Result<Outcome, Problem> {
    let mut outcome = commit(context, command(stored), Repeat::Harmless).await;
    for _ in 0..MEMBER_CHANGES_MAX {
        // Members came or went while the body did.
        if !matches!(outcome, Err(CommitError::Rejected(Rejection::TooFewReplicas { .. }))) {
            break;
        }
        copies::add(context, blob, stored).await;
        outcome = commit(context, command(stored), Repeat::Harmless).await;
    }
    let error = match outcome {
        Ok(outcome) => return Ok(outcome),
        Err(error) => error,
    };
    if !matches!(error, CommitError::Unknown(_))
        && let Err(error) = context.files.remove(blob, &stored.nodes).await
    {
        tracing::debug!(%blob, %error, "refused contents are left to the sweep");
    }
    Err(error.into())
}
