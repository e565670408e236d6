//! The lead, the members, the Transaction Managers.

use flotilla_model::NodeId;
use reqwest::Method;

use super::{Client, ClientError};
use crate::api::{
    Diagnosis, DoctorQuery, Done, HandOverAnswer, HandOverRequest, ManagerOperation, ManagerView, Page, PrimaryView,
    ServerInvitation, ServerInvited, ServerMove, ServersImport, ServersPlan,
};

impl Client {
    pub async fn primary(&self) -> Result<PrimaryView, ClientError> {
        self.get("cluster/primary").await
    }

    /// To this node, or to the first of the `servers` list that has caught up.
    pub async fn hand_over(&self, to: Option<NodeId>) -> Result<HandOverAnswer, ClientError> {
        self.send(Method::POST, "cluster/primary/handover", &HandOverRequest { to }, None).await
    }

    pub async fn transaction_managers(&self) -> Result<Vec<ManagerView>, ClientError> {
        let page: Page<ManagerView> = self.get("transactionManager").await?;
        Ok(page.items)
    }

    /// Of one node, or of all.
    pub async fn stop_transaction_manager(&self, node: Option<NodeId>) -> Result<Done, ClientError> {
        self.send(Method::POST, "transactionManager/operations/stop", &ManagerOperation { node }, None).await
    }

    /// Of one node, or of all.
    pub async fn start_transaction_manager(&self, node: Option<NodeId>) -> Result<Done, ClientError> {
        self.send(Method::POST, "transactionManager/operations/start", &ManagerOperation { node }, None).await
    }

    /// Lets a host join by hand.
    pub async fn invite_server(&self, host: &str, lifetime_s: Option<u64>) -> Result<ServerInvited, ClientError> {
        let invitation = ServerInvitation { host: host.to_owned(), lifetime_s };
        self.send(Method::POST, "servers", &invitation, None).await
    }

    pub async fn move_server(&self, node: NodeId, position: u32) -> Result<Done, ClientError> {
        self.send(Method::PATCH, &format!("servers/{node}"), &ServerMove { position }, None).await
    }

    pub async fn remove_server(&self, node: NodeId) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("servers/{node}"))).await
    }

    /// Has others take over what the member has, before it is removed; or (`false`) it stays after all.
    pub async fn set_server_leaving(&self, node: NodeId, is_leaving: bool) -> Result<Done, ClientError> {
        let operation = if is_leaving { "leave" } else { "stay" };
        self.send(Method::POST, &format!("servers/{node}/operations/{operation}"), &(), None).await
    }

    pub async fn import_servers(&self, import: &ServersImport) -> Result<ServersPlan, ClientError> {
        self.send(Method::PUT, "servers", import, None).await
    }

    /// Has every node, or one, look at itself and around.
    pub async fn examine(&self, node: Option<NodeId>) -> Result<Diagnosis, ClientError> {
        self.query("doctor", &DoctorQuery { node }).await
    }
}
