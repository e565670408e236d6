//! Processor time of the servers and of this program during a measurement.

use anyhow::Result;

use super::Figures;
use crate::server::{Server, own_cpu_s};

pub(super) struct Meter {
    servers_s: f64,
    own_s: f64,
}

impl Meter {
    pub(super) fn start(servers: &[Server]) -> Result<Self> {
        Ok(Self { servers_s: sum(servers)?, own_s: own_cpu_s()? })
    }

    /// Adds microseconds for each of `count` records.
    pub(super) fn stop(self, servers: &[Server], name: &str, count: u64, figures: &mut Figures) -> Result<()> {
        let each_us = |seconds: f64| seconds * 1e6 / count.max(1) as f64;
        figures.insert(format!("{name}_servers_us"), each_us(sum(servers)? - self.servers_s));
        figures.insert(format!("{name}_client_us"), each_us(own_cpu_s()? - self.own_s));
        Ok(())
    }
}

fn sum(servers: &[Server]) -> Result<f64> {
    servers.iter().map(Server::cpu_s).sum()
}
