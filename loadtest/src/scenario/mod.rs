//! A scenario: what load comes when, and what is done to the cluster meanwhile. Written in TOML.

mod arrivals;
mod library;
mod size;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

pub(crate) use arrivals::{Arrivals, Due};
pub(crate) use library::{LIBRARY, Shipped};
pub(crate) use size::Size;
pub(crate) use timeline::{Deed, Moment, Role, Which};

/// A cluster that the harness starts is made of at most so many processes.
const NODES_MAX: u16 = 9;
/// What loads of parameters write: nothing waits for it while all goes well.
pub(crate) const PARAMETER: &str = "EventQueue.internalRetryDelayInterval";
const LOADS_MAX: usize = 16;
const ACCOUNTS_MAX: u32 = 100_000;

/// Everything that a scenario says. Times are in seconds from the first operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The name of its file.
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) description: String,
    #[serde(default = "one")]
    pub(crate) seed: u64,
    /// What begins before this is in no total.
    #[serde(default)]
    pub(crate) warm_up_s: f64,
    pub(crate) duration_s: f64,
    /// How long the cluster may take afterwards to work off all events.
    #[serde(default = "drain_s")]
    pub(crate) drain_s: f64,
    #[serde(default)]
    pub(crate) cluster: ClusterPlan,
    #[serde(default, rename = "load")]
    pub(crate) loads: Vec<Load>,
    /// What is done to the cluster.
    #[serde(default, rename = "at")]
    pub(crate) timeline: Vec<Moment>,
}

/// The cluster that the harness starts for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterPlan {
    #[serde(default = "three")]
    pub(crate) nodes: u16,
    /// Parameters that differ from their defaults.
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Default for ClusterPlan {
    fn default() -> Self {
        Self { nodes: three(), parameters: BTreeMap::new() }
    }
}

/// One source of load, with accounts of its own. It is open-loop: operations are due at their times, however long the
/// answers take.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Operations a second.
    pub(crate) rate: f64,
    /// It grows, or falls, evenly to this.
    pub(crate) rate_end: Option<f64>,
    /// It has peaks.
    pub(crate) burst: Option<Burst>,
    #[serde(default)]
    pub(crate) arrivals: ArrivalKind,
    #[serde(default)]
    pub(crate) from_s: f64,
    pub(crate) until_s: Option<f64>,
    /// No more operations than these.
    pub(crate) count_max: Option<u64>,
    /// Under way at the same time, retries included; what is due beyond it waits, and its waiting counts.
    #[serde(default = "concurrency")]
    pub(crate) concurrency_max: u32,
    #[serde(default = "one_account")]
    pub(crate) accounts: u32,
    #[serde(default)]
    pub(crate) through: Through,
    /// Of a file's contents or an event's data.
    #[serde(default)]
    pub(crate) size: Size,
    /// What is done with each file or event. Events need something.
    pub(crate) work: Option<Work>,
    /// Files that are there before a download load begins.
    #[serde(default = "files")]
    pub(crate) files: u32,
    #[serde(default)]
    pub(crate) expect: Expectation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Upload,
    Download,
    Event,
    Parameter,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ArrivalKind {
    /// As from many clients that know nothing of each other.
    #[default]
    Poisson,
    /// Equal distances.
    Even,
}

/// Every `every_s` the rate is `rate` for `for_s`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burst {
    pub(crate) every_s: f64,
    pub(crate) for_s: f64,
    pub(crate) rate: f64,
}

/// The nodes that clients turn to first. One that does not answer is left for the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Through {
    #[default]
    All,
    Primary,
    Secondaries,
}

/// A route's step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    /// A line in the log: the cheapest.
    Log,
    /// Reads the file and compares its SHA-256. For uploads only.
    Checksum,
    /// An HTTP request to the harness, which answers after so many milliseconds.
    WebhookMs(u64),
}

/// Limits that fail the run.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expectation {
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    /// Longest time without an acknowledgement.
    pub(crate) gap_ms: Option<f64>,
    /// Refused, unknown or never begun.
    pub(crate) failed: Option<u64>,
}

fn one() -> u64 {
    1
}

fn three() -> u16 {
    3
}

fn one_account() -> u32 {
    1
}

fn concurrency() -> u32 {
    256
}

