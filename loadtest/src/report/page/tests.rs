use super::super::run::{Counts, Run};
use super::super::sample;
use super::*;

/// Numbers that no drawing may contain.
fn assert_sound(html: &str) {
    for word in ["NaN", "inf", "-0 ", "null,"] {
        let content = html.replace(SCRIPT, "");
        let at = content.find(word);
        assert!(at.is_none(), "{word} in {:?}", at.map(|at| &content[at.saturating_sub(80)..at + 20]));
    }
}

#[test]
fn a_page_has_all_of_a_run() {
    let html = html(&sample::run());
    assert_sound(&html);
    for part in [
        "<h1>steady</h1><span class=\"verdict good\">",
        "2026-01-02 03:04:05 UTC",
        "1 min (warm-up 10 s), drained in 4 s",
        "every acknowledged file is there",
        "kill -9 node 1 (the primary)",
        "<caption>Each load after the warm-up</caption>",
        "id=\"latency-1-half-title\"",
        "id=\"cpu-narrow-description\"",
    ] {
        assert!(html.contains(part), "no {part}");
    }
    let ids = ["checks", "totals", "marks", "throughput", "latency", "failures", "distribution", "nodes"];
    for id in ids {
        assert!(html.contains(&format!("<section id=\"{id}\"")) && html.contains(&format!("href=\"#{id}\"")), "{id}");
    }
    for external in ["src=", "<link", "url(", "@import"] {
        assert!(!html.contains(external), "{external} asks for something else");
    }
}

#[test]
fn each_drawing_has_a_name_and_a_description() {
    let html = html(&sample::run());
    let drawings = html.matches("<svg class=\"chart").count();
    // Two of latency and four of nodes in two sizes; two of throughput, failures and distribution in three.
    assert_eq!(drawings, 6 * 2 + 4 * 3);
    for part in ["role=\"img\" aria-labelledby=", "<title id=", "<desc id="] {
        assert_eq!(html.matches(part).count(), drawings, "{part}");
    }
}

#[test]
fn what_has_failed_comes_first() {
    let mut run = sample::run();
    run.checks[1].passed = false;
    let html = html(&run);
    assert!(html.contains("<span class=\"verdict bad\"><span aria-hidden=\"true\">✕</span> FAILED</span>"));
    assert!(html.find("every event was worked off once") < html.find("every acknowledged file is there"));
}

#[test]
fn nothing_from_outside_is_markup() {
    const HOSTILE: &str = "</title><script>\"'&";
    let mut run = sample::run();
    run.scenario = HOSTILE.to_owned();
    run.description = HOSTILE.to_owned();
    run.started_at = HOSTILE.to_owned();
    run.program = HOSTILE.to_owned();
    run.machine.kernel = HOSTILE.to_owned();
    for load in &mut run.loads {
        load.name = HOSTILE.to_owned();
        load.kind = HOSTILE.to_owned();
    }
    run.nodes.iter_mut().for_each(|node| node.name = HOSTILE.to_owned());
    run.marks.iter_mut().for_each(|mark| mark.text = HOSTILE.to_owned());
    for check in &mut run.checks {
        check.name = HOSTILE.to_owned();
        check.detail = HOSTILE.to_owned();
    }
    let html = html(&run);
    assert!(!html.contains("</title><script>"));
    assert_eq!(html.matches("<script").count(), 1, "ours");
    let document = html.matches("<title>").count() - html.matches("<g class=\"mark\"><title>").count();
    assert_eq!(document, 1);
}

#[test]
fn runs_without_anything_have_a_page_too() {
    let html_of = |run: &Run| {
        let html = html(run);
        assert_sound(&html);
        html
    };
    let html = html_of(&sample::empty());
    assert!(html.contains("Nothing was checked.") && html.contains("There was no load."));
    assert!(html.contains("<span class=\"verdict none\">nothing checked</span>"));
    assert!(!html.contains("<svg class=\"chart"));

    let mut timeless = sample::run();
    (timeless.duration_s, timeless.warm_up_s, timeless.drain_s) = (0.0, 0.0, Some(0.0));
    html_of(&timeless);

    let mut single = sample::run();
    for load in &mut single.loads {
        load.intervals.truncate(1);
        (load.latency, load.totals) = (None, Counts::default());
        load.distribution.truncate(1);
    }
    single.nodes.iter_mut().for_each(|node| node.samples.truncate(1));
    single.duration_s = 0.4;
    html_of(&single);

    let mut broken = sample::run();
    (broken.loads[0].intervals[5].p99_ms, broken.nodes[0].samples[5].cpu_percent) = (f64::NAN, f64::INFINITY);
    broken.marks[0].at_s = f64::NAN;
    html_of(&broken);
}

#[test]
fn a_day_is_no_larger_than_a_quarter_of_an_hour() {
    let stretched = |seconds: u32| {
        let mut run = sample::run();
        let interval = run.loads[0].intervals[0];
        run.duration_s = f64::from(seconds);
        for load in &mut run.loads {
            let at = |second| super::super::run::Interval { at_s: f64::from(second), ..interval };
            load.intervals = (0..seconds).map(at).collect();
        }
        html(&run).len()
    };
    assert!(stretched(86_400) < stretched(900) * 3 / 2);
}
