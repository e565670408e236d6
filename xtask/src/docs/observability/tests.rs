//! A small set of files without a mistake, and each mistake that can be made in it.

use super::*;

const ALERTS: &str = r#"
groups:
  - name: cluster
    rules:
      - record: job:flotilla_ready:max
        expr: max by (job) (flotilla_ready)
      - alert: FlotillaNotReady
        expr: job:flotilla_ready:max == 0
        for: 1m
        labels: {severity: critical}
        annotations:
          summary: Nobody serves
          description: All say no.
          runbook_url: docs/runbooks/not-ready.md
"#;
const DASHBOARD: &str = r#"{
  "templating": {"list": [
    {"name": "datasource", "query": "prometheus"},
    {"name": "job", "query": {"query": "label_values(flotilla_ready, job)"}},
    {"name": "instance", "query": {"query": "label_values(flotilla_ready{job=\"$job\"}, instance)"}}
  ]},
  "panels": [
    {"id": 1, "type": "row", "title": "Cluster"},
    {"id": 2, "type": "stat", "title": "Ready", "datasource": {"uid": "${datasource}"},
     "fieldConfig": {"defaults": {"unit": "short"}}, "targets": [{"expr": "flotilla_ready{job=\"$job\"}"}]}
  ]
}"#;
const RUNBOOK: &str = "# FlotillaNotReady\n\n## What it means\n\n## What it costs\n\n## How to see it\n\n    \
                       flotilla status\n\n## What to do\n\n## When it is over\n";

fn files() -> Files {
    Files {
        metrics: "| `flotilla_ready` | gauge | 1 | – | flag |\n".to_owned(),
        alerts: ALERTS.to_owned(),
        dashboard: DASHBOARD.to_owned(),
        runbooks: BTreeMap::from([("not-ready.md".to_owned(), RUNBOOK.to_owned())]),
        index: "[Not ready](runbooks/not-ready.md)".to_owned(),
        command_line: "# The command line\n\n## flotilla status\n\nShow\n".to_owned(),
    }
}

#[test]
fn files_that_fit_together_have_no_problem() {
    let problems = files().problems().unwrap();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Makes a mistake.
type Spoil<'a> = &'a dyn Fn(&mut Files);

/// Replaces a text that has to be there.
fn change(text: &mut String, from: &str, to: &str) {
    assert!(text.contains(from), "{from} is not in {text}");
    *text = text.replace(from, to);
}

#[test]
fn each_mistake_is_found() {
    let page = |files: &mut Files, from: &str, to: &str| {
        change(files.runbooks.get_mut("not-ready.md").unwrap(), from, to);
    };
    let cases: [(&str, Spoil<'_>); 17] = [
        ("flotilla_redy is not in metrics.md", &|f| change(&mut f.alerts, "(flotilla_ready)", "(flotilla_redy)")),
        ("job:flotilla_ready:min is not", &|f| {
            change(&mut f.alerts, "expr: job:flotilla_ready:max", "expr: job:flotilla_ready:min")
        }),
        ("lacks a severity", &|f| change(&mut f.alerts, "severity: critical", "severity: loud")),
        ("lacks summary", &|f| change(&mut f.alerts, "summary: Nobody serves", "summary: ''")),
        ("lacks runbook_url", &|f| change(&mut f.alerts, "runbook_url: docs/runbooks/not-ready.md", "")),
        ("neither an alert nor a record", &|f| {
            change(&mut f.alerts, "- alert: FlotillaNotReady", "- record: a\n        alert: b")
        }),
        ("runbook docs/runbooks/none.md is not there", &|f| change(&mut f.alerts, "not-ready.md", "none.md")),
        ("no alert leads to it", &|f| change(&mut f.alerts, "not-ready.md", "none.md")),
        ("has to begin with its name", &|f| page(f, "# FlotillaNotReady", "# Not ready")),
        ("lacks the section ## What to do", &|f| page(f, "## What to do\n", "")),
        ("no command flotilla state", &|f| page(f, "flotilla status", "flotilla state")),
        ("does not link to runbooks/not-ready.md", &|f| f.index.clear()),
        ("Ready: flotilla_redy is not", &|f| change(&mut f.dashboard, "\"flotilla_ready{", "\"flotilla_redy{")),
        ("it has no unit", &|f| change(&mut f.dashboard, "\"unit\": \"short\"", "")),
        ("its data source is not", &|f| change(&mut f.dashboard, "\"uid\": \"${datasource}\"", "\"uid\": \"PA1\"")),
        ("another panel has its id", &|f| change(&mut f.dashboard, "\"id\": 2", "\"id\": 1")),
        ("there is no variable instance", &|f| {
            change(&mut f.dashboard, "\"instance\", \"query\"", "\"host\", \"query\"")
        }),
    ];
    for (expected, spoil) in cases {
        let mut files = files();
        spoil(&mut files);
        let problems = files.problems().unwrap();
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected}: {problems:#?}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let cases: [Spoil<'_>; 4] = [
        &|f| change(&mut f.alerts, "groups:", "groups: ["),
        &|f| change(&mut f.alerts, "annotations:", "anotations:"),
        &|f| change(&mut f.alerts, "for: 1m", "for: 1m\n        for: 2m"),
        &|f| change(&mut f.dashboard, "\"panels\":", "\"panels\""),
    ];
    for spoil in cases {
        let mut files = files();
        spoil(&mut files);
        assert!(files.problems().is_err());
    }
}
