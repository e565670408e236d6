//! Which port is whose.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// The three listeners of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePorts {
    pub cluster: u16,
    pub admin: u16,
    pub transfer: u16,
}

impl NodePorts {
    /// Leaves room for the blocks of all nodes.
    pub const BASE_PORT_MAX: u16 = 65_000;

    /// Ports of the node counted from 1: a block of ten for each, ending as the usual ports do (8443, 8444).
    pub fn of(base_port: u16, number: u16) -> Self {
        let first = base_port + (number - 1) * 10;
        Self { cluster: first + 1, admin: first + 4, transfer: first + 3 }
    }

    fn all(self) -> [u16; 3] {
        [self.cluster, self.admin, self.transfer]
    }

    /// Ports of a block on which nothing listens now; the first busy one otherwise.
    pub fn first_busy(self) -> Option<u16> {
        self.all().into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err())
    }
}

/// A base port whose blocks are free for `nodes` nodes. Between this look and the start somebody may take one: the
/// node then says so and ends. Below the range from which systems draw ports for outgoing connections.
pub fn free_base_port(nodes: u16) -> Result<u16> {
    // Callers of one process take turns, and processes begin at different places.
    static TURN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id().wrapping_add(TURN.fetch_add(1, Ordering::Relaxed));
    let bases = (0..100).map(|step| 20_000 + (first.wrapping_add(step) % 100) as u16 * 100);
    for base in bases {
        if (1..=nodes).all(|number| NodePorts::of(base, number).first_busy().is_none()) {
            return Ok(base);
        }
    }
    bail!("no free block of ports between 20000 and 30000")
}
