//! The table itself. A parameter without a reader says so in its help.

/// Whom a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One value, replicated to all nodes.
    Cluster,
    /// As `Cluster`, and a node may have a value of its own, which is replicated too.
    ClusterOrNode,
    /// A value per node, never synchronised.
    Local,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Boolean,
    /// Both ends included.
    Integer {
        min: u64,
        max: u64,
    },
    /// One of these words, in lower case.
    Choice(&'static [&'static str]),
    /// Letters, digits, `-`, `_` and `.`, 1 to this many.
    Name {
        length_max: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    None,
    Milliseconds,
    Seconds,
    /// Also written with KiB, MiB, GiB or TiB.
    Bytes,
    BytesPerSecond,
}

impl Scope {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::ClusterOrNode => "cluster or node",
            Self::Local => "local",
        }
    }
}

impl Unit {
    /// As it stands behind a number; empty for none.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/s",
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
    /// In canonical text, as [`crate::parameters::Value`] renders it.
    pub default: &'static str,
    pub unit: Unit,
    pub scope: Scope,
    pub help: &'static str,
}

impl Parameter {
    /// The accepted values in words: `1 to 1000`, `active, passive or disabled`.
    pub fn range(&self) -> String {
        match self.kind {
            Kind::Boolean => "true or false".to_owned(),
            Kind::Integer { min, max } => match self.unit {
                Unit::None => format!("{min} to {max}"),
                unit => format!("{min} to {max} {}", unit.symbol()),
            },
            Kind::Choice([rest @ .., last]) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            Kind::Choice(words) => words.join(", "),
            Kind::Name { length_max } => format!("1 to {length_max} letters, digits, -, _ or ."),
        }
    }
}

pub(crate) const LOCKOUT_DURATION: &str = "Access.lockoutDuration";
pub(crate) const LOCKOUT_WINDOW: &str = "Access.lockoutWindow";
pub(crate) const LOGIN_FAILURES: &str = "Access.maxLoginFailures";
pub(crate) const SESSION_IDLE_TIMEOUT: &str = "Access.sessionIdleTimeout";
pub(crate) const SESSION_LIFETIME: &str = "Access.sessionLifetime";
pub(crate) const AUDIT_RECORDS: &str = "Audit.maxRecords";
pub(crate) const CLUSTER_MODE: &str = "Cluster.mode";
pub const CLUSTER_CRYPTO_ALIAS: &str = "Cluster.Crypto.Alias";
pub(crate) const CLUSTER_CONNECTION_TIMEOUT: &str = "Cluster.connectionTimeout";
pub(crate) const CLUSTER_FAIL_BACK: &str = "Cluster.failback";
pub(crate) const GMP_THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";
pub(crate) const GMP_THREADS_MIN: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.minThreads";
pub(crate) const GMP_SIZING: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.sizing";
pub(crate) const EVENT_RETRIES: &str = "EventQueue.maxRetryCount";
pub(crate) const EVENT_RETRY_DELAY: &str = "EventQueue.retryDelayInterval";
pub(crate) const EVENT_INTERNAL_RETRY_DELAY: &str = "EventQueue.internalRetryDelayInterval";
pub(crate) const EVENT_LEASE_TIMEOUT: &str = "EventQueue.leaseTimeout";
pub(crate) const EVENTS: &str = "EventQueue.maxEvents";
pub(crate) const EVENT_BYTES: &str = "EventQueue.maxBytes";
pub(crate) const EVENT_HISTORY: &str = "EventQueue.maxHistory";
pub(crate) const EVENT_POISON_LIMIT: &str = "EventQueue.poisonLimit";
pub(crate) const EVENT_RETRY_BACKOFF: &str = "EventQueue.retryBackoffFactor";
pub(crate) const EVENT_RETRY_DELAY_MAX: &str = "EventQueue.maxRetryDelayInterval";
pub(crate) const EVENT_DEDUPLICATION_WINDOW: &str = "EventQueue.deduplicationWindow";
pub(crate) const EVENT_DEDUPLICATION_KEYS: &str = "EventQueue.maxDeduplicationKeys";
pub(crate) const EVENT_MEMORY: &str = "EventQueue.memoryBytes";
pub(crate) const FILES_REPLICAS: &str = "Files.replicas";
pub(crate) const FILES_REPAIR_RATE: &str = "Files.repairRate";
pub(crate) const FILES_OPEN_UPLOADS: &str = "Files.maxOpenUploads";
pub(crate) const FILES_SIZE: &str = "Files.maxSize";
pub(crate) const FILES_UPLOAD_LIFETIME: &str = "Files.uploadLifetime";
pub(crate) const GATEWAY_EVENT_STREAMS: &str = "Gateway.maxEventStreams";
pub(crate) const GATEWAY_UPLOADS: &str = "Gateway.maxUploads";
pub(crate) const TRANSFER_LOG_RECORDS: &str = "TransferLog.maxRecords";
pub(crate) const TM_SHUTDOWN: &str = "TransactionManager.GracefulShutdownTimeout";
pub(crate) const HTTP_SHUTDOWN: &str = "Http.GracefulShutdownTimeout";

