//! The first commands of a new cluster: kept by `init`, committed as one entry when its first node runs.

use anyhow::{Context, Result, bail};
use flotilla_consensus::{Consensus, PeerAddress};
use flotilla_model::Command;

use crate::data_dir::DataDir;

/// Makes the cluster if `init` has left it to be made. Cut off at any point, the next start goes on.
pub(crate) async fn make_cluster(dir: &DataDir, consensus: &Consensus, address: PeerAddress) -> Result<()> {
    let Some(commands) = dir.read_json::<Vec<Command>>(&dir.bootstrap_file())? else { return Ok(()) };
    if !consensus.is_initialized().await? {
        consensus.initialize(address).await.context("the cluster cannot be made")?;
    }
    let view = consensus.linearizable_view().await.context("the new cluster has no primary")?;
    if view.state.cluster().id == 0 {
        let applied = consensus.propose_many(&commands).await.context("the cluster cannot be made")?;
        if let Some(rejection) = applied.into_iter().find_map(|one| one.outcome.err()) {
            bail!("the cluster cannot be made: {rejection}");
        }
    }
    // Committed: the file, which holds the hash of the first password, is of no more use.
    Ok(dir.remove(&dir.bootstrap_file())?)
}
