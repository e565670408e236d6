//! Schemas of JSON, as people read them.

use askama::Template;
use serde_json::Value;

use super::filters;

/// `#/components/schemas/AccountView` is `AccountView`.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

pub(super) fn anchor(name: &str) -> String {
    format!("schema-{name}")
}

/// The type in a few words; of a schema with a name, a link to it.
#[derive(Template)]
#[template(path = "reader/type_of.html")]
pub(super) struct TypeOf<'a>(pub(super) &'a Value);

enum Shape<'a> {
    Named(&'a str),
    OneOf(&'a [Value]),
    Values(Vec<String>),
    /// Names of JSON's own types.
    Plain(Vec<&'a str>),
}

impl<'a> TypeOf<'a> {
    fn shape(&self) -> Shape<'a> {
        let schema = self.0;
        if let Some(name) = referred(schema) {
            return Shape::Named(name);
        }
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return Shape::OneOf(choices);
        }
        if let Some(values) = schema["enum"].as_array() {
            let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            return Shape::Values(values.iter().map(word).collect());
        }
        Shape::Plain(match &schema["type"] {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => vec!["any JSON"],
        })
    }

    /// Format and bounds.
    fn limits(&self) -> String {
        let schema = self.0;
        let format = schema["format"].as_str().filter(|format| !matches!(*format, "uint32" | "uint64" | "double"));
        let bounds = [("minimum", "from "), ("maximum", "to "), ("minLength", "at least "), ("maxLength", "at most ")];
        // That a count is not negative, and a name not empty, goes without saying.
        let goes_without = [("minimum", 0), ("minLength", 1)];
        let says_something = |key: &str| {
            !schema[key].is_null() && !goes_without.iter().any(|(one, least)| *one == key && schema[key] == *least)
        };
        let said = bounds.iter().filter(|(key, _)| says_something(key));
        let said = said.map(|(key, word)| format!(" {word}{}", schema[*key]));
        let format = format.map(|format| format!(" ({format})"));
        format.into_iter().chain(said).collect()
    }
}

/// A schema in full.
#[derive(Template)]
#[template(path = "reader/in_full.html")]
pub(super) struct InFull<'a>(pub(super) &'a Value);

struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    meaning: &'a str,
    is_required: bool,
}

impl<'a> InFull<'a> {
    /// What it is put together of, and the word between the parts.
    fn parts(&self) -> Option<(&'static str, &'a [Value])> {
        let schema = self.0;
        let word = if schema["allOf"].is_array() { "and" } else { "or" };
        let parts = schema["oneOf"].as_array().or(schema["allOf"].as_array()).or(schema["anyOf"].as_array());
        parts.map(|parts| (word, parts.as_slice()))
    }

    fn fields(&self) -> Vec<Field<'a>> {
        let schema = self.0;
        let required =
            |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
        let field = |(name, field): (&'a String, &'a Value)| Field {
            name,
            schema: field,
            meaning: field["description"].as_str().unwrap_or_default(),
            is_required: required(name),
        };
        schema["properties"].as_object().into_iter().flatten().map(field).collect()
    }
}
