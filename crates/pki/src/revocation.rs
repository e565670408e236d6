//! Revoked certificates. The internal CAs publish no lists; the replicated state holds the serials, and each node
//! checks them in its verifier, so a revocation works for the next handshake on every node.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fingerprint::to_hex;

/// A serial number in lower-case hexadecimal without leading zeros. Ours are 127 random bits, so the serial alone
/// tells certificates apart, also across authorities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SerialNumber(String);

impl SerialNumber {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self::from(to_hex(bytes))
    }

    /// The hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for SerialNumber {
    /// Takes any spelling (upper case, colons, leading zeros) and keeps the plain one.
    fn from(text: String) -> Self {
        let digits: String =
            text.chars().filter(|digit| *digit != ':').map(|digit| digit.to_ascii_lowercase()).collect();
        Self(digits.trim_start_matches('0').to_owned())
    }
}

impl From<SerialNumber> for String {
    fn from(serial: SerialNumber) -> Self {
        serial.0
    }
}

impl fmt::Display for SerialNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The serials that are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevokedSerials {
    serials: BTreeSet<SerialNumber>,
}

impl RevokedSerials {
    /// Whether a serial is refused.
    pub fn contains(&self, serial: &SerialNumber) -> bool {
        self.serials.contains(serial)
    }
}

impl FromIterator<SerialNumber> for RevokedSerials {
    fn from_iter<I: IntoIterator<Item = SerialNumber>>(serials: I) -> Self {
        Self { serials: serials.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_serial_are_equal() {
        let plain = SerialNumber::from_bytes(&[0, 0x0a, 0xbc]);
        assert_eq!(plain.as_str(), "abc");
        for spelling in ["0ABC", "0a:bc", "00:0A:BC"] {
            assert_eq!(SerialNumber::from(spelling.to_owned()), plain);
        }
    }
}
