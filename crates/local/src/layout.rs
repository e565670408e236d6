//! Where a local cluster keeps what: `<dir>/node1`, `<dir>/node2`, ... and what has to be known to resume it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::ports::NodePorts;

/// What is kept beside the nodes' folders, so that a cluster started again is the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub nodes: u16,
    pub base_port: u16,
    /// The first administrator and the one-time password that `init` printed.
    pub administrator: String,
    pub administrator_password: String,
}

impl Layout {
    const FILE: &str = "cluster.json";

    /// What was kept, or `None` in a new folder.
    pub fn load(dir: &Path) -> Result<Option<Self>> {
        let file = dir.join(Self::FILE);
        match fs::read(&file) {
            Ok(bytes) => {
                let layout: Self =
                    serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))?;
                let made = (1..=layout.nodes).all(|number| Self::node_dir(dir, number).is_dir());
                if layout.nodes == 0 || !made || layout.base_port > NodePorts::BASE_PORT_MAX {
                    bail!("{} does not describe the nodes in this folder", file.display());
                }
                Ok(Some(layout))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    /// Keeps it, readable by the owner alone: it holds a password.
    pub fn save(&self, dir: &Path) -> Result<()> {
        use std::io::Write;
        use std::os::unix::fs::OpenOptionsExt;
        let file = dir.join(Self::FILE);
        let temporary = dir.join("cluster.json.new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut writer = options.open(&temporary).with_context(|| format!("cannot write {}", temporary.display()))?;
        writer.write_all(&serde_json::to_vec_pretty(self)?)?;
        writer.sync_all()?;
        fs::rename(&temporary, &file).with_context(|| format!("cannot write {}", file.display()))
    }

    pub fn node_dir(dir: &Path, number: u16) -> PathBuf {
        dir.join(format!("node{number}"))
    }

    pub fn ports(&self, number: u16) -> NodePorts {
        NodePorts::of(self.base_port, number)
    }
}
