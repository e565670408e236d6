//! The response of the stream: a head, then answers in chunks; or a refusal of the whole request.

use anyhow::{Context, Result, bail, ensure};

use super::answers::Answers;
use super::chunked::ChunkedDecoder;

const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Of the text of a refusal, which goes into an error message.
const REFUSAL_BYTES_MAX: usize = 4096;

pub(crate) struct Response {
    state: State,
    answers: Answers,
}

enum State {
    Head(Vec<u8>),
    Answers(ChunkedDecoder),
    /// Another status than 200, and what is there of its body.
    Refusal {
        status: u16,
        length: Option<usize>,
        body: Vec<u8>,
    },
    Ended,
}

struct Head {
    status: u16,
    chunked: bool,
    length: Option<usize>,
}

impl Response {
    pub(crate) fn new() -> Self {
        Self { state: State::Head(Vec::new()), answers: Answers::default() }
    }

    /// Takes the next bytes from the connection; gives how many events they acknowledge.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<u64> {
        match &mut self.state {
            State::Head(head) => {
                head.extend_from_slice(bytes);
                self.read_head()
            }
            State::Answers(_) => self.feed_answers(bytes),
            State::Refusal { status, length, body } => {
                body.extend_from_slice(bytes);
                let whole = length.is_some_and(|length| body.len() >= length) || body.ends_with(b"0\r\n\r\n");
                if whole || body.len() > REFUSAL_BYTES_MAX {
                    return Err(refused(*status, body));
                }
                Ok(0)
            }
            State::Ended => bail!("bytes after the end of the response"),
        }
    }

    /// What the end of the connection means here.
    pub(crate) fn end_of_connection(&self) -> Result<()> {
        match &self.state {
            State::Ended => Ok(()),
            State::Refusal { status, body, .. } => Err(refused(*status, body)),
            State::Head(_) => bail!("the server ended the connection before it answered"),
            State::Answers(_) => bail!("the server ended the connection within the stream"),
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    fn read_head(&mut self) -> Result<u64> {
        let State::Head(bytes) = &mut self.state else { return Ok(0) };
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            ensure!(bytes.len() <= HEAD_BYTES_MAX, "the head of the response is too long");
            return Ok(0);
        };
        let rest = bytes.split_off(end + 4);
        let head = parse_head(&String::from_utf8_lossy(&bytes[..end]))?;
        self.state = match head.status {
            // An interim response: the real one follows.
            100..200 => State::Head(Vec::new()),
            200 => {
                ensure!(head.chunked, "the answers of a stream must be chunked");
                State::Answers(ChunkedDecoder::default())
            }
            status => State::Refusal { status, length: head.length, body: Vec::new() },
        };
        self.feed(&rest)
    }

    fn feed_answers(&mut self, mut bytes: &[u8]) -> Result<u64> {
        let State::Answers(chunks) = &mut self.state else { return Ok(0) };
        let mut count = 0;
        while let Some(piece) = chunks.next(&mut bytes)? {
            count += self.answers.feed(piece)?;
        }
        if chunks.has_ended() {
            ensure!(self.answers.is_whole(), "the response ended within an answer");
            ensure!(bytes.is_empty(), "bytes after the end of the response");
            self.state = State::Ended;
        }
        Ok(count)
    }
}

fn refused(status: u16, body: &[u8]) -> anyhow::Error {
    anyhow::anyhow!("the stream was refused with {status}: {}", String::from_utf8_lossy(body).trim())
}

fn parse_head(text: &str) -> Result<Head> {
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let status = first.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok());
    let mut head = Head {
        status: status.with_context(|| format!("'{first}' is no status line of HTTP/1.1"))?,
        chunked: false,
        length: None,
    };
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name.eq_ignore_ascii_case("transfer-encoding") {
            head.chunked = value.trim().eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("content-length") {
            head.length = value.trim().parse().ok();
        }
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, cut: usize) -> Result<(u64, bool)> {
        let mut response = Response::new();
        let (first, second) = text.as_bytes().split_at(cut);
        let count = response.feed(first)? + response.feed(second)?;
        response.end_of_connection()?;
        Ok((count, response.has_ended()))
    }

    #[test]
    fn answers_are_counted_wherever_the_response_is_cut() {
        let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                    b\r\n{\"id\":1}\n{\"\r\n7\r\nid\":2}\n\r\n0\r\n\r\n";
        for cut in 0..text.len() {
            assert_eq!(read(text, cut).unwrap(), (2, true), "cut at {cut}");
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_text() {
        for text in [
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nno quorum",
            "HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nno quorum\r\n0\r\n\r\n",
            "HTTP/1.1 503 Service Unavailable\r\n\r\nno quorum",
        ] {
            for cut in 0..text.len() {
                let error = read(text, cut).unwrap_err().to_string();
                assert!(error.contains("503") && error.contains("no quorum"), "{error}");
            }
        }
    }

    #[test]
    fn a_response_that_breaks_off_is_an_error() {
        for text in [
            "",
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"id\":1}\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"id\":1}\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":1}\r\n0\r\n\r\n",
        ] {
            assert!(read(text, 0).is_err(), "{text:?}");
        }
    }
}
