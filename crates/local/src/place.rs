//! Where the nodes' processes run.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::namespaces::Namespaces;

#[derive(Clone, Debug)]
pub enum Place {
    /// All on the loopback interface, each with ports of its own.
    Loopback,
    /// Each in a network namespace of its own, so that it can be cut off.
    Namespaces(Arc<Namespaces>),
}

impl Place {
    /// Room for nodes 1 to `nodes`, each on a network of their own. Needs the rights of root.
    pub fn namespaces(nodes: u16) -> Result<Self> {
        Ok(Self::Namespaces(Arc::new(Namespaces::make(nodes)?)))
    }

    /// Host and address of a node.
    pub(crate) fn host(&self, number: u16) -> String {
        match self {
            Self::Loopback => "127.0.0.1".to_owned(),
            Self::Namespaces(network) => network.host(number),
        }
    }

    /// Runs a program where a node is.
    pub(crate) fn command(&self, number: u16, program: &Path) -> Command {
        match self {
            Self::Loopback => Command::new(program),
            Self::Namespaces(network) => network.command(number, program),
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        matches!(self, Self::Loopback)
    }

    pub(crate) fn cut(&self, number: u16) -> Result<()> {
        self.network()?.cut(number)
    }

    pub(crate) fn join(&self, number: u16) -> Result<()> {
        self.network()?.join(number)
    }

    fn network(&self) -> Result<&Namespaces> {
        match self {
            Self::Loopback => bail!("the nodes share the loopback interface: none of them can be cut off"),
            Self::Namespaces(network) => Ok(network),
        }
    }
}
