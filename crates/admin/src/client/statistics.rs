//! What accounts have sent, and how the nodes fared.

use super::{Client, ClientError};
use crate::api::{History, HistoryQuery, Statistics, StatisticsQuery};

impl Client {
    pub async fn statistics(&self, query: &StatisticsQuery) -> Result<Statistics, ClientError> {
        self.query("statistics", query).await
    }

    /// How the nodes fared in the last hour.
    pub async fn history(&self, query: &HistoryQuery) -> Result<History, ClientError> {
        self.query("statistics/history", query).await
    }
}
