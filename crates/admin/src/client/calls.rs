//! One method for each thing that can be asked.

use flotilla_model::NodeId;
use reqwest::Method;

use super::{Client, ClientError};
use crate::api::{
    AccountChange, AccountView, AdministratorChange, AdministratorView, ClusterStatus, Done, EventQuery,
    EventStatistics, EventView, JoinAnswer, JoinRequest, JoinTokenAnswer, JoinTokenRequest, NodeStatus, Page,
    ParameterChange, ParameterView, ReadyStatus, ResolveRequest, RouteChange, RouteView, ServerView, TransferQuery,
    TransferView,
};

/// The body of an operation that needs none; sent as JSON, as the server wants it of every change.
#[derive(serde::Serialize)]
struct Empty {}

impl Client {
    pub async fn cluster(&self) -> Result<ClusterStatus, ClientError> {
        self.get("cluster").await
    }

    /// The node that is called.
    pub async fn status(&self) -> Result<NodeStatus, ClientError> {
        self.get("status").await
    }

    /// Also when the node is not ready; needs no login.
    pub async fn ready(&self) -> Result<ReadyStatus, ClientError> {
        let request = self.request_absolute(Method::GET, "/readyz");
        let response = request.send().await.map_err(|source| self.unreachable(source))?;
        let body = self.collect(response).await?;
        serde_json::from_slice(&body).map_err(|source| ClientError::Decode { url: self.url.clone(), source })
    }

    /// Metrics in the OpenMetrics text form.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        let body = self.fetch(self.request_absolute(Method::GET, "/metrics")).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    pub async fn create_join_token(&self, request: &JoinTokenRequest) -> Result<JoinTokenAnswer, ClientError> {
        self.send(Method::POST, "join-tokens", request, None).await
    }

    /// Needs no login but the token's secret in the request.
    pub async fn join(&self, request: &JoinRequest) -> Result<JoinAnswer, ClientError> {
        self.send(Method::POST, "cluster/join", request, None).await
    }

    pub async fn parameters(&self) -> Result<Vec<ParameterView>, ClientError> {
        let page: Page<ParameterView> = self.get("configurations/options").await?;
        Ok(page.items)
    }

    pub async fn parameter(&self, name: &str) -> Result<ParameterView, ClientError> {
        self.parameter_of(None, name).await
    }

    /// As it is in force on one node.
    pub async fn parameter_of(&self, node: Option<NodeId>, name: &str) -> Result<ParameterView, ClientError> {
        self.get(&parameter_path(node, name)).await
    }

    /// `None` as value goes back to the default; with `if_version` only if the parameter still has it.
    pub async fn set_parameter(
        &self,
        name: &str,
        value: Option<&str>,
        if_version: Option<u64>,
    ) -> Result<Done, ClientError> {
        self.set_parameter_of(None, name, value, if_version).await
    }

    /// As [`Client::set_parameter`], for one node; `None` as value gives it the cluster's again.
    pub async fn set_parameter_of(
        &self,
        node: Option<NodeId>,
        name: &str,
        value: Option<&str>,
        if_version: Option<u64>,
    ) -> Result<Done, ClientError> {
        let change = ParameterChange { value: value.map(str::to_owned) };
        self.send(Method::PUT, &parameter_path(node, name), &change, if_version).await
    }

    pub async fn accounts(&self) -> Result<Vec<AccountView>, ClientError> {
        let page: Page<AccountView> = self.get("accounts").await?;
        Ok(page.items)
    }

    pub async fn put_account(
        &self,
        name: &str,
        change: &AccountChange,
        if_version: Option<u64>,
    ) -> Result<Done, ClientError> {
        self.send(Method::PUT, &format!("accounts/{}", segment(name)), change, if_version).await
    }

    pub async fn delete_account(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("accounts/{}", segment(name)))).await
    }

    pub async fn administrators(&self) -> Result<Vec<AdministratorView>, ClientError> {
        let page: Page<AdministratorView> = self.get("administrators").await?;
        Ok(page.items)
    }

    pub async fn put_administrator(&self, name: &str, change: &AdministratorChange) -> Result<Done, ClientError> {
        self.send(Method::PUT, &format!("administrators/{}", segment(name)), change, None).await
    }

    pub async fn delete_administrator(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("administrators/{}", segment(name)))).await
    }

    pub async fn routes(&self) -> Result<Vec<RouteView>, ClientError> {
        let page: Page<RouteView> = self.get("routes").await?;
        Ok(page.items)
    }

    pub async fn route(&self, account: &str) -> Result<RouteView, ClientError> {
        self.get(&format!("routes/{}", segment(account))).await
    }

    pub async fn put_route(
        &self,
        account: &str,
        change: &RouteChange,
        if_version: Option<u64>,
    ) -> Result<Done, ClientError> {
        self.send(Method::PUT, &format!("routes/{}", segment(account)), change, if_version).await
    }

    pub async fn delete_route(&self, account: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("routes/{}", segment(account)))).await
    }

    pub async fn transfers(&self, query: &TransferQuery) -> Result<Page<TransferView>, ClientError> {
        self.query("logs/transfers", query).await
    }

    pub async fn transfer(&self, id: u64) -> Result<TransferView, ClientError> {
        self.get(&format!("logs/transfers/{id}")).await
    }

    pub async fn events(&self, query: &EventQuery) -> Result<Page<EventView>, ClientError> {
        self.query("events", query).await
    }

    pub async fn event(&self, id: u64) -> Result<EventView, ClientError> {
        self.get(&format!("events/{id}")).await
    }

    pub async fn event_statistics(&self) -> Result<EventStatistics, ClientError> {
        self.get("events/statistics").await
    }

    /// Tries a dead event again.
    pub async fn retry_event(&self, id: u64) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/retry"), &Empty {}, None).await
    }

    /// Gives a dead event up.
    pub async fn discard_event(&self, id: u64) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/discard"), &Empty {}, None).await
    }

    /// Answers for a step that may or may not have happened.
    pub async fn resolve_event(&self, id: u64, request: &ResolveRequest) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/resolve"), request, None).await
    }

    pub async fn servers(&self) -> Result<Vec<ServerView>, ClientError> {
        let page: Page<ServerView> = self.get("servers").await?;
        Ok(page.items)
    }
}

/// A name as one segment of a path.
fn parameter_path(node: Option<NodeId>, name: &str) -> String {
    let query = node.map_or_else(String::new, |node| format!("?node={node}"));
    format!("configurations/options/{}{query}", segment(name))
}

fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
