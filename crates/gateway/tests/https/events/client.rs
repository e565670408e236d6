//! A publisher on a raw connection: lines up, answers down, with full control of when what is written.

use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::raw::{Raw, connect};
use crate::rig::Rig;

pub(crate) struct Publisher {
    raw: Raw,
    received: Vec<u8>,
    has_ended: bool,
}

impl Publisher {
    /// An open stream of `ann`.
    pub(crate) async fn open(rig: &Rig) -> Self {
        let mut raw = connect(rig).await.unwrap();
        let headers = "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n";
        raw.head("POST /events/stream", headers).await;
        assert_eq!(raw.status().await, 200);
        Self { raw, received: Vec::new(), has_ended: false }
    }

    /// Sends bytes as one chunk.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.raw.write(chunk).await;
    }

    /// Sends bytes that need not be HTTP.
    pub(crate) async fn send_raw(&mut self, bytes: impl AsRef<[u8]>) {
        self.raw.write(bytes).await;
    }

    /// The body of the request ends.
    pub(crate) async fn finish(&mut self) {
        self.raw.write("0\r\n\r\n").await;
    }

    /// The next answer; `None` at the end of the stream.
    pub(crate) async fn answer(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            if self.has_ended {
                assert!(self.received.is_empty(), "the last line is whole");
                return None;
            }
            self.chunk().await;
        }
    }

    async fn chunk(&mut self) {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.push(self.raw.0.read_u8().await.unwrap());
        }
        let size = usize::from_str_radix(str::from_utf8(&size).unwrap().trim(), 16).unwrap();
        let mut bytes = vec![0; size + 2];
        self.raw.0.read_exact(&mut bytes).await.unwrap();
        self.received.extend_from_slice(&bytes[..size]);
        self.has_ended = size == 0;
    }
}

/// One frame of server-sent events.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: String,
    pub(crate) is_comment: bool,
}

impl Frame {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap()
    }
}

/// Follows events as a browser's `EventSource` does.
pub(crate) struct Follower {
    response: reqwest::Response,
    received: Vec<u8>,
}

impl Follower {
    /// Follows what `ann` asks for; its first frame has come.
    pub(crate) async fn open(rig: &Rig, query: &str, last_event_id: Option<u64>) -> Self {
        let mut request = rig.ask("GET", &format!("/events/stream{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, received: Vec::new() }
    }

    /// The next frame; `None` at the end of the stream.
    pub(crate) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(end) = self.received.windows(2).position(|pair| pair == b"\n\n") {
                let frame: Vec<u8> = self.received.drain(..end + 2).collect();
                return Some(parse(str::from_utf8(&frame).unwrap()));
            }
            match self.response.chunk().await.unwrap() {
                Some(chunk) => self.received.extend_from_slice(&chunk),
                None => {
                    assert!(self.received.is_empty(), "the last frame is whole");
                    return None;
                }
            }
        }
    }

    /// The next frame with data.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            match self.frame().await? {
                frame if frame.data.is_empty() => {}
                frame => return Some(frame),
            }
        }
    }

    /// The id of the next event, which is no message of another sort.
    pub(crate) async fn id(&mut self) -> u64 {
        let frame = self.next().await.unwrap();
        assert_eq!(frame.event, "", "{frame:?}");
        assert_eq!(frame.json()["id"], frame.id.unwrap());
        frame.id.unwrap()
    }
}

fn parse(text: &str) -> Frame {
    let mut frame = Frame::default();
    for line in text.trim_end().lines() {
        match line.split_once(": ").unwrap() {
            ("", _) => frame.is_comment = true,
            ("event", name) => frame.event = name.to_owned(),
            ("id", id) => frame.id = Some(id.parse().unwrap()),
            ("data", data) => {
                assert!(frame.data.is_empty(), "one line of data");
                frame.data = data.to_owned();
            }
            ("retry", _) => {}
            (other, _) => panic!("{other}"),
        }
    }
    frame
}

/// A line of a stream.
pub(crate) fn line(fields: &Value) -> String {
    format!("{fields}\n")
}
