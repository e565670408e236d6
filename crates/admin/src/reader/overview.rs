//! The page with all operations.

use std::sync::OnceLock;

use askama::Template;
use serde_json::Value;

use super::filters;
use super::operation::Operation;
use super::page::{STYLE_PATH, rendered};
use super::schema::InFull;
use crate::api::BASE_PATH;
use crate::interface::document;
use crate::problems::Code;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Made once: it is the same as long as the program runs.
pub(crate) fn overview() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| rendered(&Overview::read(&document().tree)))
}

#[derive(Template)]
#[template(path = "reader/overview.html")]
struct Overview<'a> {
    about: &'a str,
    chapters: Vec<Chapter<'a>>,
    schemas: Vec<(&'a str, &'a Value)>,
}

struct Chapter<'a> {
    name: &'a str,
    about: &'a str,
    /// By path.
    operations: Vec<Operation<'a>>,
}

impl<'a> Overview<'a> {
    fn read(tree: &'a Value) -> Self {
        let chapter = |tag: &'a Value| {
            let name = tag["name"].as_str()?;
            let about = tag["description"].as_str().unwrap_or_default();
            Some(Chapter { name, about, operations: operations(tree, name) })
        };
        let schemas = tree["components"]["schemas"].as_object().into_iter().flatten();
        Self {
            about: tree["info"]["description"].as_str().unwrap_or_default(),
            chapters: tree["tags"].as_array().into_iter().flatten().filter_map(chapter).collect(),
            schemas: schemas.map(|(name, schema)| (name.as_str(), schema)).collect(),
        }
    }
}

impl Chapter<'_> {
    fn anchor(&self) -> String {
        format!("chapter-{}", self.name.replace(' ', "-"))
    }
}

fn operations<'a>(tree: &'a Value, tag: &str) -> Vec<Operation<'a>> {
    let paths = tree["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| METHODS.map(|method| (path.as_str(), method, &item[method])));
    let wanted = all.filter(|(.., described)| described["tags"][0] == tag);
    wanted.map(|(path, method, described)| Operation::read(tree, path, method, described)).collect()
}