fn files() -> u32 {
    100
}

fn drain_s() -> f64 {
    120.0
}

impl Scenario {
    /// One of those shipped, by its name; otherwise a file.
    pub(crate) fn load(name: &str) -> Result<Self> {
        if let Some(shipped) = LIBRARY.iter().find(|shipped| shipped.name == name) {
            return Self::parse(name, shipped.text);
        }
        let path = Path::new(name);
        let text = std::fs::read_to_string(path).with_context(|| {
            format!(
                "{name} is neither a scenario of this program nor a readable file; 'scenarios' lists those there are"
            )
        })?;
        let stem = path.file_stem().map_or_else(|| name.into(), |stem| stem.to_string_lossy());
        Self::parse(&stem, &text)
    }

    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let mut scenario: Self = toml::from_str(text).with_context(|| format!("scenario {name}"))?;
        scenario.name = name.to_owned();
        scenario.check().with_context(|| format!("scenario {name}"))?;
        scenario.timeline.sort_by(|one, other| one.s.total_cmp(&other.s));
        Ok(scenario)
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.duration_s)
    }

    /// Those that it may change.
    pub(crate) fn parameters_touched(&self) -> BTreeSet<&str> {
        let set = self.timeline.iter().filter_map(|moment| match &moment.deed {
            Deed::Set { parameter, .. } => Some(parameter.as_str()),
            _ => None,
        });
        let written = self.loads.iter().filter(|load| load.kind == Kind::Parameter).map(|_| PARAMETER);
        self.cluster.parameters.keys().map(String::as_str).chain(set).chain(written).collect()
    }

    /// Shortens or lengthens it: all its times keep their places in the whole.
    pub(crate) fn stretch(&mut self, duration_s: f64) {
        let factor = duration_s / self.duration_s;
        self.duration_s = duration_s;
        self.warm_up_s *= factor;
        for load in &mut self.loads {
            load.from_s *= factor;
            load.until_s = load.until_s.map(|until_s| until_s * factor);
            if let Some(burst) = &mut load.burst {
                burst.every_s *= factor;
                burst.for_s *= factor;
            }
        }
        self.timeline.iter_mut().for_each(|moment| moment.s *= factor);
    }

    /// More, or less, of everything.
    pub(crate) fn scale(&mut self, factor: f64) {
        for load in &mut self.loads {
            load.rate *= factor;
            load.rate_end = load.rate_end.map(|rate| rate * factor);
            if let Some(burst) = &mut load.burst {
                burst.rate *= factor;
            }
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        ensure!((0.1..=604_800.0).contains(&self.duration_s), "duration_s must be 0.1 to 604800");
        ensure!((0.0..self.duration_s).contains(&self.warm_up_s), "warm_up_s must be less than duration_s");
        ensure!((0.0..=86_400.0).contains(&self.drain_s), "drain_s must be 0 to 86400");
        ensure!((1..=NODES_MAX).contains(&self.cluster.nodes), "cluster.nodes must be 1 to {NODES_MAX}");
        ensure!((1..=LOADS_MAX).contains(&self.loads.len()), "there must be 1 to {LOADS_MAX} loads");
        for (index, load) in self.loads.iter().enumerate() {
            load.check(self.duration_s).with_context(|| format!("load {}", load.name))?;
            let is_new = self.loads[..index].iter().all(|other| other.name != load.name);
            ensure!(is_new, "two loads are called {}", load.name);
        }
        for moment in &self.timeline {
            ensure!((0.0..=self.duration_s).contains(&moment.s), "at {} s: beyond the duration", moment.s);
            moment.deed.check(self.cluster.nodes).with_context(|| format!("at {} s", moment.s))?;
        }
        Ok(())
    }
}

impl Load {
    /// When it ends.
    pub(crate) fn until_s(&self, duration_s: f64) -> f64 {
        self.until_s.unwrap_or(duration_s).min(duration_s)
    }

