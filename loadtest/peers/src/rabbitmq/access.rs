//! How the client gets in.

use std::fs;

use anyhow::Result;
use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::{Connection, ConnectionProperties};

use super::settings::port;
use crate::certificates::Certificates;

#[derive(Clone)]
pub(super) struct Access {
    authority: String,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Access {
    pub(super) fn of(certificates: &Certificates) -> Result<Self> {
        Ok(Self {
            authority: fs::read_to_string(&certificates.authority)?,
            certificate: fs::read(&certificates.client.certificate)?,
            key: fs::read(&certificates.client.key)?,
        })
    }

    pub(super) async fn connect(&self, server: usize) -> Result<Connection> {
        let identity = OwnedIdentity::PKCS8 { pem: self.certificate.clone(), key: self.key.clone() };
        let tls = OwnedTLSConfig { identity: Some(identity), cert_chain: Some(self.authority.clone()) };
        let url = format!("amqps://guest:guest@localhost:{}/%2f", port(server));
        let (properties, runtime) = (ConnectionProperties::default(), lapin::runtime::default_runtime()?);
        Ok(Connection::connect_with_config(&url, properties, tls, runtime).await?)
    }
}
