//! The logs of the nodes.

use super::{Client, ClientError};
use crate::api::{ServerLog, ServerLogQuery};

impl Client {
    /// Newest first; with `after` what was said since, oldest first.
    pub async fn server_log(&self, query: &ServerLogQuery) -> Result<ServerLog, ClientError> {
        self.query("serverLog", query).await
    }
}
