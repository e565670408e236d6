//! Schemas of JSON, as people read them.

use maud::{Markup, html};
use serde_json::Value;

use super::words::words;

/// `#/components/schemas/AccountView` is `AccountView`.
fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

pub(super) fn anchor(name: &str) -> String {
    format!("schema-{name}")
}

/// The type in a few words; of a schema with a name, a link to it.
pub(super) fn type_of(schema: &Value) -> Markup {
    if let Some(name) = referred(schema) {
        return html! { a href=(format!("#{}", anchor(name))) { (name) } };
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return html! {
            @for (place, choice) in choices.iter().enumerate() {
                @if place > 0 { " or " }
                (type_of(choice))
            }
        };
    }
    if let Some(values) = schema["enum"].as_array() {
        return html! {
            @for (place, value) in values.iter().enumerate() {
                @if place > 0 { ", " }
                code { (value.as_str().map_or_else(|| value.to_string(), str::to_owned)) }
            }
        };
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any JSON"],
    };
    html! {
        @for (place, name) in names.into_iter().enumerate() {
            @if place > 0 { " or " }
            @match name {
                "array" => { "list of " (type_of(&schema["items"])) }
                name => (name)
            }
        }
        (limits(schema))
    }
}

/// Format and bounds.
fn limits(schema: &Value) -> Markup {
    let format = schema["format"].as_str().filter(|format| !matches!(*format, "uint32" | "uint64" | "double"));
    let bounds = [("minimum", "from "), ("maximum", "to "), ("minLength", "at least "), ("maxLength", "at most ")];
    // That a count is not negative, and a name not empty, goes without saying.
    let goes_without = [("minimum", 0), ("minLength", 1)];
    let said =
        bounds.iter().filter(|(key, _)| !goes_without.iter().any(|(one, least)| key == one && schema[*key] == *least));
    let said: Vec<String> =
        said.filter(|(key, _)| !schema[*key].is_null()).map(|(key, word)| format!("{word}{}", schema[*key])).collect();
    html! {
        @if let Some(format) = format { " (" (format) ")" }
        @if !said.is_empty() { " " (said.join(" ")) }
    }
}

/// A schema in full.
pub(super) fn in_full(schema: &Value) -> Markup {
    let parts = schema["oneOf"].as_array().or(schema["allOf"].as_array()).or(schema["anyOf"].as_array());
    let word = if schema["allOf"].is_array() { "and" } else { "or" };
    html! {
        @if let Some(text) = schema["description"].as_str() { p { (words(text)) } }
        @if let Some(parts) = parts {
            @for (place, part) in parts.iter().enumerate() {
                @if place > 0 { p.between { (word) } }
                (in_full(part))
            }
        } @else if let Some(properties) = schema["properties"].as_object() {
            (fields(properties, &schema["required"]))
        } @else {
            p { (type_of(schema)) }
        }
    }
}

fn fields(properties: &serde_json::Map<String, Value>, required: &Value) -> Markup {
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|one| one == name));
    html! {
        table {
            thead { tr { th { "field" } th { "type" } th { "meaning" } } }
            tbody {
                @for (name, field) in properties {
                    tr {
                        td { code { (name) } @if is_required(name) { span.must title="always there" { "*" } } }
                        td { (type_of(field)) }
                        td { (words(field["description"].as_str().unwrap_or_default())) }
                    }
                }
            }
        }
    }
}