const fn integer(
    name: &'static str,
    (min, max): (u64, u64),
    default: &'static str,
    unit: Unit,
    help: &'static str,
) -> Parameter {
    Parameter { name, kind: Kind::Integer { min, max }, default, unit, scope: Scope::Cluster, help }
}

const fn word(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Parameter {
    Parameter { name, kind, default, unit: Unit::None, scope: Scope::Cluster, help }
}

/// A node may have a value of its own.
const fn of_node(parameter: Parameter) -> Parameter {
    Parameter { scope: Scope::ClusterOrNode, ..parameter }
}

const DAY_S: u64 = 86_400;
const PIB: u64 = 1 << 50;

/// Every parameter, by name.
pub const CATALOGUE: &[Parameter] = &[
    integer(
        LOCKOUT_DURATION,
        (1, DAY_S),
        "900",
        Unit::Seconds,
        "How long an administrator's log-in stays locked after too many failures.",
    ),
    integer(
        LOCKOUT_WINDOW,
        (1, DAY_S),
        "600",
        Unit::Seconds,
        "Time within which failed log-ins of an administrator are counted together.",
    ),
    integer(
        LOGIN_FAILURES,
        (0, 1000),
        "10",
        Unit::None,
        "Failed log-ins of an administrator before the log-in is locked; 0: it never is.",
    ),
    integer(
        SESSION_IDLE_TIMEOUT,
        (10, DAY_S),
        "900",
        Unit::Seconds,
        "Time without a request after which a session in a browser is over.",
    ),
    integer(
        SESSION_LIFETIME,
        (60, 30 * DAY_S),
        "43200",
        Unit::Seconds,
        "How long a session in a browser lasts at most, however much it is used.",
    ),
    integer(AUDIT_RECORDS, (100, 10_000_000), "100000", Unit::None, "Rows of the audit log kept; the oldest go first."),
    word(
        CLUSTER_CRYPTO_ALIAS,
        Kind::Name { length_max: 64 },
        "flotilla-cluster",
        "The alias of the local certificate that each node shows to the others.",
    ),
    of_node(integer(
        GMP_THREADS,
        (1, 1000),
        "4",
        Unit::None,
        "GMP workers on each node; with sizing auto the most of them. Changes live.",
    )),
    of_node(integer(GMP_THREADS_MIN, (1, 1000), "4", Unit::None, "The fewest GMP workers of a node with sizing auto.")),
    of_node(word(
        GMP_SIZING,
        Kind::Choice(&["fixed", "auto"]),
        "fixed",
        "fixed: maxThreads GMP workers; auto: minThreads to maxThreads, by waiting events and CPU.",
    )),
    integer(
        CLUSTER_CONNECTION_TIMEOUT,
        (200, 60_000),
        "1000",
        Unit::Milliseconds,
        "Silence after which a node counts as lost: its leases return, and a lost primary is replaced.",
    ),
    word(
        CLUSTER_FAIL_BACK,
        Kind::Choice(&["manual", "auto"]),
        "manual",
        "Whether a node earlier in the servers list takes the lead back when it has caught up.",
    ),
    word(
        CLUSTER_MODE,
        Kind::Choice(&["active", "passive", "disabled"]),
        "active",
        "active: all nodes serve and work; passive: only the primary does; disabled: one node by itself.",
    ),
    integer(
        EVENT_DEDUPLICATION_WINDOW,
        (0, DAY_S),
        "300",
        Unit::Seconds,
        "How long an application's event published again under its idempotency key is the same.",
    ),
    integer(
        EVENT_INTERNAL_RETRY_DELAY,
        (0, DAY_S),
        "120",
        Unit::Seconds,
        "Delay after a failure on this side: a disk, a missing copy, no quorum.",
    ),
    integer(
        EVENT_LEASE_TIMEOUT,
        (5, DAY_S),
        "300",
        Unit::Seconds,
        "How long a worker may show no progress before its event is given to another.",
    ),
    integer(
        EVENT_BYTES,
        (1 << 20, 1 << 40),
        "2147483648",
        Unit::Bytes,
        "Data of unfinished applications' events; beyond it they are refused with 503.",
    ),
    integer(
        EVENT_DEDUPLICATION_KEYS,
        (0, 10_000_000),
        "100000",
        Unit::None,
        "Idempotency keys remembered; beyond it the oldest are forgotten early.",
    ),
    integer(
        EVENTS,
        (100, 10_000_000),
        "1000000",
        Unit::None,
        "Unfinished events; near it uploads are slowed, beyond it refused with 503.",
    ),
    integer(
        EVENT_HISTORY,
        (0, 10_000_000),
        "10000",
        Unit::None,
        "Applications' events kept for consumers that follow them; at most 64 MiB.",
    ),
    integer(EVENT_RETRIES, (0, 1000), "5", Unit::None, "Retries of a failed step before its event is dead-lettered."),
    integer(
        EVENT_RETRY_DELAY_MAX,
        (0, 7 * DAY_S),
        "3600",
        Unit::Seconds,
        "The longest delay before a failed event is tried again.",
    ),
    integer(
        EVENT_MEMORY,
        (0, 1 << 40),
        "134217728",
        Unit::Bytes,
        "Data of unfinished applications' events that each node keeps in memory; what is beyond it lies in files.",
    ),
    integer(
        EVENT_POISON_LIMIT,
        (1, 100),
        "3",
        Unit::None,
        "Deaths of the process that works on an event before it is dead-lettered.",
    ),
    integer(
        EVENT_RETRY_BACKOFF,
        (1, 10),
        "2",
        Unit::None,
        "Factor by which the delay grows with each further try; 1: it stays the same.",
    ),
    integer(
        EVENT_RETRY_DELAY,
        (0, DAY_S),
        "120",
        Unit::Seconds,
        "Delay before a failed event is tried for the second time.",
    ),
    integer(
        FILES_OPEN_UPLOADS,
        (1, 10_000),
        "100",
        Unit::None,
        "Unfinished resumable uploads that one account may have.",
    ),
    integer(FILES_SIZE, (1, PIB), "1099511627776", Unit::Bytes, "The largest file that an upload may have."),
    integer(
        FILES_REPAIR_RATE,
        (1 << 16, 1 << 40),
        "52428800",
        Unit::BytesPerSecond,
        "How fast one node copies files that have too few copies.",
    ),
    integer(
        FILES_REPLICAS,
        (1, 7),
        "2",
        Unit::None,
        "Nodes that must have a file on disk before its upload is acknowledged.",
    ),
    integer(
        FILES_UPLOAD_LIFETIME,
        (60, 30 * DAY_S),
        "86400",
        Unit::Seconds,
        "How long what has come of a resumable upload is kept for the next part.",
    ),
    integer(
        GATEWAY_EVENT_STREAMS,
        (1, 100_000),
        "128",
        Unit::None,
        "Streams on which events are published, and as many on which they are followed, at once on each node.",
    ),
    integer(GATEWAY_UPLOADS, (1, 100_000), "256", Unit::None, "Uploads at once on each node; further ones get 503."),
    integer(HTTP_SHUTDOWN, (0, 3600), "30", Unit::Seconds, "How long a stopping node lets transfers under way finish."),
    integer(
        TM_SHUTDOWN,
        (0, 3600),
        "30",
        Unit::Seconds,
        "How long a stopping node lets its GMP workers finish their events.",
    ),
    integer(
        TRANSFER_LOG_RECORDS,
        (100, 10_000_000),
        "200000",
        Unit::None,
        "Transfer records kept; the oldest go first.",
    ),
];

pub fn find(name: &str) -> Option<&'static Parameter> {
    CATALOGUE.iter().find(|parameter| parameter.name == name)
}

