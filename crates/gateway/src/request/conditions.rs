//! Conditional requests (RFC 9110, 13): what must hold of the file for a request to be carried out.

use std::time::{Duration, SystemTime};

use actix_web::http::header::HeaderMap;
use flotilla_model::{FileRecord, PutCondition, Sha256};

use crate::problem::Problem;
use crate::request::etag::{Tag, Tags};
use crate::request::head::text;

/// The conditions of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    if_modified_since_s: Option<u64>,
    if_unmodified_since_s: Option<u64>,
}

/// The conditions do not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unmet {
    /// The client has the file already: 304.
    NotModified,
    /// 412
    Failed,
}

impl Conditions {
    pub(crate) fn parse(headers: &HeaderMap) -> Result<Self, Problem> {
        let tags = |name| match text(headers, name)? {
            Some(value) => {
                Tags::parse(&value).map(Some).ok_or_else(|| Problem::header(name, "expected \"*\" or tags in quotes"))
            }
            None => Ok(None),
        };
        // A date that cannot be read is to be ignored.
        let date_s = |name| Ok::<_, Problem>(text(headers, name)?.and_then(|value| parse_date_s(&value)));
        Ok(Self {
            if_match: tags("if-match")?,
            if_none_match: tags("if-none-match")?,
            if_modified_since_s: date_s("if-modified-since")?,
            if_unmodified_since_s: date_s("if-unmodified-since")?,
        })
    }

    /// For GET and HEAD of a file that exists.
    pub(crate) fn check_read(&self, file: &FileRecord) -> Result<(), Unmet> {
        let modified_s = file.modified_ms / 1000;
        match (&self.if_match, self.if_unmodified_since_s) {
            (Some(tags), _) if !tags.match_strongly(Some(&file.sha256)) => return Err(Unmet::Failed),
            (None, Some(since_s)) if modified_s > since_s => return Err(Unmet::Failed),
            _ => {}
        }
        match (&self.if_none_match, self.if_modified_since_s) {
            (Some(tags), _) if tags.match_weakly(Some(&file.sha256)) => Err(Unmet::NotModified),
            (None, Some(since_s)) if modified_s <= since_s => Err(Unmet::NotModified),
            _ => Ok(()),
        }
    }

    /// For a change of `file`: fails now if the conditions do not hold, else says what must hold when the log applies it.
    pub(crate) fn check_change(&self, file: Option<&FileRecord>) -> Result<PutCondition, Unmet> {
        let current = file.map(|file| &file.sha256);
        let unchanged = || current.map_or(PutCondition::MustNotExist, |sha256| PutCondition::MustMatch(*sha256));
        let mut condition = PutCondition::Any;
        match (&self.if_match, self.if_unmodified_since_s) {
            (Some(tags), _) if !tags.match_strongly(current) => return Err(Unmet::Failed),
            (Some(Tags::Any), _) => condition = PutCondition::MustExist,
            (Some(Tags::List(_)), _) => condition = unchanged(),
            (None, Some(since_s)) => {
                if let Some(file) = file {
                    if file.modified_ms / 1000 > since_s {
                        return Err(Unmet::Failed);
                    }
                    condition = unchanged();
                }
            }
            (None, None) => {}
        }
        if let Some(tags) = &self.if_none_match {
            if tags.match_weakly(current) {
                return Err(Unmet::Failed);
            }
            condition = unchanged();
        }
        Ok(condition)
    }
}

/// `If-Range`: whether the range may be given, as the file is still the one that the client knows.
pub(crate) fn if_range_holds(headers: &HeaderMap, modified_ms: u64, sha256: &Sha256) -> Result<bool, Problem> {
    let Some(value) = text(headers, "if-range")? else { return Ok(true) };
    match Tag::parse(&value) {
        Some(tag) => Ok(tag.matches_strongly(sha256)),
        None => Ok(parse_date_s(&value) == Some(modified_ms / 1000)),
    }
}

