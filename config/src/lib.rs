//! What a node is told before it starts, and what its cluster can be told while it runs.
//!
//! Three texts that people write and read: the node file (TOML, one node, read once at start), the `servers` file (the
//! order of promotion, in the reference product's format) and the parameter catalogue (what may be set, live, for the
//! whole cluster or one node). This crate parses, checks and renders them; it opens no port and knows no other crate.

mod host;
mod layers;
mod log_settings;
mod node_config;
mod node_file;
mod node_keys;
pub mod parameters;
mod problem;
pub mod servers;
mod suggest;
mod telemetry_settings;

pub use host::{HostPort, check_host, check_https_url};
pub use log_settings::LogFormat;
pub use node_config::{
    AdminSection, ClusterSection, GatewaySection, LimitsSection, LogSection, NodeConfig, NodeSection, TelemetrySection,
};
pub use node_file::NodeFile;
pub use problem::{ConfigError, Mismatch, Problem};
