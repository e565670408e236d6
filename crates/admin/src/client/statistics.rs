//! What accounts have sent.

use super::{Client, ClientError};
use crate::api::{Statistics, StatisticsQuery};

impl Client {
    pub async fn statistics(&self, query: &StatisticsQuery) -> Result<Statistics, ClientError> {
        self.query("statistics", query).await
    }
}