/// Name and default of each parameter: what a new cluster starts with.
pub fn defaults() -> Vec<(String, String)> {
    CATALOGUE.iter().map(|parameter| (parameter.name.to_owned(), parameter.default.to_owned())).collect()
}

pub fn names() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|parameter| parameter.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sorted_and_its_defaults_are_canonical() {
        assert!(names().is_sorted_by(|left, right| left < right));
        for parameter in CATALOGUE {
            let value = crate::parameters::validate(parameter.name, parameter.default).unwrap();
            assert_eq!(value.to_string(), parameter.default, "{}", parameter.name);
            assert!(parameter.help.ends_with('.') && parameter.help.len() < 110, "{}", parameter.name);
        }
    }

    #[test]
    fn only_what_a_node_reads_for_itself_may_be_its_own() {
        let own = CATALOGUE.iter().filter(|parameter| parameter.scope == Scope::ClusterOrNode);
        assert!(own.map(|parameter| parameter.name).eq([GMP_THREADS, GMP_THREADS_MIN, GMP_SIZING]));
    }

    #[test]
    fn ranges_read_as_words() {
        assert_eq!(find(CLUSTER_MODE).unwrap().range(), "active, passive or disabled");
        assert_eq!(find(GMP_THREADS).unwrap().range(), "1 to 1000");
        assert_eq!(find(EVENT_RETRY_DELAY).unwrap().range(), "0 to 86400 s");
    }
}
