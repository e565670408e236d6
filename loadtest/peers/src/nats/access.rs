//! How the client gets in.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use async_nats::ConnectOptions;
use async_nats::jetstream;
use async_nats::jetstream::context::ContextBuilder;

use super::settings::port;
use crate::certificates::Certificates;

#[derive(Clone)]
pub(super) struct Access {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

impl Access {
    pub(super) fn of(certificates: &Certificates) -> Self {
        let client = &certificates.client;
        let (certificate, key) = (client.certificate.clone(), client.key.clone());
        Self { authority: certificates.authority.clone(), certificate, key }
    }

    /// A connection to one server that stays with it.
    pub(super) async fn context(&self, server: usize) -> Result<jetstream::Context> {
        let options = ConnectOptions::new()
            .add_root_certificates(self.authority.clone())
            .add_client_certificate(self.certificate.clone(), self.key.clone())
            .require_tls(true)
            .ignore_discovered_servers()
            .client_capacity(65_536)
            .subscription_capacity(262_144);
        let client = options.connect(format!("tls://127.0.0.1:{}", port(server))).await?;
        let builder = ContextBuilder::new().timeout(Duration::from_secs(5)).ack_timeout(Duration::from_secs(10));
        Ok(builder.max_ack_inflight(60_000).build(client))
    }
}
