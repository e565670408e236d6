//! Where a node lives: its folder, its name, its three ports.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use flotilla_config::{HostPort, Mismatch, NodeFile, check_host};

/// Folder, name and ports of a node to be made.
#[derive(Clone, Debug)]
pub struct Place {
    pub dir: PathBuf,
    /// The name (or address) by which partners and other nodes reach the host.
    pub name: String,
    /// The address to listen on.
    pub bind: IpAddr,
    pub cluster_port: u16,
    pub admin_port: u16,
    pub transfer_port: u16,
}

impl Place {
    pub fn check(&self) -> Result<(), Mismatch> {
        check_host(&self.name).map(|_| ())
    }

    fn host_port(&self, port: u16) -> HostPort {
        HostPort { host: self.name.clone(), port }
    }

    pub fn mesh_address(&self) -> String {
        self.host_port(self.cluster_port).to_string()
    }

    pub fn admin_url(&self) -> String {
        format!("https://{}", self.host_port(self.admin_port))
    }

    pub fn transfer_url(&self) -> String {
        format!("https://{}", self.host_port(self.transfer_port))
    }

    /// The node file: everything that differs from the defaults is written out.
    pub fn node_file(&self) -> String {
        NodeFile::new(&self.name)
            .data_dir(".")
            .cluster_listen(SocketAddr::new(self.bind, self.cluster_port))
            .cluster_advertise(&self.host_port(self.cluster_port))
            .admin_listen(SocketAddr::new(self.bind, self.admin_port))
            .admin_url(&self.admin_url())
            .gateway_listen(SocketAddr::new(self.bind, self.transfer_port))
            .gateway_url(&self.transfer_url())
            .render()
    }

    /// Names that the node's certificate stands for.
    pub fn certificate_names(&self) -> Vec<String> {
        certificate_names(&self.name)
    }
}

/// Names that the certificate of a host stands for.
pub(super) fn certificate_names(name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    names.extend(["localhost", "127.0.0.1", "::1"].into_iter().filter(|local| *local != name).map(str::to_owned));
    names
}
