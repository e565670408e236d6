//! The page with all operations.

use std::sync::OnceLock;

use maud::{Markup, html};
use serde_json::Value;

use super::operation::operation;
use super::page::page;
use super::schema::{anchor, in_full};
use super::words::words;
use crate::api::BASE_PATH;
use crate::interface::document;
use crate::problems::Code;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Made once: it is the same as long as the program runs.
pub(crate) fn overview() -> &'static str {
    static PAGE: OnceLock<String> = OnceLock::new();
    PAGE.get_or_init(|| page("Flotilla REST", &content(&document().tree)))
}

fn content(tree: &Value) -> Markup {
    let tags = || tree["tags"].as_array().into_iter().flatten().filter_map(|tag| Some((tag["name"].as_str()?, tag)));
    html! {
        header {
            h1 { "Flotilla REST" }
            p { (words(tree["info"]["description"].as_str().unwrap_or_default())) }
            p {
                a href=(format!("{BASE_PATH}/openapi.json")) { "OpenAPI document" }
                " · "
                a href="#schemas" { "Schemas" }
                " · "
                a href=(Code::NotFound.path()) { "Problems" }
            }
        }
        nav aria-label="Chapters" {
            ul {
                @for (name, _) in tags() {
                    li { a href=(format!("#{}", chapter(name))) { (name) } }
                }
                li { a href="#schemas" { "schemas" } }
            }
        }
        main {
            @for (name, tag) in tags() {
                section id=(chapter(name)) {
                    h2 { (name) }
                    p { (words(tag["description"].as_str().unwrap_or_default())) }
                    @for (path, method, described) in operations(tree, name) {
                        (operation(tree, path, method, described))
                    }
                }
            }
            section #schemas {
                h2 { "schemas" }
                p { "What bodies and answers hold. Fields with " span.must { "*" } " are always there." }
                @for (name, schema) in tree["components"]["schemas"].as_object().into_iter().flatten() {
                    details id=(anchor(name)) {
                        summary { code.path { (name) } }
                        div.body { (in_full(schema)) }
                    }
                }
            }
        }
    }
}

fn chapter(name: &str) -> String {
    format!("chapter-{}", name.replace(' ', "-"))
}

/// Of one chapter, by path.
fn operations<'a>(tree: &'a Value, tag: &str) -> Vec<(&'a str, &'static str, &'a Value)> {
    let paths = tree["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| METHODS.map(|method| (path.as_str(), method, &item[method])));
    all.filter(|(.., described)| described["tags"][0] == tag).collect()
}
