//! The consensus as the ledger of this server.

use async_trait::async_trait;
use flotilla_consensus::{Consensus, ProposeError, ReadError, View};
use flotilla_model::Command;

use crate::ports::{Applied, Ledger, LedgerError, LedgerView};

#[async_trait]
impl Ledger for Consensus {
    fn view(&self) -> LedgerView {
        Consensus::view(self).as_ref().into()
    }

    async fn fresh_view(&self) -> Result<LedgerView, LedgerError> {
        Ok(self.linearizable_view().await?.as_ref().into())
    }

    async fn later_than(&self, index: u64) {
        // An error: the consensus has ended, and there will be nothing later.
        if self.watch().wait_for(|view| view.index > index).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    async fn propose(&self, command: Command) -> Result<Applied, LedgerError> {
        let applied = Consensus::propose(self, command).await?;
        Ok(Applied { index: applied.index, outcome: applied.outcome? })
    }
}

impl From<&View> for LedgerView {
    fn from(view: &View) -> Self {
        Self { index: view.index, state: view.state.clone() }
    }
}

impl From<ProposeError> for LedgerError {
    fn from(error: ProposeError) -> Self {
        let reason = error.to_string();
        match error {
            ProposeError::Unknown => Self::Unknown { reason },
            _ => Self::Unavailable { reason },
        }
    }
}

impl From<ReadError> for LedgerError {
    fn from(error: ReadError) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}
