//! The parameters as the components want them: durations, counts and choices, from whatever text is stored.

use std::time::Duration;

use super::catalogue::{self, *};
use super::validate::{Value, validate};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClusterMode {
    Active,
    Passive,
    Disabled,
}

impl ClusterMode {
    /// As the parameter holds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Disabled => "disabled",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailBack {
    Manual,
    Automatic,
}

impl FailBack {
    /// As the parameter holds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Automatic => "auto",
        }
    }
}

/// Who decides how many GMP workers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GmpSizing {
    /// The operator.
    Fixed,
    /// The pool, between the two bounds.
    Auto,
}

/// Reads through a closure that gives the stored text of a name, or `None` when it was never set.
pub struct Parameters<L>(pub L);

impl<L: Fn(&str) -> Option<String>> Parameters<L> {
    pub fn cluster_mode(&self) -> ClusterMode {
        match self.text(CLUSTER_MODE).as_str() {
            "passive" => ClusterMode::Passive,
            "disabled" => ClusterMode::Disabled,
            _ => ClusterMode::Active,
        }
    }

    pub fn cluster_crypto_alias(&self) -> String {
        self.text(CLUSTER_CRYPTO_ALIAS)
    }

    pub fn cluster_connection_timeout(&self) -> Duration {
        Duration::from_millis(self.integer(CLUSTER_CONNECTION_TIMEOUT))
    }

    pub fn fail_back(&self) -> FailBack {
        match self.text(CLUSTER_FAIL_BACK).as_str() {
            "auto" => FailBack::Automatic,
            _ => FailBack::Manual,
        }
    }

    pub fn gmp_threads_max(&self) -> usize {
        self.integer(GMP_THREADS) as usize
    }

    pub fn gmp_threads_min(&self) -> usize {
        self.integer(GMP_THREADS_MIN) as usize
    }

    pub fn gmp_sizing(&self) -> GmpSizing {
        match self.text(GMP_SIZING).as_str() {
            "auto" => GmpSizing::Auto,
            _ => GmpSizing::Fixed,
        }
    }

    pub fn session_idle_timeout(&self) -> Duration {
        Duration::from_secs(self.integer(SESSION_IDLE_TIMEOUT))
    }

    pub fn session_lifetime(&self) -> Duration {
        Duration::from_secs(self.integer(SESSION_LIFETIME))
    }

    pub fn event_retries_max(&self) -> u32 {
        self.integer(EVENT_RETRIES) as u32
    }

    pub fn event_bytes_max(&self) -> u64 {
        self.integer(EVENT_BYTES)
    }

    pub fn event_retry_delay(&self) -> Duration {
        Duration::from_secs(self.integer(EVENT_RETRY_DELAY))
    }

    pub fn event_internal_retry_delay(&self) -> Duration {
        Duration::from_secs(self.integer(EVENT_INTERNAL_RETRY_DELAY))
    }

    pub fn event_lease_timeout(&self) -> Duration {
        Duration::from_secs(self.integer(EVENT_LEASE_TIMEOUT))
    }

    pub fn events_max(&self) -> usize {
        self.integer(EVENTS) as usize
    }

    pub fn event_deduplication_window(&self) -> Duration {
        Duration::from_secs(self.integer(EVENT_DEDUPLICATION_WINDOW))
    }

    pub fn event_deduplication_keys_max(&self) -> usize {
        self.integer(EVENT_DEDUPLICATION_KEYS) as usize
    }

    pub fn files_replicas(&self) -> usize {
        self.integer(FILES_REPLICAS) as usize
    }

    pub fn files_repair_rate_bytes_per_s(&self) -> u64 {
        self.integer(FILES_REPAIR_RATE)
    }

    pub fn files_size_max_bytes(&self) -> u64 {
        self.integer(FILES_SIZE)
    }

    pub fn files_upload_lifetime(&self) -> Duration {
        Duration::from_secs(self.integer(FILES_UPLOAD_LIFETIME))
    }

