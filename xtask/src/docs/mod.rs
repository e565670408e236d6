//! The parts of the book that the program itself knows: written by `cargo xtask docs`, compared by `cargo xtask test`.
//!
//! A page that is written by hand is checked for what it must name, and every page for links that lead nowhere.

mod command_line;
mod links;
mod node_file;
mod observability;
mod parameters;
mod rest;
mod terms;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::step::{cargo, run};

/// Stands at the head of each written page.
const MARK: &str = "<!-- Written by `cargo xtask docs`: change the program, not this page. -->\n\n";

/// Writes the pages, or with `check` only says which ones are out of date.
pub(crate) fn docs(check: bool) -> Result<()> {
    run("build", cargo(&["build", "--locked", "--workspace", "--bins"]))?;
    let pages = [
        ("docs/reference/command-line.md", marked(&command_line::page()?)),
        ("docs/reference/parameters.md", marked(&parameters::page())),
        ("docs/reference/node-file.md", marked(&node_file::page())),
        ("docs/reference/problems.md", marked(&rest::problems()?)),
        // JSON has no place for the mark.
        ("docs/reference/openapi.json", rest::openapi()?),
    ];
    for (path, text) in &pages {
        if check {
            let found = std::fs::read_to_string(path).unwrap_or_default();
            ensure!(found == *text, "{path} is out of date\nwrite it anew with: cargo xtask docs");
        } else {
            std::fs::write(path, text).with_context(|| format!("cannot write {path}"))?;
        }
    }
    let mut problems = links::broken(Path::new("."))?;
    problems.extend(terms::missing()?);
    problems.extend(observability::problems()?);
    if !problems.is_empty() {
        bail!("the documentation has {} mistakes:\n{}", problems.len(), problems.join("\n"));
    }
    println!("==> documentation: passed");
    Ok(())
}

fn marked(page: &str) -> String {
    format!("{MARK}{page}")
}
