//! Who may do what.

use reqwest::Method;

use super::calls::segment;
use super::{Client, ClientError};
use crate::api::{
    AdministratorCertificateRequest, AdministratorCertificateView, ApiTokenAnswer, ApiTokenRequest, ApiTokenView, Done,
    Page, SecondFactorConfirmation, SecondFactorEnrolment, SessionView,
};

impl Client {
    pub async fn api_tokens(&self) -> Result<Vec<ApiTokenView>, ClientError> {
        let page: Page<ApiTokenView> = self.get("api-tokens").await?;
        Ok(page.items)
    }

    /// The answer holds the token, this once.
    pub async fn create_api_token(&self, request: &ApiTokenRequest) -> Result<ApiTokenAnswer, ClientError> {
        self.send(Method::POST, "api-tokens", request, None).await
    }

    /// Newest first.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, ClientError> {
        let page: Page<SessionView> = self.get("sessions").await?;
        Ok(page.items)
    }

    pub async fn end_session(&self, id: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("sessions/{}", segment(id)))).await
    }

    /// Lets an administrator in again who has failed too often.
    pub async fn unlock_administrator(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::POST, &format!("administrators/{}/operations/unlock", segment(name)))).await
    }

    /// Shuts somebody out, or lets them in again.
    pub async fn set_administrator_enabled(&self, name: &str, is_enabled: bool) -> Result<Done, ClientError> {
        let operation = if is_enabled { "enable" } else { "disable" };
        self.read(self.request(Method::POST, &format!("administrators/{}/operations/{operation}", segment(name)))).await
    }

    /// One's own. The answer holds the secret, this once; it is asked for when it is confirmed.
    pub async fn enrol_second_factor(&self, name: &str) -> Result<SecondFactorEnrolment, ClientError> {
        self.read(self.request(Method::POST, &format!("administrators/{}/second-factor", segment(name)))).await
    }

    pub async fn confirm_second_factor(&self, name: &str, code: &str) -> Result<Done, ClientError> {
        let path = format!("administrators/{}/second-factor/confirm", segment(name));
        self.send(Method::POST, &path, &SecondFactorConfirmation { code: code.to_owned() }, None).await
    }

    /// Somebody else's.
    pub async fn reset_second_factor(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("administrators/{}/second-factor", segment(name)))).await
    }

    pub async fn revoke_api_token(&self, name: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &format!("api-tokens/{}", segment(name)))).await
    }

    pub async fn administrator_certificates(
        &self,
        name: &str,
    ) -> Result<Vec<AdministratorCertificateView>, ClientError> {
        let path = format!("administrators/{}/certificates", segment(name));
        let page: Page<AdministratorCertificateView> = self.get(&path).await?;
        Ok(page.items)
    }

    pub async fn add_administrator_certificate(
        &self,
        name: &str,
        request: &AdministratorCertificateRequest,
    ) -> Result<AdministratorCertificateView, ClientError> {
        let path = format!("administrators/{}/certificates", segment(name));
        self.send(Method::POST, &path, request, None).await
    }

    pub async fn remove_administrator_certificate(&self, name: &str, fingerprint: &str) -> Result<Done, ClientError> {
        let path = format!("administrators/{}/certificates/{}", segment(name), segment(fingerprint));
        self.read(self.request(Method::DELETE, &path)).await
    }
}
