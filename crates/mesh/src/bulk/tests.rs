//! Streams whose sender does not keep to the rules, by hand over an admitted connection.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use flotilla_model::NodeId;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::bulk::chunks::ChunkReader;
use crate::bulk::connection::BulkConnection;
use crate::bulk::error::StreamError;
use crate::bulk::serve;
use crate::error::Refusal;
use crate::handler::Handler;
use crate::lane::Lane;
use crate::limits::Limits;
use crate::testing::admitted_pair;
use crate::wire::frame::{Frame, Kind};

/// Records how the upload ended, and claims success whatever happened.
#[derive(Default)]
struct Credulous(Mutex<Vec<Result<u64, StreamError>>>);

#[async_trait]
impl Handler for Credulous {
    async fn request(&self, _from: NodeId, _lane: Lane, body: Bytes) -> Result<Bytes, Refusal> {
        Ok(body)
    }

    async fn upload(&self, _from: NodeId, _header: Bytes, chunks: &mut ChunkReader) -> Result<Bytes, Refusal> {
        let end = loop {
            match chunks.next().await {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(chunks.received_bytes()),
                Err(error) => break Err(error),
            }
        };
        self.0.lock().push(end);
        Ok(Bytes::from_static(b"stored"))
    }
}

/// Sends frames as an upload; returns how the reader saw its end, and the answer if there was one.
async fn upload(frames: Vec<Frame>) -> (Option<Result<u64, StreamError>>, Option<Frame>) {
    let limits = Limits::default();
    let [(_, near), (admission, far)] = admitted_pair(Lane::Bulk, limits).await;
    let handler = Arc::new(Credulous::default());
    let serving = tokio::spawn({
        let handler = handler.clone();
        async move { serve(far, &admission, handler, &CancellationToken::new()).await }
    });
    let mut connection = BulkConnection::new(near.stream, &limits, Arc::default());
    for frame in frames {
        connection.write(&frame).await.unwrap();
    }
    let answer = connection.read().await.ok();
    drop(connection);
    serving.await.unwrap();
    let end = handler.0.lock().pop();
    (end, answer)
}

fn open() -> Frame {
    Frame::new(Kind::Upload, 0, Bytes::from_static(b"header"))
}

fn chunk() -> Frame {
    Frame::new(Kind::Chunk, 0, Bytes::from_static(b"12345"))
}

#[tokio::test]
async fn a_whole_stream_is_whole() {
    let (end, answer) = upload(vec![open(), chunk(), chunk(), Frame::bare(Kind::End, 10)]).await;
    assert_eq!(end, Some(Ok(10)));
    assert_eq!(answer, Some(Frame::new(Kind::Response, 0, Bytes::from_static(b"stored"))));
}

#[tokio::test]
async fn a_length_that_is_not_what_came_is_an_error_and_no_success_is_reported() {
    for announced_bytes in [0, 5, 11, u64::MAX] {
        let (end, answer) = upload(vec![open(), chunk(), chunk(), Frame::bare(Kind::End, announced_bytes)]).await;
        assert_eq!(end, Some(Err(StreamError::Short { received_bytes: 10, announced_bytes })));
        assert_eq!(answer.map(|frame| frame.kind), Some(Kind::Refused), "the handler's claim is not believed");
    }
}

#[tokio::test]
async fn frames_that_have_no_place_in_a_stream_end_it() {
    for stray in [Kind::Request, Kind::Ping, Kind::Header, Kind::Upload, Kind::Goodbye] {
        let (end, answer) = upload(vec![open(), chunk(), Frame::bare(stray, 0)]).await;
        assert_eq!(end, Some(Err(StreamError::Malformed)), "{stray:?}");
        assert_eq!(answer.map(|frame| frame.kind), Some(Kind::Refused), "{stray:?}");
    }
    let (end, answer) = upload(vec![chunk()]).await;
    assert_eq!((end, answer), (None, None), "without a header there is no stream");
}
