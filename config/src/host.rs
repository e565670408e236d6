//! Names of hosts, their ports and the URLs of their admin servers and gateways, checked as text. Nothing is resolved.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::Mismatch;

/// The longest host name (RFC 1035) and its longest label.
const HOST_LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;

/// Where another host reaches a port of ours: `node-1.example.org:44431`, `10.0.0.1:44431`, `[2001:db8::1]:44431`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// A host name or an IP address, without brackets.
    pub host: String,
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", bracketed(&self.host), self.port)
    }
}

impl FromStr for HostPort {
    type Err = Mismatch;

    fn from_str(text: &str) -> Result<Self, Mismatch> {
        const MEND: &str = "write a host name or IP address and a port, such as node-1.example.org:44431";
        let (host, port) =
            text.rsplit_once(':').ok_or_else(|| Mismatch::new(format!("\"{text}\" has no port"), MEND))?;
        let port = port
            .parse::<u16>()
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| Mismatch::new(format!("\"{port}\" is not a port from 1 to 65535"), MEND))?;
        let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inside) if inside.parse::<Ipv6Addr>().is_ok() => inside,
            Some(inside) => return Err(Mismatch::new(format!("\"{inside}\" is not an IPv6 address"), MEND)),
            None if host.contains(':') => {
                return Err(Mismatch::new(
                    format!("the IPv6 address \"{host}\" is not in brackets"),
                    "write [2001:db8::1]:44431",
                ));
            }
            None => host,
        };
        check_host(host)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

/// A host as it stands in a URL: an IPv6 address in brackets.
pub(crate) fn bracketed(host: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

/// Whether `host` is a DNS name or an IP address (without brackets or port) that another host can dial.
pub fn check_host(host: &str) -> Result<(), Mismatch> {
    const MEND: &str =
        "write the name or IP address by which the other nodes reach this host, such as node-1.example.org";
    if let Ok(address) = host.parse::<IpAddr>() {
        if address.is_unspecified() {
            return Err(Mismatch::new(format!("{address} means every address of this host; nobody can dial it"), MEND));
        }
        return Ok(());
    }
    if host.is_empty() || host.len() > HOST_LENGTH_MAX {
        return Err(Mismatch::new(format!("a host name has 1 to {HOST_LENGTH_MAX} characters"), MEND));
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    // A name of digits and dots only is a mistyped address (RFC 3696, section 2).
    let numeric = labels.last().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if numeric || !labels.iter().all(|label| is_label(label)) {
        return Err(Mismatch::new(format!("\"{host}\" is neither a host name nor an IP address"), MEND));
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LABEL_LENGTH_MAX).contains(&label.len())
        && label.bytes().all(allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Checks `https://host[:port]` and returns it without a trailing slash; anything behind the port is refused.
pub fn check_https_url(text: &str) -> Result<String, Mismatch> {
    const MEND: &str = "write https://, a host and a port, such as https://node-1.example.org:8444";
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    let Some(authority) = trimmed.strip_prefix("https://") else {
        return Err(Mismatch::new(format!("\"{text}\" does not start with https://"), MEND));
    };
    if authority.contains(['/', '?', '#', '@']) {
        return Err(Mismatch::new(format!("\"{text}\" has more than a host and a port"), MEND));
    }
    check_authority(authority, 443).map_err(|mismatch| Mismatch::new(mismatch.message, MEND))?;
    Ok(trimmed.to_owned())
}

/// Checks the `host[:port]` of a URL.
pub(crate) fn check_authority(authority: &str, default_port: u16) -> Result<HostPort, Mismatch> {
    let without_port = authority.ends_with(']') || !authority.contains(':');
    if without_port { format!("{authority}:{default_port}").parse() } else { authority.parse() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_with_ports_round_trip() {
        for text in ["node-1.example.org:44431", "10.0.0.1:1", "[2001:db8::1]:65535", "localhost:8444"] {
            assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn bad_hosts_with_ports_say_what_is_wrong() {
        let cases = [
            ("node-1", "has no port"),
            ("node-1:", "is not a port"),
            ("node-1:0", "is not a port"),
            ("node-1:65536", "is not a port"),
            ("2001:db8::1:44431", "not in brackets"),
            ("[2001:zz8::1]:44431", "not an IPv6 address"),
            ("node 1:44431", "neither a host name"),
            ("0.0.0.0:44431", "nobody can dial"),
            ("300.1.1.1:44431", "neither a host name"),
            ("-a:44431", "neither a host name"),
            (":44431", "1 to 253"),
        ];
        for (text, expected) in cases {
            let mismatch = text.parse::<HostPort>().unwrap_err();
            assert!(mismatch.message.contains(expected), "{text}: {}", mismatch.message);
        }
    }

    #[test]
    fn urls_are_https_with_a_host_only() {
        for (text, expected) in [
            ("https://node-1:8444", "https://node-1:8444"),
            ("https://node-1:8444/", "https://node-1:8444"),
            ("https://node-1.example.org", "https://node-1.example.org"),
            ("https://[::1]:8444", "https://[::1]:8444"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(check_https_url(text).as_deref(), Ok(expected));
        }
        for text in
            ["http://node-1:8444", "https://", "https://a:b@c:1", "https://a/path", "https://a:1?x", "node-1:8444"]
        {
            assert!(check_https_url(text).is_err(), "{text}");
        }
    }
}
