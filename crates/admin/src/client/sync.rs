//! Whether all nodes have the same state.

use flotilla_model::NodeId;
use reqwest::Method;

use super::{Client, ClientError};
use crate::api::{RepairRequest, Repaired, SyncStatus, Verification};

impl Client {
    pub async fn sync_status(&self) -> Result<SyncStatus, ClientError> {
        self.get("sync").await
    }

    pub async fn verify_sync(&self) -> Result<Verification, ClientError> {
        self.read(self.request(Method::POST, "sync/operations/verify")).await
    }

    pub async fn repair_sync(&self, node: NodeId) -> Result<Repaired, ClientError> {
        self.send(Method::POST, "sync/operations/repair", &RepairRequest { node }, None).await
    }
}
