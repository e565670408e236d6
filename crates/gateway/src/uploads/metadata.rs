//! `Upload-Metadata`: pairs of a key and a value in Base64, separated by commas. What is asked for here is the file's name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_model::FilePath;

use crate::codes;
use crate::problem::Problem;
use crate::request::head::{Head, text};
use crate::uploads::protocol::UPLOAD_METADATA;

/// Keys that name the file, the first one that is there counts. Clients send the second by themselves.
const KEYS: [&str; 2] = ["path", "filename"];

/// Where the file is to be.
pub(super) fn path(head: Head<'_>) -> Result<FilePath, Problem> {
    let value = text(head.headers, UPLOAD_METADATA)?.unwrap_or_default();
    let encoded = KEYS.iter().find_map(|key| find(&value, key));
    let missing = || Problem::header(UPLOAD_METADATA, "there is neither a path nor a filename in it");
    let malformed = || Problem::header(UPLOAD_METADATA, "the file's name is not Base64 of UTF-8");
    let bytes = STANDARD.decode(encoded.ok_or_else(missing)?).map_err(|_| malformed())?;
    let name = String::from_utf8(bytes).map_err(|_| malformed())?;
    FilePath::parse(&name).map_err(|error| Problem::new(&codes::BAD_PATH, error).field(UPLOAD_METADATA))
}

/// As a client would have sent it.
pub(super) fn of(path: &FilePath) -> String {
    format!("{} {}", KEYS[0], STANDARD.encode(path.as_str()))
}

fn find<'a>(value: &'a str, wanted: &str) -> Option<&'a str> {
    value.split(',').find_map(|pair| {
        let (key, encoded) = pair.trim().split_once(' ')?;
        (key == wanted).then(|| encoded.trim())
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use actix_web::http::{Method, Uri};

    use super::*;

    fn read(value: &str) -> Result<FilePath, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(UPLOAD_METADATA), HeaderValue::from_str(value).unwrap());
        path(Head { method: &Method::POST, uri: &Uri::from_static("/uploads"), headers: &headers, peer: None })
    }

    #[test]
    fn the_name_is_found_among_others() {
        let [name, other] = ["in/ä b.csv", "x"].map(|text| FilePath::parse(text).unwrap());
        let (named, filename) = (of(&name), format!("filename {}", STANDARD.encode("x")));
        assert_eq!(read(&named).unwrap(), name);
        assert_eq!(read(&filename).unwrap(), other);
        assert_eq!(read(&format!("{filename},filetype dGV4dA==,{named}")).unwrap(), name, "the path counts");
        assert_eq!(read(&format!("is_confidential, {filename}")).unwrap(), other, "a key may be alone");
    }

    #[test]
    fn names_that_are_none_are_refused() {
        let encoded = |text: &str| format!("path {}", STANDARD.encode(text));
        for value in
            ["", "path", "path !!", "path gICA", "paths eA==", &encoded("../x"), &encoded("a//b"), &encoded("")]
        {
            assert!(read(value).is_err(), "{value}");
        }
    }
}
