//! Where one request ends and the next begins. Nothing else of a request matters here.

use anyhow::{Result, bail, ensure};

/// A webhook has a head of a few hundred bytes and a body of at most one event.
const REQUEST_BYTES_MAX: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Requests {
    buffer: Vec<u8>,
}

impl Requests {
    /// Takes the next bytes; gives how many requests end in them.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<u64> {
        self.buffer.extend_from_slice(bytes);
        let (mut from, mut count) = (0, 0);
        while let Some(length) = request_length(&self.buffer[from..])? {
            from += length;
            count += 1;
        }
        self.buffer.drain(..from);
        ensure!(self.buffer.len() <= REQUEST_BYTES_MAX, "a request of more than {REQUEST_BYTES_MAX} bytes");
        Ok(count)
    }

    /// The end of the connection: it must not come within a request.
    pub(super) fn end(&self) -> Result<()> {
        ensure!(self.buffer.is_empty(), "the connection ended within a request");
        Ok(())
    }
}

/// Length of the request at the beginning, if it is there as a whole.
fn request_length(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let mut body = 0;
    for line in bytes[..head].split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            body = std::str::from_utf8(value)?.parse()?;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            bail!("a webhook has a length");
        }
    }
    let length = head + 4 + body;
    Ok((bytes.len() >= length).then_some(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_wherever_they_are_cut() {
        let text = b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\na\r\n\r\nbGET / HTTP/1.1\r\n\r\n";
        for cut in 0..=text.len() {
            let mut requests = Requests::default();
            let count = requests.feed(&text[..cut]).unwrap() + requests.feed(&text[cut..]).unwrap();
            assert_eq!(count, 2, "cut at {cut}");
            requests.end().unwrap();
        }
        let mut requests = Requests::default();
        assert_eq!(requests.feed(&text[..30]).unwrap(), 0);
        assert!(requests.end().is_err());
        assert!(Requests::default().feed(b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n").is_err());
        assert!(Requests::default().feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
