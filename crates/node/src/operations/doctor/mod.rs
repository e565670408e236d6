//! This node looks at itself and around. Everything at once, each with a deadline of a few seconds.

mod certificates;
mod network;
mod targets;

use std::time::Duration;

use flotilla_admin::nodes::{CertificateFacts, DiskFacts, Examination};
use flotilla_config::parameters::Parameters;
use flotilla_pki::CertificateInfo;
use rustls::pki_types::UnixTime;
use tokio::time::timeout;

use super::Operations;
use crate::clock::now_ms;

/// A disk that does not write within this holds up everything else too.
const DISK_DEADLINE: Duration = Duration::from_secs(5);

fn facts(alias: &str, info: &CertificateInfo) -> CertificateFacts {
    CertificateFacts { alias: alias.to_owned(), subject: info.subject.clone(), not_after_ms: info.not_after_ms }
}

impl Operations {
    pub(super) async fn examine(&self) -> Examination {
        let state = self.consensus.view().state.clone();
        let targets = targets::of(&state);
        let (targets, disk) = tokio::join!(network::look_at(targets), self.look_at_disk());
        let credentials = self.keys.credentials.current();
        let alias = Parameters(|name: &str| state.parameter(name, Some(self.node)).map(|row| row.value.clone()))
            .cluster_crypto_alias();
        Examination {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            secret_fingerprint: self.secrets.current().current().fingerprint(),
            certificate: facts(credentials.alias().as_str(), credentials.info()),
            authorities: credentials.trust().list().map(|info| facts("", info)).collect(),
            alias,
            servers: state.servers().to_vec(),
            disk,
            targets,
            members: certificates::judge(&credentials, &state, self.node, UnixTime::now()),
            // Last: the caller takes the middle of its own two looks at the clock for the moment of the answer.
            now_ms: now_ms(),
        }
    }

    async fn look_at_disk(&self) -> DiskFacts {
        let folder = self.probe.path().parent().map(std::path::Path::to_owned).unwrap_or_default();
        let (free_bytes, size_bytes) = match rustix::fs::statvfs(&folder) {
            Ok(disk) => (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize),
            Err(_) => (0, 0),
        };
        let (sync_us, failure) = match timeout(DISK_DEADLINE, self.probe.measure()).await {
            Ok(Ok(took)) => (u64::try_from(took.as_micros()).ok(), None),
            Ok(Err(error)) => (None, Some(error.to_string())),
            Err(_) => (None, Some(format!("no write within {DISK_DEADLINE:?}"))),
        };
        DiskFacts { free_bytes, size_bytes, sync_us, failure }
    }
}
