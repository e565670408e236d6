//! Both runs side by side, as data.

use serde::Serialize;

use super::super::run::{Latency, LoadRecord, Machine, NodeRecord, Run};
use super::super::units::duration;
use super::figure::{Better, Figure};

#[derive(Debug, Serialize)]
pub(super) struct Difference {
    pub(super) before: Side,
    pub(super) after: Side,
    /// Why the figures may not be comparable.
    pub(super) warnings: Vec<String>,
    pub(super) loads: Vec<Subject>,
    pub(super) nodes: Vec<Subject>,
}

/// Which run it is.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    pub(super) scenario: String,
    pub(super) started_at: String,
    pub(super) program: String,
    pub(super) passed: bool,
    /// Loads and nodes that the other run has not.
    pub(super) only_here: Vec<String>,
}

/// A load or a node of both runs.
#[derive(Debug, Serialize)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) figures: Vec<Figure>,
}

/// Loads and nodes are matched by their names, in the order of the later run.
pub(super) fn difference(before: &Run, after: &Run) -> Difference {
    let loads = matched(&before.loads, &after.loads, |load| &load.name);
    let nodes = matched(&before.nodes, &after.nodes, |node| &node.name);
    Difference {
        before: side(before, after),
        after: side(after, before),
        warnings: warnings(before, after),
        loads: loads.map(|(one, other)| load_figures((before, one), (after, other))).collect(),
        nodes: nodes.map(|(one, other)| node_figures((before, one), (after, other))).collect(),
    }
}

fn matched<'a, T>(
    before: &'a [T],
    after: &'a [T],
    name: impl Fn(&T) -> &str + Copy,
) -> impl Iterator<Item = (&'a T, &'a T)> {
    after.iter().filter_map(move |other| before.iter().find(|one| name(one) == name(other)).map(|one| (one, other)))
}

fn side(run: &Run, other: &Run) -> Side {
    let has_load = |name: &str| other.loads.iter().any(|load| load.name == name);
    let has_node = |name: &str| other.nodes.iter().any(|node| node.name == name);
    let loads = run.loads.iter().map(|load| &load.name).filter(|name| !has_load(name));
    let nodes = run.nodes.iter().map(|node| &node.name).filter(|name| !has_node(name));
    Side {
        scenario: run.scenario.clone(),
        started_at: run.started_at.clone(),
        program: run.program.clone(),
        passed: run.passed(),
        only_here: loads.chain(nodes).cloned().collect(),
    }
}

fn load_figures((before_run, before): (&Run, &LoadRecord), (after_run, after): (&Run, &LoadRecord)) -> Subject {
    let latency = |name, of: fn(&Latency) -> f64| {
        Figure::of(name, "ms", Better::Lower, before.latency.as_ref().map(of), after.latency.as_ref().map(of))
    };
    let number = |name, of: fn(&LoadRecord) -> u64| {
        Figure::of(name, "", Better::Lower, Some(of(before) as f64), Some(of(after) as f64))
    };
    let rate = Figure::of(
        "rate",
        "/s",
        Better::Higher,
        before_run.per_second(before.totals.acknowledged),
        after_run.per_second(after.totals.acknowledged),
    );
    let figures = vec![
        rate,
        latency("p50", |latency| latency.p50_ms),
        latency("p99", |latency| latency.p99_ms),
        latency("max", |latency| latency.max_ms),
        Figure::of("gap", "ms", Better::Lower, Some(before.longest_gap_ms), Some(after.longest_gap_ms)),
        number("failures", |load| load.totals.failed()),
        number("not begun", |load| load.totals.not_begun),
    ];
    Subject { name: after.name.clone(), figures }
}

fn node_figures((before_run, before): (&Run, &NodeRecord), (after_run, after): (&Run, &NodeRecord)) -> Subject {
    let cpu = (before.mean_cpu_percent(before_run), after.mean_cpu_percent(after_run));
    let memory = (before.peak_resident_mib(), after.peak_resident_mib());
    let figures = vec![
        Figure::of("mean CPU", "%", Better::Lower, cpu.0, cpu.1),
        Figure::of("peak memory", "MiB", Better::Lower, memory.0, memory.1),
    ];
    Subject { name: after.name.clone(), figures }
}

