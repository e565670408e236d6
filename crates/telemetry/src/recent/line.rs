//! One line.

use std::fmt::Write;

use tracing::Level;

use super::secrets::{hidden_value, without_secrets};

/// Longer messages are cut: a line is to be read by people.
const MESSAGE_BYTES_MAX: usize = 4096;
const VALUE_BYTES_MAX: usize = 1024;
/// `tracing` itself allows no more.
const FIELDS_MAX: usize = 32;
/// What a line takes up beside its texts, about.
const AROUND_THE_TEXTS: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Microseconds since the Unix epoch. No two lines of a process have the same: it is the line's name on its node.
    pub at_us: u64,
    pub level: Level,
    /// The part that says it.
    pub target: String,
    pub message: String,
    /// In the order in which they were given.
    pub fields: Vec<(String, String)>,
}

impl LogLine {
    /// A line without a time yet. What looks like a secret is left out.
    pub(super) fn new(level: Level, target: &str) -> Self {
        Self { at_us: 0, level, target: target.to_owned(), message: String::new(), fields: Vec::new() }
    }

    pub(super) fn say(&mut self, message: &str) {
        self.message = without_secrets(cut(message, MESSAGE_BYTES_MAX)).into_owned();
    }

    pub(super) fn note(&mut self, name: &str, value: &str) {
        if self.fields.len() < FIELDS_MAX {
            let shown = match hidden_value(name) {
                Some(hidden) => hidden.to_owned(),
                None => without_secrets(cut(value, VALUE_BYTES_MAX)).into_owned(),
            };
            self.fields.push((name.to_owned(), shown));
        }
    }

    pub(super) fn cost_bytes(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        AROUND_THE_TEXTS + self.target.len() + self.message.len() + fields
    }

    /// All of it as text, in which people search: `flotilla_node: a message name=value`.
    pub fn text(&self) -> String {
        let mut text = format!("{}: {}", self.target, self.message);
        for (name, value) in &self.fields {
            // Writing to a String cannot fail.
            let _ = write!(text, " {name}={value}");
        }
        text
    }
}

/// Not within a character.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_bounded_and_has_no_secrets() {
        let mut line = LogLine::new(Level::WARN, "flotilla_admin");
        line.say(&"ä".repeat(5000));
        line.note("password", "swordfish");
        line.note("account", "alice");
        line.note("reason", "refused flt_abcdefghijklmnopqrstuvwxyz");
        (0..100).for_each(|number| line.note("n", &number.to_string()));
        assert_eq!((line.message.len(), line.fields.len()), (MESSAGE_BYTES_MAX, FIELDS_MAX));
        let text = line.text();
        assert!(text.contains(" account=alice ") && text.starts_with("flotilla_admin: ää"), "{text}");
        assert!(!text.contains("swordfish") && !text.contains("flt_abc"), "{text}");
    }
}
