//! One method for each thing that can be asked.

use flotilla_model::NodeId;
use reqwest::Method;

use super::{Client, ClientError, decode};
use crate::api::{
    AccountChange, AccountView, AdministratorChange, AdministratorView, AuditExportQuery, AuditQuery, AuditView,
    BulkParameterChange, ClusterStatus, Done, DryRun, DryRunRequest, JoinAnswer, JoinRequest, JoinTokenAnswer,
    JoinTokenRequest, NodeStatus, Page, ParameterChange, ParameterQuery, ParameterVersionView, ParameterView,
    ParametersChange, ReadyStatus, Resubmitted, RouteChange, RouteQuery, RouteView, RoutesQuery, ServerView,
    TransferQuery, TransferView,
};

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
        // A 503 is its way to say what is missing.
        decode(self.execute_unless(request, None).await?)
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

    /// All of them or none.
    pub async fn set_parameters(&self, changes: Vec<BulkParameterChange>) -> Result<Done, ClientError> {
        let request = ParametersChange { changes, dry_run: false };
        self.send(Method::PATCH, "configurations/options", &request, None).await
    }

    /// Whether [`Client::set_parameters`] would be refused; nothing is changed.
    pub async fn try_parameters(&self, changes: Vec<BulkParameterChange>) -> Result<Done, ClientError> {
        let request = ParametersChange { changes, dry_run: true };
        self.send(Method::PATCH, "configurations/options", &request, None).await
    }

    /// Newest first.
    pub async fn parameter_history(
        &self,
        node: Option<NodeId>,
        name: &str,
    ) -> Result<Vec<ParameterVersionView>, ClientError> {
        let path = format!("configurations/options/{}/history", segment(name));
        let page: Page<ParameterVersionView> = self.query(&path, &ParameterQuery { node }).await?;
        Ok(page.items)
    }

    pub async fn audit_log(&self, query: &AuditQuery) -> Result<Page<AuditView>, ClientError> {
        self.query("logs/audit", query).await
    }

    /// Up to 10,000 rows after one, oldest first, a JSON document a line.
    pub async fn export_audit_log(&self, after: Option<u64>) -> Result<Vec<u8>, ClientError> {
        let query = AuditExportQuery { after, limit: None };
        self.fetch(self.request(Method::GET, "logs/audit/export").query(&query)).await
    }

    pub async fn audit_row(&self, id: u64) -> Result<AuditView, ClientError> {
        self.get(&format!("logs/audit/{id}")).await
    }

    pub async fn accounts(&self) -> Result<Vec<AccountView>, ClientError> {
        let page: Page<AccountView> = self.get("accounts").await?;
        Ok(page.items)
    }

    pub async fn account(&self, name: &str) -> Result<AccountView, ClientError> {
        self.get(&format!("accounts/{}", segment(name))).await
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

    pub async fn administrator(&self, name: &str) -> Result<AdministratorView, ClientError> {
        self.get(&format!("administrators/{}", segment(name))).await
    }

    pub async fn put_administrator(&self, name: &str, change: &AdministratorChange) -> Result<Done, ClientError> {
        self.send(Method::PUT, &format!("administrators/{}", segment(name)), change, None).await
    }

    pub async fn delete_administrator(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("administrators/{}", segment(name)))).await
    }

    /// Of all accounts, or of one.
    pub async fn routes(&self, account: Option<&str>) -> Result<Vec<RouteView>, ClientError> {
        let query = RoutesQuery { account: account.map(str::to_owned), ..RoutesQuery::default() };
        let page: Page<RouteView> = self.query("routes", &query).await?;
        Ok(page.items)
    }

    /// No kind: the route for files.
    pub async fn route(&self, account: &str, kind: Option<&str>) -> Result<RouteView, ClientError> {
        self.query(&format!("routes/{}", segment(account)), &route_query(kind)).await
    }

    pub async fn put_route(
        &self,
        account: &str,
        kind: Option<&str>,
        change: &RouteChange,
        if_version: Option<u64>,
    ) -> Result<Done, ClientError> {
        self.send(Method::PUT, &route_path(account, kind), change, if_version).await
    }

    pub async fn delete_route(&self, account: &str, kind: Option<&str>) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &route_path(account, kind))).await
    }

    /// What a route would do with a transfer or an event; nothing is done.
    pub async fn dry_run_route(&self, account: &str, request: &DryRunRequest) -> Result<DryRun, ClientError> {
        self.send(Method::POST, &format!("routes/{}/operations/dry-run", segment(account)), request, None).await
    }

    pub async fn transfers(&self, query: &TransferQuery) -> Result<Page<TransferView>, ClientError> {
        self.query("logs/transfers", query).await
    }

    pub async fn transfer(&self, id: u64) -> Result<TransferView, ClientError> {
        self.get(&format!("logs/transfers/{id}")).await
    }

    /// Runs the account's route again on the file.
    pub async fn resubmit_transfer(&self, id: u64) -> Result<Resubmitted, ClientError> {
        self.read(self.request(Method::POST, &format!("logs/transfers/{id}/operations/resubmit"))).await
    }

    pub async fn servers(&self) -> Result<Vec<ServerView>, ClientError> {
        let page: Page<ServerView> = self.get("servers").await?;
        Ok(page.items)
    }
}

fn parameter_path(node: Option<NodeId>, name: &str) -> String {
    let query = node.map_or_else(String::new, |node| format!("?node={node}"));
    format!("configurations/options/{}{query}", segment(name))
}

fn route_query(kind: Option<&str>) -> RouteQuery {
    RouteQuery { kind: kind.map(str::to_owned) }
}

fn route_path(account: &str, kind: Option<&str>) -> String {
    let query = kind.map(|kind| format!("?kind={}", segment(kind))).unwrap_or_default();
    format!("routes/{}{query}", segment(account))
}

/// A name as one segment of a path, or as a value of a query.
pub(super) fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}
