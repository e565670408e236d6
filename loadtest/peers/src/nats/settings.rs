//! The configuration file of one server.

use std::path::Path;

use crate::certificates::Certificates;

/// For clients.
pub(super) fn port(server: usize) -> u16 {
    14_220 + server as u16
}

fn cluster_port(server: usize) -> u16 {
    16_220 + server as u16
}

pub(super) fn text(server: usize, dir: &Path, certificates: &Certificates, sync_always: bool) -> String {
    let routes = (0..3).filter(|other| *other != server);
    let routes: Vec<String> = routes.map(|other| format!("\"tls://127.0.0.1:{}\"", cluster_port(other))).collect();
    let tls = format!(
        "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true, timeout: 5 }}",
        certificates.server.certificate, certificates.server.key, certificates.authority
    );
    let sync = if sync_always { "sync_interval: always" } else { "" };
    format!(
        "server_name: n{server}
listen: 127.0.0.1:{port}
{tls}
jetstream {{ store_dir: {store:?}, max_file_store: 8GB, max_memory_store: 256MB
  {sync}
}}
cluster {{ name: peers, listen: 127.0.0.1:{cluster_port}, routes: [{routes}]
  {tls}
}}
",
        port = port(server),
        store = dir.join(format!("n{server}")),
        cluster_port = cluster_port(server),
        routes = routes.join(", "),
    )
}
