//! The cluster secret.

use reqwest::Method;

use super::{Client, ClientError};
use crate::api::{Done, RotationFinish, RotationRequest, SecretExport, SecretView};

impl Client {
    pub async fn secret(&self) -> Result<SecretView, ClientError> {
        self.get("cluster/secret").await
    }

    pub async fn export_secret(&self) -> Result<SecretExport, ClientError> {
        self.read(self.request(Method::POST, "cluster/secret/export")).await
    }

    /// To the secret of this text, or to a new one.
    pub async fn rotate_secret(&self, secret: Option<String>) -> Result<Done, ClientError> {
        self.send(Method::POST, "cluster/secret/rotation", &RotationRequest { secret }, None).await
    }

    pub async fn finish_rotation(&self, force: bool) -> Result<Done, ClientError> {
        self.send(Method::POST, "cluster/secret/rotation/finish", &RotationFinish { force }, None).await
    }
}
