//! One operation: how it is called, what it takes, what it answers.

use askama::Template;
use serde_json::Value;

use super::filters;
use super::schema::TypeOf;
use crate::api::Problem;

#[derive(Template)]
#[template(path = "reader/operation.html")]
pub(super) struct Operation<'a> {
    id: &'a str,
    path: &'a str,
    /// In lower case, as the document has it.
    method: &'a str,
    summary: &'a str,
    role: &'a str,
    description: Option<&'a str>,
    parameters: Vec<Parameter<'a>>,
    body: Vec<Content<'a>>,
    answers: Vec<Answer<'a>>,
}

struct Parameter<'a> {
    name: &'a str,
    /// `path`, `query` or `header`.
    place: &'a str,
    is_required: bool,
    schema: &'a Value,
    meaning: &'a str,
}

struct Content<'a> {
    media_type: &'a str,
    schema: &'a Value,
}

struct Answer<'a> {
    status: &'a str,
    meaning: &'a str,
    contents: Vec<Content<'a>>,
    /// Name and meaning.
    headers: Vec<(&'a str, &'a str)>,
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn contents(of: &Value) -> Vec<Content<'_>> {
    let contents = of["content"].as_object().into_iter().flatten();
    contents.map(|(media_type, content)| Content { media_type, schema: &content["schema"] }).collect()
}

impl<'a> Operation<'a> {
    pub(super) fn read(tree: &'a Value, path: &'a str, method: &'a str, described: &'a Value) -> Self {
        let parameter = |parameter: &'a Value| Parameter {
            name: text(parameter, "name"),
            place: text(parameter, "in"),
            is_required: parameter["required"] == true,
            schema: &parameter["schema"],
            meaning: text(parameter, "description"),
        };
        let answers = described["responses"].as_object().into_iter().flatten();
        Self {
            id: text(described, "operationId"),
            path,
            method,
            summary: text(described, "summary"),
            role: text(described, "x-role"),
            description: described["description"].as_str(),
            parameters: described["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
            body: contents(&described["requestBody"]),
            answers: answers.map(|(status, answer)| Answer::read(status, resolved(tree, answer))).collect(),
        }
    }

    fn role_class(&self) -> String {
        self.role.replace(' ', "-")
    }
}

/// Refusals stand once for all operations.
fn resolved<'a>(tree: &'a Value, answer: &'a Value) -> &'a Value {
    let name = answer["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/responses/"));
    name.map_or(answer, |name| &tree["components"]["responses"][name])
}

impl<'a> Answer<'a> {
    fn read(status: &'a str, answer: &'a Value) -> Self {
        let mut contents = contents(answer);
        // All refusals have the same form.
        contents.retain(|content| content.media_type != Problem::CONTENT_TYPE);
        let headers = answer["headers"].as_object().into_iter().flatten();
        let headers = headers.map(|(name, header)| (name.as_str(), text(header, "description"))).collect();
        Self { status, meaning: text(answer, "description"), contents, headers }
    }

    /// `s2`, `s4`: for the colour.
    fn status_class(&self) -> String {
        self.status.chars().take(1).map(|digit| format!("s{digit}")).collect()
    }
}
