//! Times as partners read them.

/// RFC 3339, UTC.
pub(crate) fn rfc3339(time_ms: u64) -> String {
    let time = i64::try_from(time_ms).ok().and_then(|time_ms| jiff::Timestamp::from_millisecond(time_ms).ok());
    time.map_or_else(String::new, |time| time.to_string())
}
