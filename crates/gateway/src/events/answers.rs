//! How answers to events are written: a line each on a stream, an element each for a batch.

use flotilla_model::EventId;
use serde::Serialize;

use crate::events::batch::{Answer, Answers};

/// Of a line with an id of eight digits.
const LINE_BYTES: usize = 16;

#[derive(Serialize)]
struct Published {
    id: EventId,
    duplicate: bool,
}

/// One line for each event.
pub(crate) fn write_lines(answers: &Answers, out: &mut Vec<u8>) {
    answers.each(|answer| {
        out.reserve(LINE_BYTES);
        match answer {
            Answer::Published(event) => {
                out.extend_from_slice(b"{\"id\":");
                write(&event, out);
                out.push(b'}');
            }
            Answer::Repeated(id) => write(&Published { id, duplicate: true }, out),
            Answer::Refused(problem) => problem.write_short(out),
        }
        out.push(b'\n');
    });
}

/// `{"results":[...]}`
pub(crate) fn write_results<'a>(all: impl IntoIterator<Item = &'a Answers>) -> Vec<u8> {
    let mut out = b"{\"results\":[".to_vec();
    let mut is_first = true;
    for answers in all {
        answers.each(|answer| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            write_one(&answer, &mut out);
        });
    }
    out.extend_from_slice(b"]}");
    out
}

pub(crate) fn write_one(answer: &Answer<'_>, out: &mut Vec<u8>) {
    match answer {
        Answer::Published(id) => write(&Published { id: *id, duplicate: false }, out),
        Answer::Repeated(id) => write(&Published { id: *id, duplicate: true }, out),
        Answer::Refused(problem) => problem.write_short(out),
    }
}

fn write(value: &impl Serialize, out: &mut Vec<u8>) {
    // Numbers and booleans always serialise, and a vector takes all.
    let _ = serde_json::to_writer(out, value);
}
