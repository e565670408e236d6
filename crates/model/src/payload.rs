//! The data of an application's event: bytes that nobody here looks into. A clone shares them.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::sync::Arc;

use rustc_hash::FxHasher;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// Bytes with their hash, which the state's digest takes each time that the event's row changes.
///
/// They lie in memory, or somewhere else that can be read from: that is this node's own affair, and makes no difference to the
/// state, its digest or its snapshot.
#[derive(Clone)]
pub struct Payload {
    place: Place,
    length: u32,
    hash: u64,
}

#[derive(Clone)]
enum Place {
    Memory(Arc<[u8]>),
    Elsewhere(Arc<dyn StoredPayload>),
}

/// The data of an event that does not lie in memory.
pub trait StoredPayload: Send + Sync {
    /// Fills `buffer`, which is as long as the data. May block on a disk.
    fn read(&self, buffer: &mut [u8]) -> io::Result<()>;
}

impl Payload {
    /// Most bytes of one event.
    pub const MAX_LENGTH: usize = 64 << 10;

    /// Takes bytes as they are; their length was checked by the caller.
    pub fn new(bytes: &[u8]) -> Self {
        Self { length: bytes.len() as u32, hash: hash_of(bytes), place: Place::Memory(bytes.into()) }
    }

    /// The bytes. Those that are not in memory are read, which may block on a disk, and compared with their hash.
    pub fn read(&self) -> io::Result<Cow<'_, [u8]>> {
        let stored = match &self.place {
            Place::Memory(bytes) => return Ok(Cow::Borrowed(bytes)),
            Place::Elsewhere(stored) => stored,
        };
        let mut bytes = vec![0; self.len()];
        stored.read(&mut bytes)?;
        if hash_of(&bytes) == self.hash {
            Ok(Cow::Owned(bytes))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidData, "the data of an event is not what was stored"))
        }
    }

    /// Whether [`Payload::read`] reads from memory.
    pub fn is_in_memory(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    /// Puts the bytes, if they are in memory, where `store` says that they are now. Clones made before keep theirs.
    pub fn move_to(&mut self, store: impl FnOnce(&[u8]) -> Arc<dyn StoredPayload>) {
        if let Place::Memory(bytes) = &self.place {
            self.place = Place::Elsewhere(store(bytes));
        }
    }

    /// Lies where `other` does, if they are the same.
    pub(crate) fn share(&mut self, other: &Self) {
        if (self.hash, self.length) == (other.hash, other.length) {
            self.place = other.place.clone();
        }
    }

    pub fn len(&self) -> usize {
        self.length as usize
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Data that cannot be read is equal to none.
impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && self.length == other.length
            && matches!((self.read(), other.read()), (Ok(own), Ok(others)) if own == others)
    }
}

impl Eq for Payload {}

impl Hash for Payload {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Payload({} bytes, {:016x})", self.length, self.hash)
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.read().map_err(ser::Error::custom)?)
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

    struct Shelf(Vec<u8>);

    impl StoredPayload for Shelf {
        fn read(&self, buffer: &mut [u8]) -> io::Result<()> {
            let bytes = self.0.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
            buffer.copy_from_slice(bytes);
            Ok(())
        }
    }

    #[test]
    fn where_it_lies_makes_no_difference() {
        let payload = Payload::new(b"{\"order\":7}");
        let mut moved = payload.clone();
        moved.move_to(|bytes| Arc::new(Shelf(bytes.to_vec())));
        assert!(payload.is_in_memory() && !moved.is_in_memory());
        assert_eq!(moved, payload);
        assert_eq!((moved.len(), moved.read().unwrap()), (payload.len(), payload.read().unwrap()));
        assert_eq!(postcard::to_stdvec(&moved).unwrap(), postcard::to_stdvec(&payload).unwrap());
        let hash = |payload: &Payload| {
            let mut hasher = FxHasher::default();
            payload.hash(&mut hasher);
            hasher.finish()
        };
        assert_eq!(hash(&moved), hash(&payload));
    }

    #[test]
    fn data_that_was_damaged_or_lost_is_no_data() {
        for shelf in [&b"{\"order\":8}"[..], b"{\"order\""] {
            let mut payload = Payload::new(b"{\"order\":7}");
            payload.move_to(|_| Arc::new(Shelf(shelf.to_vec())));
            payload.read().unwrap_err();
            postcard::to_stdvec(&payload).unwrap_err();
        }
    }
}
