//! One operation: how it is called, what it takes, what it answers.

use maud::{Markup, html};
use serde_json::Value;

use super::schema::type_of;
use super::words::words;
use crate::problems::Code;

/// `method` in lower case, as the document has it.
pub(super) fn operation(tree: &Value, path: &str, method: &str, described: &Value) -> Markup {
    let id = described["operationId"].as_str().unwrap_or_default();
    let role = described["x-role"].as_str().unwrap_or_default();
    html! {
        details id=(id) {
            summary {
                span class=(format!("method {method}")) { (method) }
                code.path { (path) }
                span.what { (words(described["summary"].as_str().unwrap_or_default())) }
                span class=(format!("role {}", role.replace(' ', "-"))) { (role) }
            }
            div.body {
                @if let Some(text) = described["description"].as_str() { p { (words(text)) } }
                (parameters(&described["parameters"]))
                (body(&described["requestBody"]))
                (answers(tree, &described["responses"]))
            }
        }
    }
}

fn parameters(parameters: &Value) -> Markup {
    let Some(parameters) = parameters.as_array() else { return html! {} };
    html! {
        h4 { "Parameters" }
        table {
            thead { tr { th { "name" } th { "in" } th { "type" } th { "meaning" } } }
            tbody {
                @for parameter in parameters {
                    tr {
                        td {
                            code { (parameter["name"].as_str().unwrap_or_default()) }
                            @if parameter["required"] == true { span.must title="has to be there" { "*" } }
                        }
                        td { (parameter["in"].as_str().unwrap_or_default()) }
                        td { (type_of(&parameter["schema"])) }
                        td { (words(parameter["description"].as_str().unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

fn body(body: &Value) -> Markup {
    let Some(contents) = body["content"].as_object() else { return html! {} };
    html! {
        h4 { "Body" }
        @for (content_type, content) in contents {
            p { (type_of(&content["schema"])) " as " code { (content_type) } }
        }
    }
}

fn answers(tree: &Value, answers: &Value) -> Markup {
    html! {
        h4 { "Answers" }
        table.answers {
            tbody {
                @for (status, answer) in answers.as_object().into_iter().flatten() {
                    (self::answer(status, resolved(tree, answer)))
                }
            }
        }
    }
}

/// Refusals stand once for all operations.
fn resolved<'a>(tree: &'a Value, answer: &'a Value) -> &'a Value {
    let name = answer["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/responses/"));
    name.map_or(answer, |name| &tree["components"]["responses"][name])
}

/// Codes of problems lead to their pages.
fn answered(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @match Code::of_name(part).filter(|_| place % 2 == 1) {
                Some(code) => { a href=(code.path()) { code { (part) } } }
                None if place % 2 == 1 => { code { (part) } }
                None => (part),
            }
        }
    }
}

fn answer(status: &str, answer: &Value) -> Markup {
    html! {
        tr {
            td { span class=(format!("status s{}", &status[..1])) { (status) } }
            td {
                (answered(answer["description"].as_str().unwrap_or_default()))
                @for (content_type, content) in answer["content"].as_object().into_iter().flatten() {
                    @if content_type != crate::api::Problem::CONTENT_TYPE {
                        div { (type_of(&content["schema"])) " as " code { (content_type) } }
                    }
                }
                @for (name, header) in answer["headers"].as_object().into_iter().flatten() {
                    div { code { (name) } ": " (words(header["description"].as_str().unwrap_or_default())) }
                }
            }
        }
    }
}