    fn check(&self, duration_s: f64) -> Result<()> {
        let is_name =
            !self.name.is_empty() && self.name.chars().all(|c| c.is_ascii_alphanumeric() || " -_,.".contains(c));
        ensure!(is_name, "a name consists of letters, digits, spaces and -_,.");
        let rates = [Some(self.rate), self.rate_end, self.burst.map(|burst| burst.rate)];
        let is_rate = |rate: f64| (0.0..=1e6).contains(&rate);
        ensure!(rates.into_iter().flatten().all(is_rate), "a rate must be 0 to 1000000 a second");
        ensure!(rates.into_iter().flatten().any(|rate| rate > 0.0), "a rate must be above 0");
        if let Some(burst) = self.burst {
            ensure!(
                burst.every_s > 0.0 && (0.0..=burst.every_s).contains(&burst.for_s),
                "burst.for_s must be within every_s"
            );
        }
        let until_s = self.until_s.unwrap_or(duration_s);
        ensure!(
            self.from_s >= 0.0 && self.from_s < until_s && until_s <= duration_s,
            "from_s and until_s must be a part of the duration"
        );
        ensure!((1..=65_536).contains(&self.concurrency_max), "concurrency_max must be 1 to 65536");
        ensure!((1..=ACCOUNTS_MAX).contains(&self.accounts), "accounts must be 1 to {ACCOUNTS_MAX}");
        self.size.check()?;
        match self.kind {
            Kind::Event => {
                ensure!(self.size.largest() <= 60_000, "an event's data has at most 60000 bytes");
                ensure!(
                    self.work.is_none_or(|work| work != Work::Checksum),
                    "an event has no file whose checksum to take"
                );
            }
            Kind::Download => ensure!((1..=100_000).contains(&self.files), "files must be 1 to 100000"),
            Kind::Parameter => ensure!(self.work.is_none(), "a parameter starts no work"),
            Kind::Upload => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "description = 'd'\nduration_s = 10\n[[load]]\nname = 'a'\nkind = 'upload'\nrate = 5\n";

    #[test]
    fn what_is_left_out_has_its_default() {
        let scenario = Scenario::parse("small", SMALL).unwrap();
        let load = &scenario.loads[0];
        assert_eq!((scenario.name.as_str(), scenario.seed, scenario.cluster.nodes), ("small", 1, 3));
        assert_eq!((load.accounts, load.through, load.arrivals), (1, Through::All, ArrivalKind::Poisson));
        assert_eq!(load.until_s(scenario.duration_s), 10.0);
    }

    #[test]
    fn bad_scenarios_are_refused_with_the_place() {
        for (text, expected) in [
            ("duration_s = 1", "missing field `description`"),
            ("description = 'd'\nduration_s = 1", "1 to 16 loads"),
            (&format!("{SMALL}speed = 3"), "unknown field `speed`"),
            (&format!("{SMALL}until_s = 11"), "part of the duration"),
            (&format!("{SMALL}accounts = 0"), "accounts must be"),
            (&SMALL.replace("rate = 5", "rate = 0"), "above 0"),
            (&SMALL.replace("rate = 5", "rate = nan"), "0 to 1000000"),
            (&SMALL.replace("upload", "event").replace("rate", "work = 'checksum'\nrate"), "no file"),
            (&format!("{SMALL}[[at]]\ns = 11\ndo = 'roll'"), "beyond the duration"),
            (&format!("{SMALL}[[at]]\ns = 1\ndo = 'kill'\nnode = 4\nfor_s = 1"), "node 4"),
            (&format!("{SMALL}[[load]]\nname = 'a'\nkind = 'event'\nrate = 1"), "two loads"),
        ] {
            let error = format!("{:#}", Scenario::parse("x", text).unwrap_err());
            assert!(error.contains(expected) && error.starts_with("scenario x"), "{expected}: {error}");
        }
    }

    #[test]
    fn the_example_of_the_book_can_be_read() {
        let page = include_str!("../../../docs/how-to/load-test-a-cluster.md");
        let example = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let scenario = Scenario::parse("example", example).unwrap();
        assert_eq!((scenario.loads.len(), scenario.timeline.len()), (1, 2));
    }

    #[test]
    fn a_scenario_can_be_stretched() {
        let text = format!("warm_up_s = 1\n{SMALL}until_s = 5\n[[at]]\ns = 4\ndo = 'roll'");
        let mut scenario = Scenario::parse("x", &text).unwrap();
        scenario.stretch(20.0);
        assert_eq!((scenario.warm_up_s, scenario.loads[0].until_s, scenario.timeline[0].s), (2.0, Some(10.0), 8.0));
    }
}
