//! A folder as JSON, in pages.

use serde::{Deserialize, Serialize};

use crate::answer::folder::Folder;
use crate::codes;
use crate::problem::Problem;
use crate::request::etag;
use crate::request::time::rfc3339;

const LIMIT_DEFAULT: usize = 1000;
/// A page is built in memory: about 1 MiB.
const LIMIT_MAX: usize = 5000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    #[serde(default = "limit_default")]
    limit: usize,
    /// Name of the last entry of the page before.
    after: Option<String>,
}

impl Default for Query {
    fn default() -> Self {
        Self { limit: LIMIT_DEFAULT, after: None }
    }
}

fn limit_default() -> usize {
    LIMIT_DEFAULT
}

#[derive(Serialize)]
struct Listing<'a> {
    path: &'a str,
    entries: Vec<Line>,
    /// The value of `after` for the next page.
    next: Option<String>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    /// RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let query: Self = match actix_web::web::Query::<Self>::from_query(query.unwrap_or_default()) {
            Ok(query) => query.into_inner(),
            Err(error) => return Err(Problem::new(&codes::BAD_QUERY, error).field("query")),
        };
        if (1..=LIMIT_MAX).contains(&query.limit) {
            Ok(query)
        } else {
            Err(Problem::new(&codes::BAD_QUERY, format!("limit is a number from 1 to {LIMIT_MAX}")).field("limit"))
        }
    }
}

pub(crate) fn listing(folder: &Folder, query: &Query) -> String {
    // One more tells whether there is a next page.
    let mut entries = folder.page(query.after.as_deref(), query.limit + 1);
    let is_full = entries.len() > query.limit;
    entries.truncate(query.limit);
    let next = entries.last().filter(|_| is_full).map(|entry| entry.name.clone());
    let lines = entries.into_iter().map(|entry| {
        let file = entry.file.as_ref();
        Line {
            name: entry.name,
            r#type: if file.is_some() { "file" } else { "folder" },
            length: file.map(|file| file.length),
            modified: file.map(|file| rfc3339(file.modified_ms)),
            sha256: file.map(|file| file.sha256.to_string()),
            etag: file.map(|file| etag::of(&file.sha256)),
        }
    });
    let listing = Listing { path: &folder.path, entries: lines.collect(), next };
    // Strings and numbers always serialise.
    serde_json::to_string(&listing).unwrap_or_default()
}
