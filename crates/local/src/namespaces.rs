//! A network of the cluster's own: each node in a Linux network namespace, all on one bridge of this machine. A node can be
//! cut off from it without a word: nothing is refused and no connection is reset, as when a cable is pulled behind a switch.
//!
//! Needs the rights of root and `ip` (iproute2).

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

/// Blocks of 256 addresses for benchmarks of network devices (RFC 2544), which no network uses: 198.18.0.0/15.
const BLOCKS: u32 = 512;
const FIRST_BLOCK: u32 = u32::from_be_bytes([198, 18, 0, 0]);
/// The machine's own address in its block.
const HOST: u32 = 254;

/// Removed with all that is in it when this is dropped; the processes must have ended by then.
#[derive(Debug)]
pub struct Namespaces {
    /// Of the bridge, and the beginning of the names of all else.
    name: String,
    block: u32,
    nodes: u16,
}

impl Namespaces {
    /// Room for nodes 1 to `nodes`.
    pub fn make(nodes: u16) -> Result<Self> {
        if u32::from(nodes) >= HOST {
            bail!("{nodes} nodes do not fit one block of addresses");
        }
        // Callers of one process take turns, and processes begin at different places.
        static TURN: AtomicU32 = AtomicU32::new(0);
        let first = std::process::id().wrapping_add(TURN.fetch_add(1, Ordering::Relaxed));
        let mut last = None;
        for step in 0..BLOCKS {
            let block = first.wrapping_add(step) % BLOCKS;
            let name = format!("flotilla{block}");
            match ip(&["link", "add", &name, "type", "bridge"]) {
                Ok(()) => {
                    let network = Self { name, block, nodes };
                    network.build()?;
                    return Ok(network);
                }
                Err(error) => last = Some(error),
            }
        }
        let error = last.context("there is no free block of addresses")?;
        Err(error.context("networks of their own for the nodes need the rights of root, and Linux"))
    }

    fn build(&self) -> Result<()> {
        ip(&["address", "add", &format!("{}/24", self.address(HOST)), "dev", &self.name])?;
        ip(&["link", "set", &self.name, "up"])?;
        for number in 1..=self.nodes {
            let (namespace, port) = (self.namespace(number), self.port(number));
            ip(&["netns", "add", &namespace])?;
            ip(&["link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &namespace])?;
            ip(&["link", "set", &port, "master", &self.name, "up"])?;
            let address = format!("{}/24", self.address(number.into()));
            ip(&["-n", &namespace, "address", "add", &address, "dev", "eth0"])?;
            ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
            ip(&["-n", &namespace, "link", "set", "eth0", "up"])?;
        }
        Ok(())
    }

    fn address(&self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(FIRST_BLOCK + self.block * 256 + number)
    }

    fn namespace(&self, number: u16) -> String {
        format!("{}-{number}", self.name)
    }

    /// The bridge's end of the node's cable.
    fn port(&self, number: u16) -> String {
        format!("{}p{number}", self.name)
    }

    pub(crate) fn host(&self, number: u16) -> String {
        self.address(number.into()).to_string()
    }

    /// Runs a program as if on that node's machine.
    pub(crate) fn command(&self, number: u16, program: &std::path::Path) -> Command {
        let mut command = Command::new("ip");
        // `ip` gives its process to the program.
        command.args(["netns", "exec", &self.namespace(number)]).arg(program);
        command
    }

    /// Nothing reaches the node and nothing comes from it, until it is joined again.
    pub(crate) fn cut(&self, number: u16) -> Result<()> {
        ip(&["link", "set", &self.port(number), "nomaster"])
    }

    pub(crate) fn join(&self, number: u16) -> Result<()> {
        ip(&["link", "set", &self.port(number), "master", &self.name])
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // What is not there needs no removal. The cables by name: a namespace, and its end of the cable with it, stays until the last
        // connection in it has given up.
        for number in 1..=self.nodes {
            let _ = ip(&["link", "delete", &self.port(number)]);
            let _ = ip(&["netns", "delete", &self.namespace(number)]);
        }
        let _ = ip(&["link", "delete", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("cannot run ip (install iproute2)")?;
    if !output.status.success() {
        bail!("'ip {}' failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
