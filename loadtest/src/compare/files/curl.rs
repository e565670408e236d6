//! curl against Flotilla and nginx: one process a client, one connection, a configuration file with its transfers.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use super::{FileServer, Processes, Upload};
use crate::bed::{Bed, PASSWORD, PLAIN_ACCOUNT};

/// How curl reaches a server.
pub(super) struct Curl {
    dir: PathBuf,
    /// Lines of the configuration: authority, credentials.
    options: String,
}

impl Curl {
    pub(super) fn new(dir: &Path, options: String) -> Self {
        Self { dir: dir.to_owned(), options }
    }

    pub(super) fn upload(&self, client: usize, base_url: &str, files: &[Upload]) -> Result<Command> {
        let mut text = self.options.clone();
        for Upload { source, name } in files {
            // Writing to a string does not fail.
            let _ = write!(text, "upload-file = {source:?}\nurl = \"{base_url}/{name}\"\n");
        }
        self.command(&format!("upload-{client}"), &text)
    }

    pub(super) fn download(&self, url: &str) -> Result<Command> {
        self.command("download", &format!("{}url = \"{url}\"\noutput = \"/dev/null\"\n", self.options))
    }

    fn command(&self, name: &str, text: &str) -> Result<Command> {
        // What a client is told is read when it starts: each has a file of its own.
        let file = self.dir.join(format!("curl-{name}.config"));
        let common = "silent\nshow-error\nfail\ntlsv1.3\nhttp1.1\nheader = \"Expect:\"\n";
        fs::write(&file, format!("{common}{text}")).with_context(|| format!("cannot write {}", file.display()))?;
        let mut command = Command::new("curl");
        command.arg("--disable").arg("--config").arg(&file);
        Ok(command)
    }
}

/// Clients are spread over the nodes.
pub(super) struct Flotilla {
    nodes: Vec<(String, Curl)>,
    process_ids: Vec<u32>,
}

impl Flotilla {
    pub(super) fn of(bed: &Bed, dir: &Path) -> Result<Self> {
        let nodes = bed.cluster.nodes.iter().enumerate().map(|(index, node)| {
            let options = format!("cacert = {:?}\nuser = \"{PLAIN_ACCOUNT}:{PASSWORD}\"\n", node.authority_file());
            let dir = dir.join(format!("client-{index}"));
            fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
            Ok((format!("{}/files/load", node.transfer_url()), Curl::new(&dir, options)))
        });
        Ok(Self { nodes: nodes.collect::<Result<_>>()?, process_ids: bed.process_ids() })
    }
}

impl FileServer for Flotilla {
    fn upload(&self, client: usize, files: &[Upload]) -> Result<Command> {
        let (url, curl) = &self.nodes[client % self.nodes.len()];
        curl.upload(client, url, files)
    }

    fn download(&self, name: &str) -> Result<Command> {
        let (url, curl) = &self.nodes[0];
        curl.download(&format!("{url}/{name}"))
    }

    fn processes(&self) -> Processes {
        Processes::of(self.process_ids.clone())
    }
}
