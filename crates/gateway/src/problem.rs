//! An error on its way to the partner, as `application/problem+json` (RFC 9457).

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;

use crate::codes::Code;

#[derive(Clone)]
pub(crate) struct Problem {
    code: &'static Code,
    detail: String,
    field: Option<&'static str>,
    retry_after_s: Option<u64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    mend: &'a str,
}

/// An error among other answers.
#[derive(Serialize)]
struct Short<'a> {
    error: ShortError<'a>,
}

#[derive(Serialize)]
struct ShortError<'a> {
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_s: Option<u64>,
}

impl Problem {
    pub(crate) fn new(code: &'static Code, detail: impl fmt::Display) -> Self {
        Self { code, detail: detail.to_string(), field: None, retry_after_s: None, headers: Vec::new() }
    }

    /// A malformed header.
    pub(crate) fn header(name: &'static str, detail: impl fmt::Display) -> Self {
        Self::new(&crate::codes::BAD_HEADER, detail).field(name)
    }

    /// Names the header, parameter or part that is wrong.
    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    pub(crate) fn with(mut self, name: HeaderName, value: impl fmt::Display) -> Self {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            self.headers.push((name, value));
        }
        self
    }

    /// Without a header that it would have.
    pub(crate) fn without(mut self, name: HeaderName) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    /// "Not processed, safe to retry": says after how many seconds.
    pub(crate) fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// May be tried again sooner than others, if it may be tried again at all.
    pub(crate) fn retried_within(mut self, seconds: u64) -> Self {
        self.retry_after_s = self.retry_after_s.map(|others| others.min(seconds));
        self
    }

    pub(crate) fn code(&self) -> &'static Code {
        self.code
    }

    /// What is wrong in this case.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The headers that its answer has besides.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        let retry = self.retry_after_s.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)));
        self.headers.iter().cloned().chain(retry)
    }

    pub(crate) fn is_of(&self, code: &Code) -> bool {
        self.code == code
    }

    #[cfg(test)]
    pub(crate) fn field_name(&self) -> Option<&'static str> {
        self.field
    }

    /// `{"error":{...}}` on one line, among other answers.
    pub(crate) fn write_short(&self, out: &mut Vec<u8>) {
        let error = ShortError {
            code: self.code.code,
            detail: &self.detail,
            field: self.field,
            retry_after_s: self.retry_after_s,
        };
        // Texts and numbers always serialise, and a vector takes all.
        let _ = serde_json::to_writer(out, &Short { error });
    }

    pub(crate) fn into_response(self) -> HttpResponse {
        let code = self.code;
        let document = Document {
            r#type: format!("urn:flotilla:error:{}", code.code),
            title: code.title,
            status: code.status.as_u16(),
            code: code.code,
            detail: &self.detail,
            field: self.field,
            mend: code.mend,
        };
        let mut response = HttpResponse::build(code.status);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        for header in self.headers {
            response.insert_header(header);
        }
        match serde_json::to_vec(&document) {
            Ok(body) => response.content_type("application/problem+json").body(body),
            Err(_) => response.finish(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.code.code, self.code.status.as_u16(), self.detail)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
