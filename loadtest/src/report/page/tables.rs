//! The tables of the page.

use std::fmt::Write;

use super::super::run::{Check, LoadRecord, Mark, Run};
use super::super::units::{NOTHING, count, duration, number, number_or_nothing};
use super::chart::series_class;
use super::scenery::Scenery;
use super::section::Section;
use super::text::text;

/// What was verified; what has failed comes first.
pub(super) fn checks(run: &Run) -> Section {
    let (passed, failed): (Vec<&Check>, Vec<&Check>) = run.checks.iter().partition(|check| check.passed);
    let rows: Vec<String> = failed.into_iter().chain(passed).map(check_row).collect();
    let content = if rows.is_empty() {
        "<p class=\"nothing\">Nothing was checked.</p>\n".to_owned()
    } else {
        table("What was verified after the run", &["Result", "Check", "Found"], "checks", &rows)
    };
    Section { id: "checks", title: "Checks", content }
}

fn check_row(check: &Check) -> String {
    let (class, word) = if check.passed { ("good", "✓ passed") } else { ("bad", "✕ FAILED") };
    format!(
        "<tr><td><span class=\"verdict {class}\">{word}</span></td><th scope=\"row\">{}</th><td>{}</td>",
        text(&check.name),
        text(&check.detail)
    )
}

/// How the operations of each load ended, and how long they took.
pub(super) fn totals(run: &Run) -> Section {
    let columns = [
        "Load",
        "Acknowledged",
        "Rate /s",
        "MB/s",
        "Refused",
        "Unknown",
        "Not begun",
        "Repeated",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "p99.9 ms",
        "Max ms",
        "Longest gap ms",
    ];
    let rows: Vec<String> = run.loads.iter().enumerate().map(|(index, load)| totals_row(run, index, load)).collect();
    let content = if rows.is_empty() {
        "<p class=\"nothing\">There was no load.</p>\n".to_owned()
    } else {
        table("Each load after the warm-up", &columns, "totals", &rows)
    };
    Section { id: "totals", title: "Totals", content }
}

fn totals_row(run: &Run, index: usize, load: &LoadRecord) -> String {
    let totals = &load.totals;
    let mut row = format!(
        "<tr><th scope=\"row\"><i class=\"swatch {}\"></i>{}<small>{}</small></th>",
        series_class(index),
        text(&load.name),
        text(&load.kind)
    );
    let figures = [
        count(totals.acknowledged),
        number_or_nothing(run.per_second(totals.acknowledged)),
        number_or_nothing(load.megabytes_per_second(run)),
    ];
    for figure in figures {
        let _ = write!(row, "<td>{figure}</td>");
    }
    for (of, class) in
        [(totals.refused, "bad"), (totals.unknown, "bad"), (totals.not_begun, "bad"), (totals.repeated, "notable")]
    {
        let class = if of == 0 { "zero" } else { class };
        let _ = write!(row, "<td class=\"{class}\">{}</td>", count(of));
    }
    let percentiles = match &load.latency {
        Some(of) => [of.p50_ms, of.p90_ms, of.p99_ms, of.p99_9_ms, of.max_ms].map(number),
        None => [NOTHING; 5].map(str::to_owned),
    };
    for percentile in percentiles {
        let _ = write!(row, "<td>{percentile}</td>");
    }
    let _ = write!(row, "<td>{}</td>", number(load.longest_gap_ms));
    row
}

/// What was done to the cluster, with the numbers that the charts show; none if nothing was.
pub(super) fn marks(run: &Run, scenery: &Scenery) -> Option<Section> {
    let rows: Vec<String> = run.marks.iter().zip(&scenery.marks).enumerate().map(mark_row).collect();
    let columns = ["Number", "Begins", "Lasts", "What"];
    (!rows.is_empty()).then(|| Section {
        id: "marks",
        title: "Faults and changes",
        content: table("What was done to the cluster, numbered as in the charts", &columns, "marks", &rows),
    })
}

/// The script wants the times of the charts.
fn mark_row((index, (mark, drawn)): (usize, (&Mark, &Mark))) -> String {
    let lasted = mark.until_s.map_or_else(|| NOTHING.to_owned(), |until| duration(until - mark.at_s));
    format!(
        "<tr data-from=\"{}\" data-until=\"{}\"><td><b class=\"badge\">{}</b></td><td>{}</td><td>{lasted}</td><th scope=\"row\">{}</th>",
        drawn.at_s,
        drawn.until_s.unwrap_or(drawn.at_s),
        index + 1,
        duration(mark.at_s),
        text(&mark.text)
    )
}

/// One that scrolls by itself where it does not fit; rows lack their end tags.
fn table(caption: &str, columns: &[&str], class: &str, rows: &[String]) -> String {
    let mut html = format!(
        "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table class=\"{class}\">\n\
         <caption>{caption}</caption>\n<thead><tr>"
    );
    // Writing to a string does not fail.
    for column in columns {
        let _ = write!(html, "<th scope=\"col\">{column}</th>");
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let _ = writeln!(html, "{row}</tr>");
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    html
}
