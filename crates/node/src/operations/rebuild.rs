//! The state of this node made anew from another node's: what mends one that differs.

use std::io::BufReader;

use flotilla_admin::nodes::{NodeAnswer, NodeProblem};
use flotilla_consensus::{ReplaceError, Role};
use flotilla_model::{NodeId, State};
use futures::stream;
use tokio::runtime::Handle;
use tokio_util::io::{StreamReader, SyncIoBridge};

use super::Operations;
use crate::wiring::{StateHeader, state_request};

impl Operations {
    pub(super) async fn rebuild(&self, from: NodeId) -> Result<NodeAnswer, NodeProblem> {
        if self.consensus.status().role == Role::Primary {
            return Err(NodeProblem::wrong_state(format!("node {} leads", self.node))
                .mend("hand the lead over first: flotilla primary handover"));
        }
        let (index, state) = self.fetch(from).await?;
        let at = self.consensus.replace_state(index, state).await.map_err(|error| match error {
            ReplaceError::Purged(_) | ReplaceError::Behind { .. } | ReplaceError::Shutdown => {
                NodeProblem::unavailable(error.to_string()).mend("try again")
            }
            ReplaceError::Log(_) => NodeProblem::internal(error.to_string()),
        })?;
        let digest = self.consensus.view().digest;
        tracing::warn!(%from, index = at, "the state of this node was made anew from another node's");
        Ok(NodeAnswer::Rebuilt { from, index: at, digest: format!("{digest:016x}") })
    }

    async fn fetch(&self, from: NodeId) -> Result<(u64, State), NodeProblem> {
        let failed =
            |error: String| NodeProblem::unavailable(format!("the state of node {from} cannot be had: {error}"));
        let download = self.mesh.download(from, state_request()).await;
        let (header, chunks) = download.map_err(|error| failed(error.to_string()))?;
        let header = StateHeader::read(&header).map_err(|refusal| failed(refusal.text))?;
        let pieces = stream::unfold(Some(chunks), |chunks| async move {
            let mut chunks = chunks?;
            match chunks.next().await {
                Ok(Some(piece)) => Some((Ok(piece), Some(chunks))),
                Ok(None) => None,
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
            }
        });
        let reader = StreamReader::new(Box::pin(pieces));
        let (runtime, consensus) = (Handle::current(), self.consensus.clone());
        // Reads as a file is read, off the threads of the runtime.
        let decoding = tokio::task::spawn_blocking(move || {
            consensus.read_state(&mut BufReader::new(SyncIoBridge::new_with_handle(reader, runtime)))
        });
        let state = decoding.await.map_err(|error| failed(error.to_string()))?;
        Ok((header.index, state.map_err(|error| failed(error.to_string()))?))
    }
}
