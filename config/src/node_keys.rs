//! The keys of the node file: the one table that parsing, the environment, the renderer and the reference manual share.

/// A key without a value in any layer takes this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// There must be one.
    Required,
    /// This text is read as if it stood in the file.
    Default(&'static str),
    /// Worked out from other keys, in the way described.
    Derived(&'static str),
    /// There is none, which means what is described.
    Unset(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// `section.key`; in the environment `FLOTILLA_SECTION__KEY`.
    pub(crate) name: &'static str,
    pub(crate) absent: Absent,
    /// An example for the mend and for the rendered file.
    pub(crate) example: &'static str,
    pub(crate) help: &'static str,
    /// Written without quotes in TOML.
    pub(crate) is_number: bool,
}

const fn text(name: &'static str, absent: Absent, example: &'static str, help: &'static str) -> Key {
    Key { name, absent, example, help, is_number: false }
}

const fn number(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, absent: Absent::Default(default), example: default, help, is_number: true }
}

pub(crate) const NODE_NAME: &str = "node.name";
pub(crate) const NODE_DATA_DIR: &str = "node.data_dir";
pub(crate) const NODE_COMMANDS_DIR: &str = "node.commands_dir";
pub(crate) const CLUSTER_LISTEN: &str = "cluster.listen";
pub(crate) const CLUSTER_ADVERTISE: &str = "cluster.advertise";
pub(crate) const ADMIN_LISTEN: &str = "admin.listen";
pub(crate) const ADMIN_URL: &str = "admin.url";
pub(crate) const GATEWAY_LISTEN: &str = "gateway.listen";
pub(crate) const GATEWAY_URL: &str = "gateway.url";
pub(crate) const LOG_FORMAT: &str = "log.format";
pub(crate) const LOG_LEVEL: &str = "log.level";
pub(crate) const TELEMETRY_OTLP_ENDPOINT: &str = "telemetry.otlp_endpoint";
pub(crate) const TELEMETRY_SAMPLE_RATIO: &str = "telemetry.sample_ratio";
pub(crate) const TELEMETRY_SERVICE_NAME: &str = "telemetry.service_name";
pub(crate) const LIMITS_GATEWAY_CONNECTIONS: &str = "limits.gateway_connections_max";
pub(crate) const LIMITS_ADMIN_CONNECTIONS: &str = "limits.admin_connections_max";
pub(crate) const LIMITS_CLUSTER_CONNECTIONS: &str = "limits.cluster_connections_max";
pub(crate) const LIMITS_PASSWORD_CHECKS: &str = "limits.password_checks_max";

/// In the order of the rendered file; the keys of a section stand together.
pub(crate) const KEYS: &[Key] = &[
    text(
        NODE_NAME,
        Absent::Required,
        "node-1.example.org",
        "The host name or IP address by which the other nodes and the partners reach this node.",
    ),
    text(
        NODE_DATA_DIR,
        Absent::Default("data"),
        "/var/lib/flotilla",
        "Log, state, files, keys and certificates. A relative path starts at the folder of this file.",
    ),
    text(
        NODE_COMMANDS_DIR,
        Absent::Unset("this node runs no commands"),
        "/etc/flotilla/commands",
        "The programs that command steps of routes may run here. Only who may run anything as this node should write there.",
    ),
    text(
        CLUSTER_LISTEN,
        Absent::Default("0.0.0.0:44431"),
        "0.0.0.0:44431",
        "Where the other nodes connect to (mutual TLS).",
    ),
    text(
        CLUSTER_ADVERTISE,
        Absent::Derived("node.name with the port of cluster.listen"),
        "node-1.example.org:44431",
        "The address that the other nodes dial, when it differs.",
    ),
    text(
        ADMIN_LISTEN,
        Absent::Default("0.0.0.0:8444"),
        "0.0.0.0:8444",
        "Administration: REST under /api/v2.0/, /livez, /readyz and /metrics (HTTPS).",
    ),
    text(
        ADMIN_URL,
        Absent::Derived("node.name with the port of admin.listen"),
        "https://node-1.example.org:8444",
        "The URL that operators and other nodes use, when it differs.",
    ),
    text(
        GATEWAY_LISTEN,
        Absent::Default("0.0.0.0:8443"),
        "0.0.0.0:8443",
        "Where partners upload and download files (HTTPS).",
    ),
    text(
        GATEWAY_URL,
        Absent::Derived("node.name with the port of gateway.listen"),
        "https://files.example.org:8443",
        "The URL that partners use, when it differs.",
    ),
    text(LOG_FORMAT, Absent::Default("text"), "json", "text (for people) or json (one document a line)."),
    text(
        LOG_LEVEL,
        Absent::Default("info"),
        "info,flotilla_mesh=debug",
        "off, error, warn, info, debug or trace; also for one part only, as in info,flotilla_mesh=debug.",
    ),
    text(
        TELEMETRY_OTLP_ENDPOINT,
        Absent::Unset("no traces are made"),
        "http://127.0.0.1:4318",
        "Where traces go: the base URL of an OTLP receiver (HTTP, protobuf); /v1/traces is added.",
    ),
    number(TELEMETRY_SAMPLE_RATIO, "1.0", "The share of files that are traced, from 0 to 1; the same on all nodes."),
    text(
        TELEMETRY_SERVICE_NAME,
        Absent::Default("flotilla"),
        "flotilla-east",
        "The name of this service in traces; the same on all nodes.",
    ),
    number(LIMITS_GATEWAY_CONNECTIONS, "4096", "Connections of partners at once; further ones are closed at once."),
    number(LIMITS_ADMIN_CONNECTIONS, "512", "Connections to the admin port at once."),
    number(
        LIMITS_CLUSTER_CONNECTIONS,
        "256",
        "Connections from other nodes at once, those in their handshake included.",
    ),
    number(
        LIMITS_PASSWORD_CHECKS,
        "128",
        "Callers that wait for a password check; further ones are told to try again.",
    ),
];

pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// `cluster.listen` is `FLOTILLA_CLUSTER__LISTEN`.
pub(crate) fn environment_name(key: &str) -> String {
    format!("FLOTILLA_{}", key.replace('.', "__").to_uppercase())
}
