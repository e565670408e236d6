//! Batches: the commands that go through the log together.
//!
//! Format: a version, then what postcard makes of a `Vec<Command>`: a varint of the count and the commands one after the
//! other. So each command is encoded once, by the task that proposes it, and a batch is made by joining the pieces.

use bytes::Bytes;
use flotilla_model::Command;

use crate::types::Payload;

/// Raised when the form changes; older forms stay readable, as the log holds them.
const VERSION: u8 = 1;
/// A batch is not filled further than this.
pub(crate) const BATCH_BYTES_MAX: usize = 512 << 10;
/// Nor with more commands.
pub(crate) const BATCH_COMMANDS_MAX: usize = 1024;

/// Why a batch could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// Nothing there.
    #[error("the batch is empty")]
    Empty,
    /// A later version wrote it.
    #[error("the batch has version {found}, this program knows {VERSION}: update this node")]
    UnknownVersion {
        /// Its version.
        found: u8,
    },
    /// Longer, or more commands, than any batch is.
    #[error("the batch is larger than any batch may be")]
    TooLarge,
    /// Not what the encoding allows.
    #[error("malformed batch")]
    Malformed(#[from] postcard::Error),
    /// Something follows the last command.
    #[error("{count} bytes follow the last command of the batch")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
}

/// Encoded commands that are proposed together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commands {
    pub(crate) count: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Commands {
    pub(crate) fn encode(commands: &[Command]) -> Result<Self, postcard::Error> {
        let room = Vec::with_capacity(commands.iter().map(Command::bulk_bytes).sum::<usize>() + 256 * commands.len());
        let bytes = commands.iter().try_fold(room, |bytes, command| postcard::to_extend(command, bytes))?;
        Ok(Self { count: commands.len(), bytes })
    }

    /// Whether one batch can hold both.
    pub(crate) fn fits_with(&self, more: &Self) -> bool {
        self.count + more.count <= BATCH_COMMANDS_MAX && self.bytes.len() + more.bytes.len() <= BATCH_BYTES_MAX
    }

    /// Whether a batch can hold these at all.
    pub(crate) fn fits(&self) -> bool {
        self.fits_with(&Self::default())
    }
}

/// All of them as one batch.
pub(crate) fn join<'a>(pieces: impl Iterator<Item = &'a Commands> + Clone) -> Payload {
    let bytes: usize = pieces.clone().map(|piece| piece.bytes.len()).sum();
    let mut count: usize = pieces.clone().map(|piece| piece.count).sum();
    let mut payload = Vec::with_capacity(bytes + 8);
    payload.push(VERSION);
    while count >= 0x80 {
        payload.push(count as u8 | 0x80);
        count >>= 7;
    }
    payload.push(count as u8);
    pieces.for_each(|piece| payload.extend_from_slice(&piece.bytes));
    Payload(Bytes::from(payload))
}

/// Reads a batch. It may come from a peer: everything is checked.
pub(crate) fn decode(payload: &Payload) -> Result<Vec<Command>, BatchError> {
    let (version, body) = payload.0.split_first().ok_or(BatchError::Empty)?;
    if *version != VERSION {
        return Err(BatchError::UnknownVersion { found: *version });
    }
    if body.len() > BATCH_BYTES_MAX + 8 {
        return Err(BatchError::TooLarge);
    }
    let (commands, rest) = postcard::take_from_bytes::<Vec<Command>>(body)?;
    if commands.len() > BATCH_COMMANDS_MAX {
        return Err(BatchError::TooLarge);
    }
    if rest.is_empty() { Ok(commands) } else { Err(BatchError::TrailingBytes { count: rest.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(count: u64) -> Vec<Command> {
        (0..count).map(|now_ms| Command::Tick { now_ms }).collect()
    }

    #[test]
    fn pieces_joined_are_one_batch() {
        for (left, right) in [(0, 1), (1, 0), (3, 4), (100, 60), (500, 524)] {
            let (left, right) = (ticks(left), ticks(right));
            let pieces = [Commands::encode(&left).unwrap(), Commands::encode(&right).unwrap()];
            assert!(pieces[0].fits_with(&pieces[1]));
            let decoded = decode(&join(pieces.iter())).unwrap();
            assert_eq!(decoded, [left, right].concat());
        }
        let full = Commands::encode(&ticks(1024)).unwrap();
        assert!(!full.fits_with(&Commands::encode(&ticks(1)).unwrap()));
    }

    #[test]
    fn the_first_version_stays_readable() {
        let golden = Payload(Bytes::from_static(&[1, 2, 0, 7, 0, 0xac, 0x02]));
        assert_eq!(decode(&golden).unwrap(), [Command::Tick { now_ms: 7 }, Command::Tick { now_ms: 300 }]);
    }

    #[test]
    fn garbage_is_refused() {
        let decode = |bytes: &'static [u8]| decode(&Payload(Bytes::from_static(bytes)));
        assert!(matches!(decode(&[]), Err(BatchError::Empty)));
        assert!(matches!(decode(&[9, 0]), Err(BatchError::UnknownVersion { found: 9 })));
        assert!(matches!(decode(&[1, 0xff, 0xff, 0xff, 0xff, 0xff]), Err(BatchError::Malformed(_))));
        assert!(matches!(decode(&[1, 0, 5]), Err(BatchError::TrailingBytes { count: 1 })));
    }
}
