//! The data of an application's event: bytes that nobody here looks into. A clone shares them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes with their hash, which the state's digest takes each time that the event's row changes.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    bytes: Arc<[u8]>,
    hash: u64,
}

impl Payload {
    /// Most bytes of one event.
    pub const MAX_LENGTH: usize = 64 << 10;

    /// Takes bytes as they are; their length was checked by the caller.
    pub fn new(bytes: &[u8]) -> Self {
        let mut hasher = FxHasher::default();
        bytes.hash(&mut hasher);
        Self { bytes: bytes.into(), hash: hasher.finish() }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl Hash for Payload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Payload({} bytes, {:016x})", self.bytes.len(), self.hash)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.bytes)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Bytes)
    }
}

struct Bytes;

impl de::Visitor<'_> for Bytes {
    type Value = Payload;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {} bytes", Payload::MAX_LENGTH)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Payload, E> {
        // The log and peers bring it: a longer one is refused before it is kept.
        if bytes.len() > Payload::MAX_LENGTH {
            return Err(E::invalid_length(bytes.len(), &self));
        }
        Ok(Payload::new(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_through_the_log_as_it_is() {
        for bytes in [&b""[..], b"{}", &[0xff; 1000]] {
            let payload = Payload::new(bytes);
            let encoded = postcard::to_stdvec(&payload).unwrap();
            assert_eq!(postcard::from_bytes::<Payload>(&encoded).unwrap(), payload);
        }
        let long = postcard::to_stdvec(serde_bytes_like(&vec![0; Payload::MAX_LENGTH + 1])).unwrap();
        assert!(postcard::from_bytes::<Payload>(&long).is_err());
    }

    /// postcard writes a slice of bytes as it writes bytes.
    fn serde_bytes_like(bytes: &[u8]) -> &[u8] {
        bytes
    }
}
