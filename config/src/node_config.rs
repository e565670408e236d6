//! The configuration of one node, typed and checked as a whole before anything is opened.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::host::{HostPort, bracketed, check_host, check_https_url};
use crate::layers::{self, Layers};
use crate::log_settings::{LogFormat, parse_format, parse_level};
use crate::node_keys::{self, *};
use crate::problem::{ConfigError, Mismatch, Problem};
use crate::telemetry_settings::{parse_otlp_endpoint, parse_ratio, parse_service_name};

/// A node file is a screenful; anything near this is something else.
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, Clone, PartialEq)]
pub struct NodeConfig {
    pub node: NodeSection,
    pub cluster: ClusterSection,
    pub admin: AdminSection,
    pub gateway: GatewaySection,
    pub log: LogSection,
    pub telemetry: TelemetrySection,
    pub limits: LimitsSection,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeSection {
    pub name: String,
    /// Absolute when the path of the file was.
    pub data_dir: PathBuf,
    /// Where the programs of command steps are. Absolute when the path of the file was.
    pub commands_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterSection {
    pub listen: SocketAddr,
    pub advertise: HostPort,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminSection {
    pub listen: SocketAddr,
    /// `https://host:port`, no trailing slash.
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewaySection {
    pub listen: SocketAddr,
    /// `https://host:port`, no trailing slash.
    pub url: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSection {
    pub format: LogFormat,
    /// A level, or levels of single parts, as `tracing`'s filter reads them.
    pub level: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TelemetrySection {
    /// The base URL of an OTLP receiver, no trailing slash; without it no traces are made.
    pub otlp_endpoint: Option<String>,
    /// From 0 to 1.
    pub sample_ratio: f64,
    pub service_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsSection {
    pub gateway_connections_max: usize,
    pub admin_connections_max: usize,
    pub cluster_connections_max: usize,
    pub password_checks_max: usize,
}

impl NodeConfig {
    /// Reads the file at `path` under the process's environment.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        // A variable that is not UTF-8 cannot be one of ours.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::load_with(path, environment)
    }

    /// Reads the file at `path` under the given environment.
    pub fn load_with(
        path: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = read_file(path).map_err(|message| ConfigError {
            problems: vec![Problem::new(
                path.display().to_string(),
                message,
                "name the right file with --config, or make one with flotilla init or flotilla join",
            )],
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), folder, environment)
    }

    /// `file_name` serves messages only; a relative `node.data_dir` starts at `folder`.
    pub fn parse(
        text: &str,
        file_name: &str,
        folder: &Path,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut reader = Reader(layers::merge(text, file_name, environment));
        // A file that could not be read at all would only add its missing keys to the one real problem.
        let unreadable = reader.0.texts.is_empty();
        if unreadable {
            return Err(ConfigError { problems: reader.0.problems });
        }
        let built = reader.build(folder);
        match built {
            Some(config) if reader.0.problems.is_empty() => Ok(config),
            _ => Err(ConfigError { problems: reader.into_sorted_problems() }),
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    if metadata.len() > FILE_BYTES_MAX {
        return Err(format!("the file is larger than {FILE_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("the file cannot be read: {error}"))
}

/// Reads texts into types and goes on after a problem, so that all of them are found.
struct Reader(Layers);

impl Reader {
    fn build(&mut self, folder: &Path) -> Option<NodeConfig> {
        let name = self.read(NODE_NAME, |text| check_host(text).map(|()| text.to_owned()));
        let data_dir = self.read(NODE_DATA_DIR, parse_path);
        let commands_dir = self.read(NODE_COMMANDS_DIR, parse_path);
        let cluster_listen = self.read(CLUSTER_LISTEN, parse_socket);
        let admin_listen = self.read(ADMIN_LISTEN, parse_socket);
        let gateway_listen = self.read(GATEWAY_LISTEN, parse_socket);
        let advertise = self.read_or(CLUSTER_ADVERTISE, HostPort::from_str, || {
            Some(HostPort { host: name.clone()?, port: cluster_listen?.port() })
        });
        let admin_url = self.read_or(ADMIN_URL, check_https_url, || url(name.as_deref()?, admin_listen?));
        let gateway_url = self.read_or(GATEWAY_URL, check_https_url, || url(name.as_deref()?, gateway_listen?));
        let format = self.read(LOG_FORMAT, parse_format);
        let level = self.read(LOG_LEVEL, parse_level);
        let otlp_endpoint = self.read(TELEMETRY_OTLP_ENDPOINT, parse_otlp_endpoint);
        let sample_ratio = self.read(TELEMETRY_SAMPLE_RATIO, parse_ratio);
        let service_name = self.read(TELEMETRY_SERVICE_NAME, parse_service_name);
        let gateway_connections_max = self.read(LIMITS_GATEWAY_CONNECTIONS, |text| parse_count(text, 1, 1_000_000));
        let admin_connections_max = self.read(LIMITS_ADMIN_CONNECTIONS, |text| parse_count(text, 8, 100_000));
        let cluster_connections_max = self.read(LIMITS_CLUSTER_CONNECTIONS, |text| parse_count(text, 16, 100_000));
        let password_checks_max = self.read(LIMITS_PASSWORD_CHECKS, |text| parse_count(text, 1, 100_000));
        self.check_ports(&[
            (CLUSTER_LISTEN, cluster_listen),
            (ADMIN_LISTEN, admin_listen),
            (GATEWAY_LISTEN, gateway_listen),
        ]);
        Some(NodeConfig {
            node: NodeSection {
                name: name?,
                data_dir: folder.join(data_dir?),
                commands_dir: commands_dir.map(|path| folder.join(path)),
            },
            cluster: ClusterSection { listen: cluster_listen?, advertise: advertise? },
            admin: AdminSection { listen: admin_listen?, url: admin_url? },
            gateway: GatewaySection { listen: gateway_listen?, url: gateway_url? },
            log: LogSection { format: format?, level: level? },
            telemetry: TelemetrySection { otlp_endpoint, sample_ratio: sample_ratio?, service_name: service_name? },
            limits: LimitsSection {
                gateway_connections_max: gateway_connections_max?,
                admin_connections_max: admin_connections_max?,
                cluster_connections_max: cluster_connections_max?,
                password_checks_max: password_checks_max?,
            },
        })
    }

    fn read<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, Mismatch>) -> Option<T> {
        self.read_or(key, parse, || None)
    }

    fn read_or<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Mismatch>,
        derive: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let Some(text) = self.0.texts.get(key) else {
            if node_keys::find(key).is_some_and(|key| key.absent == Absent::Required) && !self.has_problem(key) {
                let example = node_keys::find(key).map_or("", |key| key.example);
                let variable = node_keys::environment_name(key);
                let mend = format!("write it, such as \"{example}\", in the file or in {variable}");
                self.0.problems.push(Problem::new(key, "a value is missing", mend));
            }
            return derive();
        };
        match parse(text) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                self.0.problems.push(Problem::new(key, mismatch.message, mismatch.mend));
                None
            }
        }
    }

    fn has_problem(&self, key: &str) -> bool {
        self.0.problems.iter().any(|problem| problem.key == key)
    }

    /// Two listeners cannot share a port, unless their addresses differ and neither means every address.
    fn check_ports(&mut self, listeners: &[(&'static str, Option<SocketAddr>)]) {
        for (position, (key, listen)) in listeners.iter().enumerate() {
            for (earlier_key, earlier) in &listeners[..position] {
                let (Some(listen), Some(earlier)) = (listen, earlier) else { continue };
                let overlap =
                    listen.ip() == earlier.ip() || listen.ip().is_unspecified() || earlier.ip().is_unspecified();
                if overlap && listen.port() == earlier.port() {
                    let message = format!("port {} is taken by {earlier_key} already", listen.port());
                    self.0.problems.push(Problem::new(*key, message, "give each listener its own port"));
                }
            }
        }
    }

    /// In the order of the table; what is not in it (the file, a stray key) comes first.
    fn into_sorted_problems(self) -> Vec<Problem> {
        let mut problems = self.0.problems;
        problems.sort_by_key(|problem| KEYS.iter().position(|key| key.name == problem.key));
        problems
    }
}

fn parse_path(text: &str) -> Result<PathBuf, Mismatch> {
    if text.trim().is_empty() {
        return Err(Mismatch::new("the path is empty", "write a folder, such as /var/lib/flotilla"));
    }
    Ok(PathBuf::from(text))
}

fn parse_socket(text: &str) -> Result<SocketAddr, Mismatch> {
    const MEND: &str = "write an IP address and a port, such as 0.0.0.0:8443 or [::]:8443";
    let address = text
        .parse::<SocketAddr>()
        .map_err(|_| Mismatch::new(format!("\"{text}\" is not an IP address with a port"), MEND))?;
    if address.port() == 0 {
        return Err(Mismatch::new("port 0 is a different port at each start; nobody could find it", MEND));
    }
    Ok(address)
}

fn parse_count(text: &str, min: usize, max: usize) -> Result<usize, Mismatch> {
    text.parse::<usize>().ok().filter(|count| (min..=max).contains(count)).ok_or_else(|| {
        Mismatch::new(
            format!("\"{text}\" is not a number from {min} to {max}"),
            format!("write a number from {min} to {max}"),
        )
    })
}

fn url(name: &str, listen: SocketAddr) -> Option<String> {
    Some(format!("https://{}:{}", bracketed(name), listen.port()))
}
