//! Client certificates that are asked for and not demanded: the admin port.
//!
//! TLS proves that the client has the key of the certificate that it shows, and no more: whose it is, and whether it is good for anything,
//! is looked up for each request by its fingerprint. So any certificate is let in here, also one that its owner has made themselves.

use std::fmt;
use std::sync::Arc;

use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::handle::CredentialsHandle;
use crate::live::{LiveCertificate, schemes, verify_tls12, verify_tls13};
use crate::tls::{HTTPS_VERSIONS, crypto_provider};

/// Whether clients are to be asked now.
type IsAsked = Box<dyn Fn() -> bool + Send + Sync>;

struct AnyCertificate(IsAsked);

impl fmt::Debug for AnyCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AnyCertificate")
    }
}

impl ClientCertVerifier for AnyCertificate {
    /// A browser asks its user which one to show, so nobody is asked for nothing.
    fn offer_client_auth(&self) -> bool {
        (self.0)()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls12(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        verify_tls13(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        schemes()
    }
}

/// Accepting side of HTTPS that asks clients for a certificate while `is_asked` says so, and takes them without one. No session is
/// resumed: one that began before anybody was asked would never be.
pub fn asking_https_server_config(
    handle: &CredentialsHandle,
    is_asked: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(crypto_provider())
        .with_protocol_versions(HTTPS_VERSIONS)?
        .with_client_cert_verifier(Arc::new(AnyCertificate(Box::new(is_asked))))
        .with_cert_resolver(Arc::new(LiveCertificate(handle.clone())));
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
