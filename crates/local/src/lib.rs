//! A cluster of real processes on this machine, set up as an administrator would: by the program's own commands.
//!
//! Used by `flotilla demo`, by the black-box tests and by the load harness. It knows the command line and the two HTTPS
//! ports, nothing of the inside.

mod client;
mod cluster;
mod layout;
mod namespaces;
mod node;
mod place;
mod ports;
mod wait;

pub use client::{https_client, tls_client_config};
pub use cluster::{LocalCluster, Step};
pub use layout::Layout;
pub use namespaces::Namespaces;
pub use node::LocalNode;
pub use place::Place;
pub use ports::{NodePorts, free_base_port};
pub use wait::wait_until;