fn warnings(before: &Run, after: &Run) -> Vec<String> {
    let machine = |machine: &Machine| {
        format!("{} processors, {} MiB, {}", machine.processors, machine.memory_mib, machine.kernel)
    };
    let measured = |run: &Run| duration(run.measured_s().round());
    [
        ("scenarios", before.scenario.clone(), after.scenario.clone()),
        ("seeds", before.seed.to_string(), after.seed.to_string()),
        ("machines", machine(&before.machine), machine(&after.machine)),
        ("measured times", measured(before), measured(after)),
    ]
    .into_iter()
    .filter(|(_, before, after)| before != after)
    .map(|(what, before, after)| format!("the {what} differ: {before} before, {after} after"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;
    use super::super::figure::Verdict;
    use super::*;

    #[test]
    fn a_run_is_as_good_as_itself() {
        let difference = difference(&sample::run(), &sample::run());
        assert!(difference.warnings.is_empty(), "{:?}", difference.warnings);
        assert_eq!((difference.loads.len(), difference.nodes.len()), (2, 3));
        let figures = difference.loads.iter().chain(&difference.nodes).flat_map(|subject| &subject.figures);
        assert!(figures.clone().all(|figure| figure.verdict == Verdict::Same && figure.ratio == Some(1.0)));
        assert_eq!(figures.count(), 2 * 7 + 3 * 2);
    }

    #[test]
    fn what_changed_is_judged() {
        let (before, mut after) = (sample::run(), sample::run());
        after.loads[0].totals.acknowledged *= 2;
        after.loads[0].latency.as_mut().unwrap().p99_ms = 24.0;
        (after.loads[0].totals.refused, after.loads[0].totals.unknown) = (0, 0);
        after.nodes[0].samples[5].resident_mib = 100_000.0;
        let difference = difference(&before, &after);
        let figures = &difference.loads[0].figures;
        let verdicts: Vec<_> = figures.iter().map(|figure| (figure.name, figure.ratio, figure.verdict)).collect();
        assert_eq!(
            verdicts,
            [
                ("rate", Some(2.0), Verdict::Better),
                ("p50", Some(1.0), Verdict::Same),
                ("p99", Some(2.0), Verdict::Worse),
                ("max", Some(1.0), Verdict::Same),
                ("gap", Some(1.0), Verdict::Same),
                ("failures", Some(0.0), Verdict::Better),
                ("not begun", Some(1.0), Verdict::Same),
            ]
        );
        assert_eq!(difference.nodes[0].figures[1].ratio, Some(500.0));
    }

    #[test]
    fn what_only_one_run_has_is_named() {
        let (mut before, mut after) = (sample::run(), sample::run());
        before.loads[0].name = "downloads".to_owned();
        after.nodes.truncate(2);
        let difference = difference(&before, &after);
        assert_eq!(difference.before.only_here, ["downloads", "node 3"]);
        assert_eq!(difference.after.only_here, ["uploads"]);
        assert_eq!(difference.loads.iter().map(|load| load.name.as_str()).collect::<Vec<_>>(), ["events"]);
    }

    #[test]
    fn other_circumstances_are_warned_of() {
        let (before, mut after) = (sample::run(), sample::run());
        (after.scenario, after.seed, after.duration_s) = ("burst".to_owned(), 8, 40.0);
        after.machine.processors = 4;
        assert_eq!(
            difference(&before, &after).warnings,
            [
                "the scenarios differ: steady before, burst after",
                "the seeds differ: 7 before, 8 after",
                "the machines differ: 8 processors, 32768 MiB, 6.1.0 before, 4 processors, 32768 MiB, 6.1.0 after",
                "the measured times differ: 50 s before, 30 s after",
            ]
        );
    }

    #[test]
    fn runs_without_anything_differ_in_nothing() {
        let difference = difference(&sample::empty(), &sample::run());
        assert!(difference.loads.is_empty() && difference.nodes.is_empty());
        assert_eq!(difference.after.only_here.len(), 5);
        let mut timeless = sample::run();
        (timeless.duration_s, timeless.warm_up_s) = (0.0, 0.0);
        let rate = &super::difference(&timeless, &sample::run()).loads[0].figures[0];
        assert_eq!((rate.before, rate.ratio, rate.verdict), (None, None, Verdict::Unknown));
    }
}
