//! Files and environment of the servers: TLS for clients and among themselves, one name service on loopback.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::certificates::Certificates;
use crate::server::Server;

const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";
const NAME_SERVICE_PORT: u16 = 14_369;

/// For clients.
pub(super) fn port(server: usize) -> u16 {
    15_670 + server as u16
}

pub(super) struct Settings {
    dir: PathBuf,
    /// How Erlang's own connections are encrypted.
    distribution: String,
}

/// Of a quorum queue.
pub(super) struct Members {
    pub(super) leader: usize,
    pub(super) online: usize,
}

impl Settings {
    pub(super) fn write(dir: &Path, certificates: &Certificates) -> Result<Self> {
        let (certificate, key) = (&certificates.server.certificate, &certificates.server.key);
        let authority = &certificates.authority;
        let files = format!("{{cacertfile,{authority:?}}},{{certfile,{certificate:?}}},{{keyfile,{key:?}}}");
        let options = dir.join("distribution.config");
        fs::write(
            &options,
            format!(
                "[{{server,[{files},{{verify,verify_peer}},{{fail_if_no_peer_cert,true}},{{secure_renegotiate,true}}]}},
 {{client,[{files},{{verify,verify_peer}},{{secure_renegotiate,true}}]}}].\n"
            ),
        )?;
        for server in 0..3 {
            let text = format!(
                "listeners.tcp = none
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {authority}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.3
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = r0@localhost
cluster_formation.classic_config.nodes.2 = r1@localhost
cluster_formation.classic_config.nodes.3 = r2@localhost
cluster_formation.randomized_startup_delay_range.min = 0
cluster_formation.randomized_startup_delay_range.max = 2
disk_free_limit.absolute = 1GB
log.file.level = error
",
                port = port(server),
                authority = authority.display(),
                certificate = certificate.display(),
                key = key.display(),
            );
            fs::write(dir.join(format!("r{server}.conf")), text)?;
        }
        fs::write(dir.join("plugins"), "[].\n")?;
        let cookie = dir.join(".erlang.cookie");
        fs::write(&cookie, "peers")?;
        // Erlang refuses one that others may read.
        fs::set_permissions(&cookie, fs::Permissions::from_mode(0o400))?;
        let distribution =
            format!("-pa {} -proto_dist inet_tls -ssl_dist_optfile {}", erlang_ssl()?.display(), options.display());
        Ok(Self { dir: dir.to_owned(), distribution })
    }

    pub(super) fn name_service(&self) -> Server {
        Server::new("epmd".to_owned(), self.dir.join("epmd.log"), NAME_SERVICE_PORT, || {
            let mut command = Command::new("epmd");
            command.args(["-port", &NAME_SERVICE_PORT.to_string(), "-address", "127.0.0.1"]);
            command
        })
    }

    pub(super) fn server(&self, server: usize) -> Server {
        let (dir, distribution) = (self.dir.clone(), self.distribution.clone());
        let log = self.dir.join(format!("r{server}.out"));
        Server::new(format!("rabbitmq r{server}"), log, port(server), move || {
            let mut command = Command::new(format!("{PROGRAMS}/rabbitmq-server"));
            let loopback = format!("{distribution} -kernel inet_dist_use_interface {{127,0,0,1}}");
            command
                .env("HOME", &dir)
                .env("ERL_EPMD_PORT", NAME_SERVICE_PORT.to_string())
                .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", loopback)
                .env("RABBITMQ_NODENAME", name(server))
                .env("RABBITMQ_CONFIG_FILE", dir.join(format!("r{server}.conf")))
                .env("RABBITMQ_MNESIA_BASE", dir.join(format!("r{server}")))
                .env("RABBITMQ_LOG_BASE", dir.join(format!("r{server}.logs")))
                .env("RABBITMQ_PID_FILE", dir.join(format!("r{server}.pid")))
                .env("RABBITMQ_DIST_PORT", (25_670 + server).to_string())
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
                .env("RABBITMQ_ADVANCED_CONFIG_FILE", dir.join("none"))
                .env("RABBITMQ_CONF_ENV_FILE", "/dev/null");
            command
        })
    }

    /// As `server` sees them.
    pub(super) async fn queue_members(&self, server: usize, queue: &str) -> Result<Members> {
        let mut command = tokio::process::Command::new(format!("{PROGRAMS}/rabbitmqctl"));
        command.args(["-q", "-n", &name(server), "-t", "10", "list_queues", "--no-table-headers"]);
        command.args(["name", "leader", "online"]);
        command
            .env("HOME", &self.dir)
            .env("ERL_EPMD_PORT", NAME_SERVICE_PORT.to_string())
            .env("RABBITMQ_CTL_ERL_ARGS", &self.distribution);
        let output = command.output().await.context("cannot run rabbitmqctl")?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "rabbitmqctl ended with {}: {}", output.status, errors.trim());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().find(|line| line.starts_with(queue)).context("the queue is not there")?;
        // `records	r1@localhost	[r0@localhost, r1@localhost, r2@localhost]`
        let mut columns = line.split('\t').skip(1);
        let leader = columns.next().and_then(|column| column.strip_prefix('r')?.split('@').next()?.parse().ok());
        let online = columns.next().map_or(0, |column| column.matches("@localhost").count());
        Ok(Members { leader: leader.context("the queue has no leader")?, online })
    }
}

/// As Debian's package has it.
pub(super) fn version() -> Result<String> {
    let output = Command::new("dpkg-query").args(["-W", "-f=${Version}", "rabbitmq-server"]).output()?;
    ensure!(output.status.success(), "rabbitmq-server is not installed");
    Ok(String::from_utf8(output.stdout)?)
}

fn name(server: usize) -> String {
    format!("r{server}@localhost")
}

/// Erlang's library for TLS, which its own connections must be told of.
fn erlang_ssl() -> Result<PathBuf> {
    let lib = Path::new("/usr/lib/erlang/lib");
    let entries = fs::read_dir(lib).with_context(|| format!("cannot list {}", lib.display()))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let ssl = paths.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("ssl-")));
    Ok(ssl.context("Erlang has no ssl library")?.join("ebin"))
}
