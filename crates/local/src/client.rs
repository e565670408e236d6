//! HTTPS clients that trust the cluster's internal CAs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

/// TLS of a client that trusts all CAs of the files given (PEM), and nothing else.
pub fn tls_client_config(authorities: &[impl AsRef<Path>]) -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for file in authorities {
        let file = file.as_ref();
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        for certificate in
            <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::pem_slice_iter(&pem)
        {
            roots.add(certificate.with_context(|| format!("{} is no PEM file", file.display()))?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// A client with [`tls_client_config`].
pub fn https_client(authorities: &[impl AsRef<Path>]) -> Result<reqwest::Client> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls_client_config(authorities)?)
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .pool_idle_timeout(Duration::from_secs(60))
        .tcp_nodelay(true);
    Ok(client.build()?)
}
