//! Builders of rustls configurations over live credentials.
//!
//! The mesh speaks TLS 1.3 only and resumes no sessions: a resumed session skips the certificates, and a revoked or
//! replaced one would live on in it. Connections of the mesh last, so full handshakes are few.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::server::NoServerSessionStorage;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, Error, ServerConfig, SupportedProtocolVersion};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use crate::certificate::{CertificateError, parse_chain_pem};
use crate::fingerprint::Fingerprint;
use crate::handle::CredentialsHandle;
use crate::live::{LiveCertificate, LiveVerifier, NameCheck};
use crate::pin::PinnedVerifier;
use crate::trust::TrustStore;

const MESH_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13];
pub(crate) const HTTPS_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
/// Told apart from HTTPS in the first flight, so that a browser on the mesh port fails at once.
const MESH_PROTOCOL: &[u8] = b"flotilla-mesh";

/// The one provider of cryptography. Handed to each configuration; never installed process-wide.
pub fn crypto_provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())).clone()
}

/// Accepting side of the mesh: TLS 1.3, a client certificate is required.
pub fn mesh_server_config(handle: &CredentialsHandle) -> Result<ServerConfig, Error> {
    let verifier = LiveVerifier { handle: handle.clone(), names: NameCheck::NodeId };
    let mut config = ServerConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(MESH_VERSIONS)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(LiveCertificate(handle.clone())));
    config.alpn_protocols = vec![MESH_PROTOCOL.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// Dialling side of the mesh: TLS 1.3, presents the local certificate. The name in the dialled address is not
/// compared; the mesh compares node ids.
pub fn mesh_client_config(handle: &CredentialsHandle) -> Result<ClientConfig, Error> {
    let verifier = LiveVerifier { handle: handle.clone(), names: NameCheck::NodeId };
    let mut config = ClientConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(MESH_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(LiveCertificate(handle.clone())));
    config.alpn_protocols = vec![MESH_PROTOCOL.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

/// Accepting side of HTTPS for partners: TLS 1.2 and 1.3, no client certificate. The caller sets ALPN.
pub fn https_server_config(handle: &CredentialsHandle) -> Result<ServerConfig, Error> {
    Ok(ServerConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(HTTPS_VERSIONS)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(LiveCertificate(handle.clone()))))
}

/// Dialling side of HTTPS between members: the cluster's trust, the host name is compared.
pub fn https_client_config(handle: &CredentialsHandle) -> Result<ClientConfig, Error> {
    let verifier = LiveVerifier { handle: handle.clone(), names: NameCheck::HostName };
    let mut config = ClientConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(HTTPS_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Dialling side of `join`: trusts only a server whose chain ends in the CA with this fingerprint.
pub fn pinned_client_config(authority: Fingerprint) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(HTTPS_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedVerifier(authority)))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Trusts servers whose certificates end in one of these CAs, by their names; for a client without a certificate.
pub fn trusting_client_config(trust: &TrustStore) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(crypto_provider()).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(trust.roots()).with_no_client_auth())
}

/// As [`trusting_client_config`], for a client that shows this certificate when it is asked.
pub fn shown_client_config(trust: &TrustStore, chain_pem: &[u8], key_pem: &[u8]) -> Result<ClientConfig, ShownError> {
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| ShownError::Key)?;
    let builder = ClientConfig::builder_with_provider(crypto_provider()).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(trust.roots());
    Ok(builder.with_client_auth_cert(parse_chain_pem(chain_pem)?, key)?)
}

/// Why a client certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    #[error("there is no private key in the file, or an encrypted one: it is needed in PEM, in clear")]
    Key,
    #[error("certificate and key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}
