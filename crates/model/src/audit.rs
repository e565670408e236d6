//! The audit log: who changed what, from where, and what it was before. Rows are written by `apply` together with the
//! change itself, so that there is none without its row, on any node.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::ids::Sha256;

/// Longest text of a row, in bytes; longer ones are cut.
pub(crate) const TEXT_MAX_BYTES: usize = 1024;

/// On whose behalf a command is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// Name of the administrator; `local` for who has access to a node's own folder.
    pub who: String,
    /// Address from which the request came.
    pub remote: String,
}

/// A command within another one, as bytes: what is nested is read one level at a time, whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedCommand(Vec<u8>);

impl EncodedCommand {
    pub fn new(command: &Command) -> Self {
        // A command of this program has a form in which it is written to the log.
        Self(postcard::to_stdvec(command).unwrap_or_default())
    }

    pub fn decode(&self) -> Option<Command> {
        postcard::from_bytes(&self.0).ok()
    }
}

/// Number of a row of the audit log, in order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuditId(pub u64);

impl std::fmt::Display for AuditId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// One change that someone made.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuditRecord {
    pub id: AuditId,
    /// The log's time, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    pub origin: Origin,
    /// `noun.verb`, such as `parameter.set`.
    pub operation: String,
    /// What it was done to: a name, an id.
    pub subject: String,
    /// How the subject stood before; `None`: it was not there. Without secrets.
    pub before: Option<String>,
    pub after: Option<String>,
    /// How they showed who they are: `password`, `token backup`. `None` in rows of before this was kept.
    pub credential: Option<String>,
    /// [`AuditRecord::hash`] of the row before. `None` in rows of before rows were chained, and in the first of all.
    pub previous: Option<Sha256>,
}

/// Cuts a text to what a row may hold.
pub(crate) fn shortened(text: String) -> String {
    shortened_to(text, TEXT_MAX_BYTES)
}

pub(crate) fn shortened_to(mut text: String, max_bytes: usize) -> String {
    if text.len() > max_bytes {
        let mut end = max_bytes - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        for length in [0, 1, 600, 1023, 1024, 1025, 2000] {
            for unit in ["a", "ä", "€"] {
                let text = shortened(unit.repeat(length));
                assert!(text.len() <= TEXT_MAX_BYTES);
                assert_eq!(text.ends_with('…'), unit.len() * length > TEXT_MAX_BYTES);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_command_are_none() {
        assert_eq!(EncodedCommand(vec![255; 9]).decode(), None);
        assert_eq!(EncodedCommand(Vec::new()).decode(), None);
        let tick = Command::Tick { now_ms: 7 };
        assert_eq!(EncodedCommand::new(&tick).decode(), Some(tick));
    }
}
