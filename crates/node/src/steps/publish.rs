//! The `publish` step: the file appears in another account. One command, no bytes.

use flotilla_model::{AccountName, Command, WorkItem};

use super::{StepFailure, Steps};
use crate::clock::now_ms;

impl Steps {
    pub(super) async fn publish(
        &self,
        work: &WorkItem,
        account: &AccountName,
        folder: &str,
    ) -> Result<String, StepFailure> {
        let target_path = self.need_file(&work.event)?.path.inside(folder).map_err(StepFailure::permanent)?;
        let detail = format!("published as {target_path} of {account}");
        let command = Command::PublishFile {
            event: work.event.id,
            attempt: work.lease.attempt,
            node: work.lease.node,
            session: work.lease.session,
            target_account: account.clone(),
            target_path,
            now_ms: now_ms(),
        };
        self.propose(command).await.map(|_| detail)
    }
}
