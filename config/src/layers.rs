//! Defaults, then the file, then the environment, laid over one another; the result is one text per dotted key.
//!
//! Values stay texts here: what a key's value must look like is known one module up, and a number in TOML and the same
//! number in an environment variable should be told apart by nobody.

use std::collections::{BTreeMap, HashMap};

use config::{Config, Environment, File, FileFormat, Source, Value, ValueKind};

use crate::node_keys::{self, Absent, KEYS};
use crate::problem::Problem;
use crate::suggest;

const PREFIX: &str = "FLOTILLA_";
const SEPARATOR: &str = "__";

/// One text per key, and what was wrong on the way.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) problems: Vec<Problem>,
}

/// `file_name` only serves messages. Variables that do not start with `FLOTILLA_` or hold no `__` are somebody else's.
pub(crate) fn merge(
    file_text: &str,
    file_name: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Layers {
    let mut layers = Layers::default();
    if let Err(error) = toml::from_str::<toml::Table>(file_text) {
        layers.problems.push(Problem::new(
            file_name,
            describe_syntax(file_text, &error),
            "write one key = value a line, texts in quotes",
        ));
        return layers;
    }
    let variables = known_variables(environment, &mut layers.problems);
    match collect(file_text, variables) {
        Ok(tree) => flatten("", tree, &mut layers),
        Err(error) => layers.problems.push(Problem::new(file_name, error.to_string(), "mend the file's structure")),
    }
    layers.problems.sort_by(|left, right| left.key.cmp(&right.key));
    layers
}

fn collect(file_text: &str, variables: HashMap<String, String>) -> Result<HashMap<String, Value>, config::ConfigError> {
    let mut builder = Config::builder();
    for key in KEYS {
        if let Absent::Default(text) = key.absent {
            builder = builder.set_default(key.name, text)?;
        }
    }
    let environment =
        Environment::with_prefix("FLOTILLA").prefix_separator("_").separator(SEPARATOR).source(Some(variables));
    builder.add_source(File::from_str(file_text, FileFormat::Toml)).add_source(environment).build()?.collect()
}

/// Keeps the variables that name a key; a slip in a name would otherwise be ignored in silence.
fn known_variables(
    environment: impl IntoIterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) -> HashMap<String, String> {
    let mut known = HashMap::new();
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|rest| rest.contains(SEPARATOR)) else { continue };
        let key = rest.to_lowercase().replace(SEPARATOR, ".");
        if node_keys::find(&key).is_some() {
            known.insert(name, value);
        } else {
            let mend = match suggest::nearest(&key, KEYS.iter().map(|key| key.name)) {
                Some(near) => format!("did you mean {}? otherwise unset it", node_keys::environment_name(near)),
                None => "unset it".to_owned(),
            };
            problems.push(Problem::new(name, "this environment variable names no key of the node file", mend));
        }
    }
    known
}

fn flatten(prefix: &str, tree: HashMap<String, Value>, layers: &mut Layers) {
    for (name, value) in tree {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value.kind {
            ValueKind::Table(table) if node_keys::find(&key).is_none() && is_section(&key) => {
                flatten(&key, table, layers);
            }
            _ if node_keys::find(&key).is_none() => layers.problems.push(unknown(&key)),
            ValueKind::Table(_) | ValueKind::Array(_) | ValueKind::Nil => {
                layers.problems.push(Problem::new(key, "one value is expected here", "write a text or a number"));
            }
            scalar => {
                layers.texts.insert(key, scalar.to_string());
            }
        }
    }
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

fn unknown(key: &str) -> Problem {
    let sections = KEYS.iter().filter_map(|key| key.name.split_once('.').map(|(section, _)| section));
    let mend = match suggest::nearest(key, KEYS.iter().map(|key| key.name).chain(sections)) {
        Some(near) => format!("did you mean {near}? otherwise remove it"),
        None => "remove it".to_owned(),
    };
    Problem::new(key, "there is no such key", mend)
}

fn describe_syntax(file_text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim_end().replace('\n', ", ");
    match error.span() {
        Some(span) => {
            let before = file_text.get(..span.start).unwrap_or(file_text);
            format!("line {} is not valid TOML: {message}", before.matches('\n').count() + 1)
        }
        None => format!("the file is not valid TOML: {message}"),
    }
}