fn parse_date_s(text: &str) -> Option<u64> {
    let time = httpdate::parse_http_date(text.trim()).ok()?;
    time.duration_since(SystemTime::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// `Last-Modified` of a file.
pub(crate) fn http_date(time_ms: u64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(time_ms / 1000))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use flotilla_model::{BlobId, TransferId};

    use super::*;

    const NOW_MS: u64 = 1_700_000_000_500;

    fn file() -> FileRecord {
        FileRecord {
            blob: BlobId(1),
            length: 5,
            sha256: Sha256([0xaa; 32]),
            modified_ms: NOW_MS,
            transfer: TransferId(1),
        }
    }

    fn headers(lines: &[(&'static str, String)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn conditions(lines: &[(&'static str, String)]) -> Conditions {
        Conditions::parse(&headers(lines)).unwrap()
    }

    fn ours() -> String {
        crate::request::etag::of(&file().sha256)
    }

    #[test]
    fn reads() {
        let (same, later, earlier) = (http_date(NOW_MS), http_date(NOW_MS + 9000), http_date(NOW_MS - 9000));
        let other = "\"x\"".to_owned();
        for (lines, expected) in [
            (vec![], Ok(())),
            (vec![("if-match", ours())], Ok(())),
            (vec![("if-match", "*".into())], Ok(())),
            (vec![("if-match", other.clone())], Err(Unmet::Failed)),
            (vec![("if-match", format!("W/{}", ours()))], Err(Unmet::Failed)),
            (vec![("if-none-match", ours())], Err(Unmet::NotModified)),
            (vec![("if-none-match", format!("W/{}", ours()))], Err(Unmet::NotModified)),
            (vec![("if-none-match", other.clone())], Ok(())),
            (vec![("if-modified-since", same.clone())], Err(Unmet::NotModified)),
            (vec![("if-modified-since", later.clone())], Err(Unmet::NotModified)),
            (vec![("if-modified-since", earlier.clone())], Ok(())),
            (vec![("if-modified-since", "yesterday".into())], Ok(())),
            (vec![("if-none-match", other.clone()), ("if-modified-since", later.clone())], Ok(())),
            (vec![("if-unmodified-since", earlier.clone())], Err(Unmet::Failed)),
            (vec![("if-unmodified-since", same.clone())], Ok(())),
            (vec![("if-match", ours()), ("if-unmodified-since", earlier.clone())], Ok(())),
        ] {
            assert_eq!(conditions(&lines).check_read(&file()), expected, "{lines:?}");
        }
    }

    #[test]
    fn changes() {
        use PutCondition as C;
        let (later, earlier) = (http_date(NOW_MS + 9000), http_date(NOW_MS - 9000));
        let other = "\"x\"".to_owned();
        let present = C::MustMatch(file().sha256);
        let failed = Err(Unmet::Failed);
        for (lines, on_present, on_absent) in [
            (vec![], Ok(C::Any), Ok(C::Any)),
            (vec![("if-none-match", "*".into())], failed, Ok(C::MustNotExist)),
            (vec![("if-none-match", ours())], failed, Ok(C::MustNotExist)),
            (vec![("if-none-match", other.clone())], Ok(present), Ok(C::MustNotExist)),
            (vec![("if-match", "*".into())], Ok(C::MustExist), failed),
            (vec![("if-match", ours())], Ok(present), failed),
            (vec![("if-match", format!("{other}, {}", ours()))], Ok(present), failed),
            (vec![("if-match", other.clone())], failed, failed),
            (vec![("if-unmodified-since", later)], Ok(present), Ok(C::Any)),
            (vec![("if-unmodified-since", earlier.clone())], failed, Ok(C::Any)),
            (vec![("if-modified-since", earlier)], Ok(C::Any), Ok(C::Any)),
        ] {
            let conditions = conditions(&lines);
            assert_eq!(conditions.check_change(Some(&file())), on_present, "{lines:?}");
            assert_eq!(conditions.check_change(None), on_absent, "{lines:?}");
        }
    }

    #[test]
    fn malformed_tags_are_refused() {
        for value in ["x", "\"x", ""] {
            assert!(Conditions::parse(&headers(&[("if-match", value.to_owned())])).is_err(), "{value}");
        }
    }

    #[test]
    fn if_range() {
        let holds = |value: &str| {
            let headers = headers(&[("if-range", value.to_owned())]);
            if_range_holds(&headers, NOW_MS, &file().sha256).unwrap()
        };
        assert!(holds(&ours()));
        assert!(holds(&http_date(NOW_MS)));
        assert!(!holds("\"x\"") && !holds(&format!("W/{}", ours())) && !holds(&http_date(NOW_MS - 1000)));
        assert!(if_range_holds(&HeaderMap::new(), NOW_MS, &file().sha256).unwrap());
    }
}
