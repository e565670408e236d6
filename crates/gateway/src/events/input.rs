//! The lines of a stream, as far as they have come.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::web::Payload;
use futures::Stream;

use crate::codes;
use crate::events::batch::Batch;
use crate::events::event::EventReader;
use crate::events::lines::{LINE_BYTES_MAX, Lines, is_blank};
use crate::metrics::{Metrics, add};
use crate::problem::Problem;

/// The body of a request, held by the answer's body until that is dropped: when a stream ends before its request does, the
/// connection reads and forgets what is on the way, so that the client gets all answers. It does so only while the body is
/// there.
pub(crate) type SharedPayload = Rc<RefCell<Payload>>;

pub(crate) struct Input {
    payload: SharedPayload,
    lines: Lines,
    reader: EventReader,
    metrics: Arc<Metrics>,
    /// What was read and not taken yet.
    pub(crate) batch: Batch,
}

/// What a call of [`Input::read`] came upon.
pub(crate) enum Read {
    /// Events, or as many as there may be.
    More,
    /// Nothing will come any more, regularly or for a reason.
    End(Option<Problem>),
}

impl Input {
    pub(crate) fn new(payload: Payload, reader: EventReader, metrics: Arc<Metrics>) -> Self {
        let payload = Rc::new(RefCell::new(payload));
        Self { payload, lines: Lines::default(), reader, metrics, batch: Batch::default() }
    }

    pub(crate) fn payload(&self) -> SharedPayload {
        Rc::clone(&self.payload)
    }

    /// Waits for the next line and takes all that are there, until the batch is full. To be dropped at any time.
    pub(crate) async fn read(&mut self) -> Read {
        poll_fn(|context| self.poll_read(context)).await
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Read> {
        let mut has_read = false;
        loop {
            while !self.batch.is_full() {
                match self.lines.next_line() {
                    Ok(Some(line)) => has_read |= self.take(&line),
                    Ok(None) => break,
                    Err(_) => return Poll::Ready(Read::End(Some(too_long()))),
                }
            }
            if self.batch.is_full() {
                return Poll::Ready(Read::More);
            }
            let piece = Pin::new(&mut *self.payload.borrow_mut()).poll_next(context);
            match piece {
                Poll::Ready(Some(Ok(piece))) => {
                    add(&self.metrics.bytes_in, piece.len() as u64);
                    self.lines.push(piece);
                }
                Poll::Ready(Some(Err(error))) => {
                    let problem = Problem::new(&codes::BODY_CUT_OFF, format!("the stream broke off: {error}"));
                    return Poll::Ready(Read::End(Some(problem)));
                }
                Poll::Ready(None) => {
                    if let Some(line) = self.lines.last_line() {
                        self.take(&line);
                    }
                    return Poll::Ready(Read::End(None));
                }
                Poll::Pending if has_read => return Poll::Ready(Read::More),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Whether there was something in the line.
    fn take(&mut self, line: &[u8]) -> bool {
        if is_blank(line) {
            return false;
        }
        self.batch.add(self.reader.read(line));
        true
    }
}

fn too_long() -> Problem {
    let detail = format!("a line has more than {LINE_BYTES_MAX} bytes; it and what follows was not published");
    Problem::new(&codes::LINE_TOO_LONG, detail)
}
