//! `flotilla completions` and `flotilla man`: made from the command line as it is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use crate::cli::{Cli, CompletionsArguments, ManArguments};
use crate::exit::CODES;
use crate::output::{Format, answer, print};

const PROGRAM: &str = "flotilla";

pub(super) fn completions(arguments: &CompletionsArguments, format: Format) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), PROGRAM, &mut script);
    let script = String::from_utf8(script).context("the script is no text")?;
    match format {
        Format::Text => print(&script),
        Format::Json => {
            answer(format, &json!({ "shell": arguments.shell.to_string(), "script": script }), |_| String::new())
        }
    }
}

pub(super) fn man(arguments: &ManArguments, format: Format) -> Result<()> {
    let dir = &arguments.out;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    let mut pages = Vec::new();
    write_pages(&all, dir, &mut pages)?;
    pages.sort();
    answer(format, &json!({ "pages": pages }), |_| format!("{} pages are in {}", pages.len(), dir.display()))
}

fn write_pages(command: &clap::Command, dir: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        write_pages(child, dir, pages)?;
    }
    let page = Man::new(command.clone()).source(format!("flotilla {}", env!("CARGO_PKG_VERSION"))).manual("Flotilla");
    let file = dir.join(page.get_filename());
    std::fs::write(&file, render(command, &page)?).with_context(|| format!("cannot write {}", file.display()))?;
    pages.push(file);
    Ok(())
}

/// The page, with a section of exit codes as manuals have it.
fn render(command: &clap::Command, page: &Man) -> Result<String> {
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    if command.get_arguments().next().is_some() {
        page.render_options_section(&mut text)?;
    }
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    exit_status(command).to_writer(&mut text)?;
    Ok(plain(&String::from_utf8(text).context("the page is no text")?))
}

/// In characters that every roff reads, whatever encoding it takes for granted.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() { plain.push(c) } else { plain.push_str(&format!("\\[u{:04X}]", u32::from(c))) }
    }
    plain
}

fn exit_status(command: &clap::Command) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in CODES {
        section.control("TP", []);
        section.text([roman(code.to_string())]);
        section.text([roman(meaning)]);
    }
    // That of the program itself lists the same.
    let own = command.get_after_help().map(ToString::to_string).filter(|_| command.get_name() != PROGRAM);
    if let Some(own) = own {
        section.control("PP", []);
        section.text([roman(own)]);
    }
    section
}
