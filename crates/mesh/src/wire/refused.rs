//! The body of a `Refused` frame: `class u8, code u16, text`. The class tells the caller whether its request may have
//! had an effect, which decides whether it may be repeated.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Longer texts are cut: they are for people.
const TEXT_MAX_BYTES: usize = 1024;

/// What a refusal says about the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedClass {
    /// The handler looked at it and said no.
    Application,
    /// It was not looked at.
    NotProcessed,
    /// It was begun and did not come to an answer.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedBody {
    pub(crate) class: RefusedClass,
    pub(crate) code: u16,
    pub(crate) text: String,
}

impl RefusedBody {
    pub(crate) fn new(class: RefusedClass, code: u16, text: impl Into<String>) -> Self {
        Self { class, code, text: text.into() }
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut buffer = BytesMut::with_capacity(3 + self.text.len().min(TEXT_MAX_BYTES));
        buffer.put_u8(match self.class {
            RefusedClass::Application => 0,
            RefusedClass::NotProcessed => 1,
            RefusedClass::Unknown => 2,
        });
        buffer.put_u16(self.code);
        buffer.put_slice(&self.text.as_bytes()[..self.text.floor_char_boundary(TEXT_MAX_BYTES)]);
        buffer.freeze()
    }

    /// Lenient: whatever a newer peer says is at least an unknown outcome.
    pub(crate) fn decode(mut body: Bytes) -> Self {
        if body.len() < 3 {
            return Self::new(RefusedClass::Unknown, 0, "");
        }
        let class = match body.get_u8() {
            0 => RefusedClass::Application,
            1 => RefusedClass::NotProcessed,
            _ => RefusedClass::Unknown,
        };
        let code = body.get_u16();
        body.truncate(TEXT_MAX_BYTES);
        Self { class, code, text: String::from_utf8_lossy(&body).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_back_and_its_text_is_bounded() {
        let refused = RefusedBody::new(RefusedClass::Application, 409, "exists");
        assert_eq!(RefusedBody::decode(refused.encode()), refused);
        let long = RefusedBody::new(RefusedClass::NotProcessed, 1, "ü".repeat(2000));
        let cut = RefusedBody::decode(long.encode());
        assert_eq!(cut.text, "ü".repeat(512));
        assert_eq!(RefusedBody::decode(Bytes::from_static(b"\0")).class, RefusedClass::Unknown);
    }
}