    pub fn gateway_event_streams_max(&self) -> usize {
        self.integer(GATEWAY_EVENT_STREAMS) as usize
    }

    pub fn gateway_uploads_max(&self) -> usize {
        self.integer(GATEWAY_UPLOADS) as usize
    }

    pub fn transfer_log_records_max(&self) -> usize {
        self.integer(TRANSFER_LOG_RECORDS) as usize
    }

    pub fn transaction_manager_shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.integer(TM_SHUTDOWN))
    }

    pub fn http_shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.integer(HTTP_SHUTDOWN))
    }

    /// The stored value when this version accepts it, else the default.
    fn value(&self, name: &'static str) -> Option<Value> {
        let stored = (self.0)(name).and_then(|text| validate(name, &text).ok());
        stored.or_else(|| validate(name, catalogue::find(name)?.default).ok())
    }

    fn integer(&self, name: &'static str) -> u64 {
        match self.value(name) {
            Some(Value::Integer(number)) => number,
            other => unreachable!("{name} is an integer with a checked default, not {other:?}"),
        }
    }

    fn text(&self, name: &'static str) -> String {
        self.value(name).map_or_else(String::new, |value| value.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_getter_has_a_default() {
        let parameters = Parameters(|_: &str| None);
        assert_eq!(parameters.cluster_mode(), ClusterMode::Active);
        assert_eq!(parameters.fail_back(), FailBack::Manual);
        assert_eq!(parameters.cluster_crypto_alias(), "flotilla-cluster");
        assert_eq!(parameters.cluster_connection_timeout(), Duration::from_secs(1));
        assert_eq!(parameters.gmp_threads_max(), 4);
        assert_eq!(parameters.gmp_threads_min(), 4);
        assert_eq!(parameters.gmp_sizing(), GmpSizing::Fixed);
        assert_eq!(parameters.session_idle_timeout(), Duration::from_secs(900));
        assert_eq!(parameters.session_lifetime(), Duration::from_secs(43_200));
        assert_eq!(parameters.event_retries_max(), 5);
        assert_eq!(parameters.event_retry_delay(), Duration::from_secs(120));
        assert_eq!(parameters.event_internal_retry_delay(), Duration::from_secs(120));
        assert_eq!(parameters.event_lease_timeout(), Duration::from_secs(300));
        assert_eq!(parameters.events_max(), 1_000_000);
        assert_eq!(parameters.event_bytes_max(), 2 << 30);
        assert_eq!(parameters.event_deduplication_window(), Duration::from_secs(300));
        assert_eq!(parameters.event_deduplication_keys_max(), 100_000);
        assert_eq!(parameters.gateway_event_streams_max(), 128);
        assert_eq!(parameters.files_replicas(), 2);
        assert_eq!(parameters.files_repair_rate_bytes_per_s(), 50 << 20);
        assert_eq!(parameters.files_size_max_bytes(), 1 << 40);
        assert_eq!(parameters.files_upload_lifetime(), Duration::from_secs(86_400));
        assert_eq!(parameters.gateway_uploads_max(), 256);
        assert_eq!(parameters.transfer_log_records_max(), 200_000);
        assert_eq!(parameters.transaction_manager_shutdown_timeout(), Duration::from_secs(30));
        assert_eq!(parameters.http_shutdown_timeout(), Duration::from_secs(30));
    }

    #[test]
    fn stored_texts_win_unless_this_version_refuses_them() {
        let parameters = Parameters(|name: &str| match name {
            GMP_THREADS => Some("100".to_owned()),
            FILES_REPLICAS => Some("a-word-of-a-newer-version".to_owned()),
            CLUSTER_MODE => Some("passive".to_owned()),
            _ => None,
        });
        assert_eq!(parameters.gmp_threads_max(), 100);
        assert_eq!(parameters.files_replicas(), 2);
        assert_eq!(parameters.cluster_mode(), ClusterMode::Passive);
    }
}
