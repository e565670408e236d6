//! What accounts' holders are at.

use reqwest::Method;

use super::calls::segment;
use super::{Client, ClientError};
use crate::api::{Done, Page, PartnerSessionView, UploadView};

impl Client {
    /// Newest first.
    pub async fn account_sessions(&self, name: &str) -> Result<Vec<PartnerSessionView>, ClientError> {
        let page: Page<PartnerSessionView> = self.get(&format!("accounts/{}/sessions", segment(name))).await?;
        Ok(page.items)
    }

    pub async fn end_account_session(&self, name: &str, id: &str) -> Result<Done, ClientError> {
        let path = format!("accounts/{}/sessions/{}", segment(name), segment(id));
        self.read(self.request(Method::DELETE, &path)).await
    }

    /// Oldest first.
    pub async fn account_uploads(&self, name: &str) -> Result<Vec<UploadView>, ClientError> {
        let page: Page<UploadView> = self.get(&format!("accounts/{}/uploads", segment(name))).await?;
        Ok(page.items)
    }

    pub async fn cancel_account_upload(&self, name: &str, id: &str) -> Result<Done, ClientError> {
        let path = format!("accounts/{}/uploads/{}", segment(name), segment(id));
        self.read(self.request(Method::DELETE, &path)).await
    }
}
