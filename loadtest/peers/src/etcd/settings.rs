//! The command line of one member.

use std::path::Path;
use std::process::Command;

use super::Timers;
use crate::certificates::Certificates;

/// For clients.
pub(super) fn port(server: usize) -> u16 {
    12_370 + server as u16
}

fn peer_url(server: usize) -> String {
    format!("https://127.0.0.1:{}", 12_380 + server)
}

pub(super) fn command(
    program: &Path,
    server: usize,
    dir: &Path,
    certificates: &Certificates,
    timers: Timers,
) -> impl Fn() -> Command + Send + 'static {
    let members: Vec<String> = (0..3).map(|member| format!("n{member}={}", peer_url(member))).collect();
    let file = |path: &Path| path.to_string_lossy().into_owned();
    let (certificate, key) = (file(&certificates.server.certificate), file(&certificates.server.key));
    let authority = file(&certificates.authority);
    let client_url = format!("https://127.0.0.1:{}", port(server));
    let arguments = [
        format!("--name=n{server}"),
        format!("--data-dir={}", file(&dir.join(format!("n{server}")))),
        format!("--listen-client-urls={client_url}"),
        format!("--advertise-client-urls={client_url}"),
        format!("--listen-peer-urls={}", peer_url(server)),
        format!("--initial-advertise-peer-urls={}", peer_url(server)),
        format!("--initial-cluster={}", members.join(",")),
        "--initial-cluster-state=new".to_owned(),
        format!("--cert-file={certificate}"),
        format!("--key-file={key}"),
        format!("--trusted-ca-file={authority}"),
        "--client-cert-auth".to_owned(),
        format!("--peer-cert-file={certificate}"),
        format!("--peer-key-file={key}"),
        format!("--peer-trusted-ca-file={authority}"),
        "--peer-client-cert-auth".to_owned(),
        format!("--heartbeat-interval={}", timers.heartbeat_ms),
        format!("--election-timeout={}", timers.election_ms),
        "--quota-backend-bytes=8000000000".to_owned(),
        "--log-level=error".to_owned(),
    ];
    let program = program.to_owned();
    move || {
        let mut command = Command::new(&program);
        command.args(&arguments);
        command
    }
}
