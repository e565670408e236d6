//! Certificates and CAs.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::{Client, ClientError};
use crate::api::{
    AuthorityView, CertificateQuery, CertificateView, Done, ExportCertificate, ExportedCertificate, GenerateAuthority,
    GenerateCertificate, ImportAuthorities, ImportCertificate, ImportReply, NodeId, Page, RemoveAuthorityQuery,
    RenewAuthority, RequestCertificate, RequestView, RevocationView, RevokeCertificate,
};

fn path_of(node: NodeId, alias: &str) -> String {
    format!("certificates/{node}/{}", utf8_percent_encode(alias, NON_ALPHANUMERIC))
}

impl Client {
    /// Of all nodes, or of one.
    pub async fn certificates(&self, node: Option<NodeId>) -> Result<Vec<CertificateView>, ClientError> {
        let page: Page<CertificateView> = self.query("certificates", &CertificateQuery { node }).await?;
        Ok(page.items)
    }

    /// With its chain.
    pub async fn certificate(&self, node: NodeId, alias: &str) -> Result<CertificateView, ClientError> {
        self.get(&path_of(node, alias)).await
    }

    pub async fn generate_certificate(&self, request: &GenerateCertificate) -> Result<CertificateView, ClientError> {
        self.send(Method::POST, "certificates", request, None).await
    }

    pub async fn import_certificate(&self, request: &ImportCertificate) -> Result<CertificateView, ClientError> {
        self.send(Method::POST, "certificates/import", request, None).await
    }

    pub async fn export_certificate(
        &self,
        node: NodeId,
        alias: &str,
        export: &ExportCertificate,
    ) -> Result<ExportedCertificate, ClientError> {
        self.send(Method::POST, &format!("{}/export", path_of(node, alias)), export, None).await
    }

    pub async fn renew_certificate(&self, node: NodeId, alias: &str) -> Result<CertificateView, ClientError> {
        self.read(self.request(Method::POST, &format!("{}/renew", path_of(node, alias)))).await
    }

    pub async fn delete_certificate(&self, node: NodeId, alias: &str) -> Result<Done, ClientError> {
        self.read(self.request(Method::DELETE, &path_of(node, alias))).await
    }

    pub async fn request_certificate(&self, request: &RequestCertificate) -> Result<RequestView, ClientError> {
        self.send(Method::POST, "certificates/requests", request, None).await
    }

    /// Requests of a node that wait for their reply.
    pub async fn certificate_requests(&self, node: Option<NodeId>) -> Result<Vec<RequestView>, ClientError> {
        let page: Page<RequestView> = self.query("certificates/requests", &CertificateQuery { node }).await?;
        Ok(page.items)
    }

    pub async fn import_reply(&self, reply: &ImportReply) -> Result<CertificateView, ClientError> {
        self.send(Method::POST, "certificates/requests/reply", reply, None).await
    }

    pub async fn delete_certificate_request(&self, node: NodeId, alias: &str) -> Result<Done, ClientError> {
        let alias = utf8_percent_encode(alias, NON_ALPHANUMERIC);
        self.read(self.request(Method::DELETE, &format!("certificates/requests/{node}/{alias}"))).await
    }

    pub async fn revocations(&self) -> Result<Vec<RevocationView>, ClientError> {
        let page: Page<RevocationView> = self.get("certificates/revocations").await?;
        Ok(page.items)
    }

    pub async fn revoke_certificate(&self, request: &RevokeCertificate) -> Result<Done, ClientError> {
        self.send(Method::POST, "certificates/revocations", request, None).await
    }

    pub async fn authorities(&self) -> Result<Vec<AuthorityView>, ClientError> {
        let page: Page<AuthorityView> = self.get("certificateAuthorities").await?;
        Ok(page.items)
    }

    /// By fingerprint, or by the name of a former one.
    pub async fn authority(&self, name: &str) -> Result<AuthorityView, ClientError> {
        self.get(&format!("certificateAuthorities/{}", utf8_percent_encode(name, NON_ALPHANUMERIC))).await
    }

    pub async fn generate_authority(&self, request: &GenerateAuthority) -> Result<AuthorityView, ClientError> {
        self.send(Method::POST, "certificateAuthorities", request, None).await
    }

    pub async fn renew_authority(&self, request: &RenewAuthority) -> Result<AuthorityView, ClientError> {
        self.send(Method::POST, "certificateAuthorities/renew", request, None).await
    }

    /// Trusts the CAs of a PEM text.
    pub async fn import_authorities(&self, certificates_pem: &str) -> Result<Vec<AuthorityView>, ClientError> {
        let body = ImportAuthorities { certificates_pem: certificates_pem.to_owned() };
        let page: Page<AuthorityView> = self.send(Method::POST, "certificateAuthorities/import", &body, None).await?;
        Ok(page.items)
    }

    pub async fn remove_authority(&self, name: &str, force: bool) -> Result<Done, ClientError> {
        let path = format!("certificateAuthorities/{}", utf8_percent_encode(name, NON_ALPHANUMERIC));
        self.read(self.request(Method::DELETE, &path).query(&RemoveAuthorityQuery { force })).await
    }
}
