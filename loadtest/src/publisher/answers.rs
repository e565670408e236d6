//! The lines of a response: each must be the id of a new event.

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

/// Far beyond any answer of the contract; what has no end is no answer.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Cuts the response into lines and checks each.
#[derive(Default)]
pub(crate) struct Answers {
    /// A line whose end has not come yet.
    partial: Vec<u8>,
}

#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    #[serde(default)]
    detail: String,
}

impl Answers {
    /// Takes the next bytes of the body; gives how many events they acknowledge.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<u64> {
        let mut count = 0;
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.partial.is_empty() {
                check(line)?;
            } else {
                self.partial.extend_from_slice(line);
                check(&self.partial)?;
                self.partial.clear();
            }
            count += 1;
        }
        self.partial.extend_from_slice(bytes);
        ensure!(self.partial.len() <= LINE_BYTES_MAX, "an answer of more than {LINE_BYTES_MAX} bytes");
        Ok(count)
    }

    /// Whether the response ends here with a whole line.
    pub(crate) fn is_whole(&self) -> bool {
        self.partial.is_empty()
    }
}

fn check(line: &[u8]) -> Result<()> {
    // Nearly every answer is this one.
    if let Some(digits) = line.strip_prefix(b"{\"id\":").and_then(|rest| rest.strip_suffix(b"}"))
        && (1..=20).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
    {
        return Ok(());
    }
    let text = String::from_utf8_lossy(line);
    match serde_json::from_slice(line) {
        Ok(Answer { error: Some(Refusal { code, detail }), .. }) => bail!("an event was refused: {code}: {detail}"),
        Ok(Answer { id: Some(id), duplicate: true, .. }) => bail!("a new event counts as a duplicate of event {id}"),
        Ok(Answer { id: Some(_), .. }) => Ok(()),
        Ok(Answer { id: None, .. }) | Err(_) => bail!("an answer without an id: {}", text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_wherever_they_are_cut() {
        let text = b"{\"id\":1}\n{\"id\":22}\n{ \"id\": 3, \"duplicate\": false }\n";
        for cut in 0..=text.len() {
            let mut answers = Answers::default();
            let first = answers.feed(&text[..cut]).unwrap();
            assert_eq!(first + answers.feed(&text[cut..]).unwrap(), 3, "cut at {cut}");
            assert!(answers.is_whole());
        }
    }

    #[test]
    fn anything_but_a_new_id_is_an_error() {
        for (line, said) in [
            (
                r#"{"error":{"code":"queue-full","detail":"the queue is full","retry_after_s":1}}"#,
                "queue-full: the queue",
            ),
            (r#"{"id":7,"duplicate":true}"#, "duplicate of event 7"),
            (r#"{"id":}"#, "without an id"),
            (r#"{"id":-1}"#, "without an id"),
            (r#"{"duplicate":false}"#, "without an id"),
            ("", "without an id"),
            ("<html>", "without an id: <html>"),
        ] {
            let error = Answers::default().feed(format!("{line}\n").as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{line}: {error}");
        }
        assert!(Answers::default().feed(&vec![b'x'; LINE_BYTES_MAX + 1]).is_err());
    }
}
