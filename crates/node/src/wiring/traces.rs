//! The export of traces, as the node file wants it.

use anyhow::{Context, Result};
use flotilla_config::NodeConfig;
use flotilla_model::NodeId;
use flotilla_telemetry::{ExportConfig, Telemetry};
use tokio::runtime::Handle;

pub(crate) fn traces(config: &NodeConfig, node: NodeId, cluster_id: u128, runtime: &Handle) -> Result<Telemetry> {
    let section = &config.telemetry;
    let Some(endpoint) = section.otlp_endpoint.clone() else { return Ok(Telemetry::off()) };
    let export = ExportConfig {
        endpoint,
        sample_ratio: section.sample_ratio,
        service_name: section.service_name.clone(),
        software_version: env!("CARGO_PKG_VERSION"),
        node,
        node_name: config.node.name.clone(),
        cluster_id,
    };
    Telemetry::start(&export, runtime).context("traces cannot be exported")
}
