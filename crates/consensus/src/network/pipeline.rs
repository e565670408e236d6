//! `AppendEntries` in a pipeline: further ones travel while a follower still writes and syncs the first.
//!
//! They are sent in order over one connection, and [`super::turns`] keeps the order at the other end. One that fails makes
//! those behind it of no use: the pipeline ends, and openraft begins another one where the follower stands.

use futures::stream::{self, Stream, StreamExt};
use openraft::OptionalSend;
use openraft::base::BoxStream;
use openraft::raft::{AppendEntriesRequest, AppendEntriesResponse, StreamAppendResult};

use super::client::{PeerClient, RpcError};
use crate::types::TypeConfig;

/// On the way at the same time, of up to a MiB each. One is synced while another travels; the others keep both busy while answers
/// come back. Over links of many milliseconds entries gather meanwhile, so that each carries more.
const IN_FLIGHT_MAX: usize = 4;

type Answer = Result<StreamAppendResult<TypeConfig>, RpcError>;

pub(super) fn stream_append<'s, S>(client: &'s PeerClient, requests: S) -> BoxStream<'s, Answer>
where
    S: Stream<Item = AppendEntriesRequest<TypeConfig>> + OptionalSend + 'static,
{
    let answers = requests.map(|request| append(client, request)).buffered(IN_FLIGHT_MAX);
    Box::pin(stream::unfold(Some(Box::pin(answers)), |answers| async move {
        let mut answers = answers?;
        let (answer, goes_on) = answers.next().await?;
        Some((answer, goes_on.then_some(answers)))
    }))
}

/// The answer, and whether what follows is of use.
async fn append(client: &PeerClient, request: AppendEntriesRequest<TypeConfig>) -> (Answer, bool) {
    let before = request.prev_log_id;
    let last = request.entries.last().map_or(before, |entry| Some(entry.log_id));
    match client.append(&request).await {
        Ok(answer) => {
            let is_whole = match &answer {
                AppendEntriesResponse::Success => true,
                AppendEntriesResponse::PartialSuccess(reached) => *reached == last,
                _ => false,
            };
            (Ok(answer.into_stream_result(before, last)), is_whole)
        }
        Err(error) => (Err(error), false),
    }
}
