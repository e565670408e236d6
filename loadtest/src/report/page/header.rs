//! The head of the page: what ran, and how it ended.

use std::fmt::Write;

use super::super::run::Run;
use super::super::units::{duration, number};
use super::section::Section;
use super::text::text;
use super::tiles::tiles;

pub(super) fn header(run: &Run, sections: &[Section]) -> String {
    let mut html = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        html,
        "<header>\n<p class=\"kind\">Flotilla load test</p>\n<div class=\"title\"><h1>{}</h1>{}</div>\n",
        text(&run.scenario),
        verdict(run)
    );
    if !run.description.is_empty() {
        let _ = writeln!(html, "<p class=\"description\">{}</p>", text(&run.description));
    }
    html.push_str(&circumstances(run));
    html.push_str("<nav aria-label=\"Sections\"><ul>");
    for Section { id, title, .. } in sections {
        let _ = write!(html, "<li><a href=\"#{id}\">{title}</a></li>");
    }
    html.push_str("</ul></nav>\n");
    html.push_str(&tiles(run));
    html.push_str("</header>\n");
    html
}

pub(super) fn footer() -> &'static str {
    "<footer><p>In charts, warm-up and drain are grey, faults and changes amber. Latencies count from the moment at which an operation was due, so that one that had to wait counts its \
     waiting. Totals and percentiles are without the warm-up. In charts of long runs a point stands for several seconds: \
     for their mean, of p99, maxima and memory for the highest.</p>\n<p>The same as data: <a href=\"run.json\">run.json</a>, \
     <a href=\"intervals.csv\">intervals.csv</a>, <a href=\"nodes.csv\">nodes.csv</a>, \
     <a href=\"distribution.csv\">distribution.csv</a></p></footer>\n"
}

fn verdict(run: &Run) -> &'static str {
    match (run.passed(), run.checks.is_empty()) {
        (true, true) => "<span class=\"verdict none\">nothing checked</span>",
        (true, false) => "<span class=\"verdict good\"><span aria-hidden=\"true\">✓</span> passed</span>",
        (false, _) => "<span class=\"verdict bad\"><span aria-hidden=\"true\">✕</span> FAILED</span>",
    }
}

fn circumstances(run: &Run) -> String {
    let machine = &run.machine;
    let gib = number(machine.memory_mib as f64 / 1024.0);
    let machine = format!("{} processors, {gib} GiB, {}", machine.processors, machine.kernel);
    let drain = run.drain_s.map_or_else(String::new, |drain| format!(", drained in {}", duration(drain)));
    let time = format!("{} (warm-up {}){drain}", duration(run.duration_s), duration(run.warm_up_s));
    let started = started(&run.started_at);
    let mut html = "<dl class=\"facts\">\n".to_owned();
    for (name, value) in [
        ("Started", started),
        ("Duration", time),
        ("Seed", run.seed.to_string()),
        ("Program", run.program.clone()),
        ("Machine", machine),
    ] {
        let _ = writeln!(html, "<div><dt>{name}</dt><dd>{}</dd></div>", text(&value));
    }
    html.push_str("</dl>\n");
    html
}

/// `2026-01-02 03:04:05 UTC`, if that is how it is written.
fn started(at: &str) -> String {
    let seconds = at.strip_suffix('Z').map(|at| at.split_once('.').map_or(at, |(seconds, _)| seconds));
    seconds.map_or_else(|| at.to_owned(), |seconds| format!("{} UTC", seconds.replacen('T', " ", 1)))
}
