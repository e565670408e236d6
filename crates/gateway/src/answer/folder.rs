//! Listings of folders. A folder exists as long as a file lies below it; nothing is kept of it.

use actix_web::HttpResponse;
use actix_web::http::{Method, header};
use bytes::Bytes;
use flotilla_model::{AccountName, FileRecord, FolderEntry, State};
use futures::{Stream, stream};

use crate::answer::{html, json};
use crate::codes;
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::{Head, text};

/// Entries that are put into one piece of a streamed listing.
const PAGE_ENTRIES: usize = 500;

/// One line of a listing.
pub(crate) struct Entry {
    pub(crate) name: String,
    /// `None` for a folder.
    pub(crate) file: Option<FileRecord>,
}

/// A folder at one version of the state.
pub(crate) struct Folder {
    state: State,
    account: AccountName,
    /// Without a slash at the end; empty for the top.
    pub(crate) path: String,
}

impl Folder {
    /// The folder, if it exists; looks again in the latest state when it does not.
    pub(crate) async fn find(
        context: &Context,
        account: AccountName,
        mut state: State,
        path: String,
    ) -> Result<Self, Problem> {
        if !state.folder_exists(&account, &path)
            && let Some(latest) = context.latest().await
        {
            state = latest;
        }
        if state.folder_exists(&account, &path) {
            Ok(Self { state, account, path })
        } else {
            Err(Problem::new(&codes::NOT_FOUND, format!("there is no folder {path:?}")))
        }
    }

    pub(crate) fn page(&self, after: Option<&str>, limit: usize) -> Vec<Entry> {
        let entries = self.state.list_folder(&self.account, &self.path, after, limit);
        entries
            .map(|entry| match entry {
                FolderEntry::Folder(name) => Entry { name: name.to_owned(), file: None },
                FolderEntry::File(name, record) => Entry { name: name.to_owned(), file: Some(record.clone()) },
            })
            .collect()
    }

    /// Streams the whole listing page by page: a folder of a million files takes no more memory than one of a thousand.
    pub(crate) fn stream(
        self,
        first: String,
        line: fn(&mut String, &str, &Entry),
        last: &'static str,
    ) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
        enum At {
            Start(String),
            After(Option<String>),
            End,
        }
        stream::unfold((self, At::Start(first)), move |(folder, at)| async move {
            let (mut text, after) = match at {
                At::Start(text) => (text, None),
                At::After(name) => (String::new(), name),
                At::End => return None,
            };
            let entries = folder.page(after.as_deref(), PAGE_ENTRIES);
            for entry in &entries {
                line(&mut text, &folder.path, entry);
            }
            let next = match entries.into_iter().nth(PAGE_ENTRIES - 1) {
                Some(entry) => At::After(Some(entry.name)),
                None => {
                    text.push_str(last);
                    At::End
                }
            };
            Some((Ok(Bytes::from(text)), (folder, next)))
        })
    }
}

pub(crate) async fn get(
    context: &Context,
    head: Head<'_>,
    account: AccountName,
    state: State,
    path: String,
) -> Result<HttpResponse, Problem> {
    let as_html = wants_html(head)?;
    let query = if as_html { json::Query::default() } else { json::Query::parse(head.uri.query())? };
    let folder = Folder::find(context, account, state, path).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "private, no-store")).insert_header((header::VARY, "accept"));
    if as_html {
        response.content_type("text/html; charset=utf-8");
    } else {
        response.content_type("application/json");
    }
    Ok(match (head.method == Method::HEAD, as_html) {
        (true, _) => response.finish(),
        (false, true) => response.streaming(html::listing(folder)),
        (false, false) => response.body(json::listing(&folder, &query)),
    })
}

/// Browsers say so; rclone's http backend says nothing and reads links.
fn wants_html(head: Head<'_>) -> Result<bool, Problem> {
    let agent = text(head.headers, header::USER_AGENT.as_str())?.unwrap_or_default();
    Ok(match text(head.headers, header::ACCEPT.as_str())? {
        Some(accept) => accept.contains("text/html"),
        None => agent.starts_with("rclone/"),
    })
}
