//! The report as one HTML page that needs nothing besides itself: it can be mailed, archived, and read without a network.
//! Charts are drawn here, as SVG; a short script adds the values under the pointer, and the page says all without it.

mod chart;
mod distribution;
mod failures;
mod header;
mod latency;
mod nodes;
mod scenery;
mod section;
mod tables;
mod text;
mod throughput;
mod tiles;

use std::fmt::Write;

use super::run::Run;
use scenery::Scenery;
use section::Section;
use text::text;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("hover.js");

pub(super) fn html(run: &Run) -> String {
    let scenery = Scenery::of(run);
    let sections = [
        Some(tables::checks(run)),
        Some(tables::totals(run)),
        tables::marks(run, &scenery),
        throughput::section(run, &scenery),
        latency::section(run, &scenery),
        failures::section(run, &scenery),
        distribution::section(run),
        nodes::section(run, &scenery),
    ];
    let sections: Vec<Section> = sections.into_iter().flatten().collect();
    let mut html = String::with_capacity(256 * 1024);
    // Writing to a string does not fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}: load test</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n{}<main>\n",
        text(&run.scenario),
        header::header(run, &sections),
    );
    for Section { id, title, content } in &sections {
        let _ = write!(
            html,
            "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n{content}</section>\n"
        );
    }
    let _ = write!(html, "</main>\n{}<script>\n{SCRIPT}</script>\n</body>\n</html>\n", header::footer());
    html
}

#[cfg(test)]
mod tests;
