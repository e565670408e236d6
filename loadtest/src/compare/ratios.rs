//! What is compared, and how it stands: how many times better Flotilla is.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use super::peer::SyncInterval;
use crate::statistics::{Figure, short};

/// Figures of one round by the names that the peers' scripts give them.
pub(super) type Values = BTreeMap<String, f64>;

/// The rounds of both sides, in the same order.
pub(super) struct Rounds {
    pub(super) flotilla: Vec<Values>,
    pub(super) peers: BTreeMap<SyncInterval, Vec<Values>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    what: String,
    unit: &'static str,
    flotilla: Figure,
    peers: Vec<Against>,
}

#[derive(Debug, Serialize)]
struct Against {
    peer: String,
    figure: Figure,
    /// Of the medians; above 1, Flotilla is better.
    times_better: f64,
    /// The rounds' own ratios.
    rounds: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<f64>,
}

/// One thing that both sides measure.
struct Subject {
    what: String,
    key: String,
    unit: &'static str,
    is_rate: bool,
    /// How many times better Flotilla means to be.
    goal: fn(SyncInterval) -> Option<f64>,
}

fn subjects(windows: &[u64]) -> Vec<Subject> {
    let none: fn(SyncInterval) -> Option<f64> = |_| None;
    let mut all = Vec::new();
    for window in windows {
        let key = |end: &str| format!("pub_w{window}_{end}");
        let what = |end: &str| format!("publish, window {window}{end}");
        let goal: fn(SyncInterval) -> Option<f64> = match window {
            512 => |sync| Some(if sync == SyncInterval::Default { 3.0 } else { 5.0 }),
            _ => none,
        };
        all.extend([
            Subject { what: what(""), key: key("msgs_s"), unit: "/s", is_rate: true, goal },
            Subject { what: what(": p50"), key: key("p50_ms"), unit: "ms", is_rate: false, goal: none },
            Subject { what: what(": p99"), key: key("p99_ms"), unit: "ms", is_rate: false, goal: none },
            Subject {
                what: what(": nodes"), key: key("server_cpu_us_per_op"), unit: "µs", is_rate: false, goal: none
            },
            Subject {
                what: what(": client"),
                key: key("client_cpu_us_per_op"),
                unit: "µs",
                is_rate: false,
                goal: none,
            },
        ]);
    }
    let subject = |what: &str, key: &str, unit, is_rate, goal| Subject {
        what: what.to_owned(),
        key: key.to_owned(),
        unit,
        is_rate,
        goal,
    };
    all.extend([
        subject("publish + deliver + ack", "e2e_msgs_s", "/s", true, |sync| {
            (sync == SyncInterval::Default).then_some(3.0)
        }),
        subject("publish at 200/s: p50", "rate200_puback_p50_ms", "ms", false, none),
        subject("publish at 200/s: p99", "rate200_puback_p99_ms", "ms", false, |_| Some(1.0)),
    ]);
    all
}

/// A row for each thing that is compared.
pub(super) fn rows(rounds: &Rounds, windows: &[u64]) -> Result<Vec<Row>> {
    subjects(windows).iter().map(|subject| row(rounds, subject)).collect()
}

fn row(rounds: &Rounds, subject: &Subject) -> Result<Row> {
    let figure = |values: &[Values]| {
        let runs = values.iter().map(|round| round.get(&subject.key).copied()).collect::<Option<Vec<f64>>>();
        let runs = runs.with_context(|| format!("a round has no figure {}", subject.key))?;
        anyhow::Ok(Figure::of(&subject.key, subject.unit, runs))
    };
    let flotilla = figure(&rounds.flotilla)?;
    let better = |ours: f64, theirs: f64| if subject.is_rate { ours / theirs } else { theirs / ours };
    let against = |(sync, values): (&SyncInterval, &Vec<Values>)| {
        let peer = figure(values)?;
        let each = flotilla.runs.iter().zip(&peer.runs).map(|(ours, theirs)| better(*ours, *theirs)).collect();
        anyhow::Ok(Against {
            peer: format!("NATS, sync {}", sync.word()),
            times_better: better(flotilla.median, peer.median),
            rounds: Figure::of("rounds", "", each),
            figure: peer,
            goal: (subject.goal)(*sync),
        })
    };
    let peers = rounds.peers.iter().map(against).collect::<Result<_>>()?;
    Ok(Row { what: subject.what.clone(), unit: subject.unit, flotilla, peers })
}

/// For people: a line for each row and peer.
pub(super) fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<32} {:>10} {:>2}  {:<20} {:>10} {:>13}  {:<17} {}\n",
        "median", "Flotilla", "", "against", "theirs", "times better", "(of the rounds)", "goal"
    );
    for row in rows {
        for against in &row.peers {
            let rounds = format!("({} - {})", short(against.rounds.min), short(against.rounds.max));
            let goal = against.goal.map_or(String::new(), |goal| {
                let word = if against.times_better >= goal { "met" } else { "missed" };
                format!("{goal} {word}")
            });
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "{:<32} {:>10} {:<2}  {:<20} {:>10} {:>13}  {rounds:<17} {goal}",
                row.what,
                short(row.flotilla.median),
                row.unit,
                against.peer,
                short(against.figure.median),
                short(against.times_better),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(rate: f64, latency: f64) -> Values {
        let mut values = Values::new();
        for end in ["p50_ms", "p99_ms", "server_cpu_us_per_op", "client_cpu_us_per_op"] {
            values.insert(format!("pub_w512_{end}"), latency);
        }
        for end in ["p50_ms", "p99_ms"] {
            values.insert(format!("rate200_puback_{end}"), latency);
        }
        values.insert("pub_w512_msgs_s".to_owned(), rate);
        values.insert("e2e_msgs_s".to_owned(), rate);
        values
    }

    #[test]
    fn better_is_above_one_for_rates_and_for_latencies() {
        let rounds = Rounds {
            flotilla: vec![values(80_000.0, 2.0), values(60_000.0, 1.0), values(70_000.0, 4.0)],
            peers: BTreeMap::from([
                (SyncInterval::Default, vec![values(20_000.0, 4.0), values(30_000.0, 4.0), values(25_000.0, 4.0)]),
                (SyncInterval::Always, vec![values(10_000.0, 1.0), values(10_000.0, 1.0), values(35_000.0, 1.0)]),
            ]),
        };
        let rows = rows(&rounds, &[512]).unwrap();
        let publish = &rows[0];
        assert_eq!(publish.peers.iter().map(|peer| peer.times_better).collect::<Vec<_>>(), [2.8, 7.0]);
        assert_eq!((publish.peers[0].rounds.min, publish.peers[0].rounds.max), (2.0, 4.0));
        let tail = rows.last().unwrap();
        assert_eq!(tail.peers.iter().map(|peer| peer.times_better).collect::<Vec<_>>(), [2.0, 0.5]);
        let text = table(&rows);
        assert!(text.contains("3 missed") && text.contains("5 met") && text.contains("1 met"), "{text}");
        assert!(super::rows(&rounds, &[64]).is_err());
    }
}
