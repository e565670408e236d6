//! How it stands: the medians, and how many times better Flotilla is.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Serialize;

use super::contender::{Group, Rival};
use super::subject::Subject;
use super::{Contender, Rounds, Values};
use crate::statistics::{Figure, short};

/// The table of one group.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) group: Group,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub(super) struct Row {
    what: String,
    unit: &'static str,
    flotilla: Figure,
    rivals: Vec<Against>,
}

#[derive(Debug, Serialize)]
struct Against {
    rival: Rival,
    figure: Figure,
    /// Of the medians; above 1, Flotilla is better.
    times_better: f64,
    /// The rounds' own ratios.
    rounds: Figure,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<f64>,
}

impl Table {
    pub(super) fn of(group: Group, subjects: &[Subject], rounds: &Rounds) -> Result<Self> {
        Ok(Self { group, rows: subjects.iter().map(|subject| row(rounds, subject)).collect::<Result<_>>()? })
    }

    /// For people, and for the book: a line for each thing and rival.
    pub(super) fn markdown(&self) -> String {
        let mut text = "| what | Flotilla | against | theirs | times better | of the rounds | goal |\n".to_owned();
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            for (index, against) in row.rivals.iter().enumerate() {
                let (what, ours) = match index {
                    0 => (row.what.clone(), format!("{} {}", short(row.flotilla.median), row.unit)),
                    _ => (String::new(), String::new()),
                };
                let goal = against.goal.map_or(String::new(), |goal| {
                    format!("{goal} {}", if against.times_better >= goal { "met" } else { "**missed**" })
                });
                // Writing to a string does not fail.
                let _ = writeln!(
                    text,
                    "| {what} | {ours} | {} | {} {} | {} | {} - {} | {goal} |",
                    against.rival.title(),
                    short(against.figure.median),
                    row.unit,
                    short(against.times_better),
                    short(against.rounds.min),
                    short(against.rounds.max),
                );
            }
        }
        text
    }
}

fn row(rounds: &Rounds, subject: &Subject) -> Result<Row> {
    let figure = |values: &[Values]| {
        let runs = values.iter().map(|round| round.get(&subject.key).copied()).collect::<Option<Vec<f64>>>();
        let runs = runs.with_context(|| format!("a round has no figure {}", subject.key))?;
        anyhow::Ok(Figure::of(&subject.key, subject.unit, runs))
    };
    let better = |ours: f64, theirs: f64| if subject.is_rate { ours / theirs } else { theirs / ours };
    let flotilla = figure(rounds.get(&Contender::Flotilla).context("Flotilla was not measured")?)?;
    let mut rivals = Vec::new();
    for (contender, values) in rounds {
        let Contender::Rival(rival) = *contender else { continue };
        let peer = figure(values)?;
        let each = flotilla.runs.iter().zip(&peer.runs).map(|(ours, theirs)| better(*ours, *theirs)).collect();
        rivals.push(Against {
            rival,
            times_better: better(flotilla.median, peer.median),
            rounds: Figure::of("rounds", "", each),
            figure: peer,
            goal: subject.goal(rival),
        });
    }
    Ok(Row { what: subject.what.clone(), unit: subject.unit, flotilla, rivals })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::compare::subject;

    fn values(subjects: &[Subject], rate: f64, cost: f64) -> Values {
        subjects.iter().map(|subject| (subject.key.clone(), if subject.is_rate { rate } else { cost })).collect()
    }

    #[test]
    fn better_is_above_one_for_rates_and_for_costs() {
        let subjects = subject::of(Group::Events, &[512]);
        let rounds = |rounds: [(f64, f64); 3]| rounds.map(|(rate, cost)| values(&subjects, rate, cost)).to_vec();
        let all = BTreeMap::from([
            (Contender::Flotilla, rounds([(80_000.0, 2.0), (60_000.0, 1.0), (70_000.0, 4.0)])),
            (Contender::Rival(Rival::Nats), rounds([(20_000.0, 4.0), (30_000.0, 4.0), (25_000.0, 4.0)])),
            (Contender::Rival(Rival::NatsSyncAlways), rounds([(10_000.0, 1.0), (10_000.0, 1.0), (35_000.0, 1.0)])),
        ]);
        let table = Table::of(Group::Events, &subjects, &all).unwrap();
        let publish = &table.rows[0];
        assert_eq!(publish.rivals.iter().map(|rival| rival.times_better).collect::<Vec<_>>(), [2.8, 7.0]);
        assert_eq!((publish.rivals[0].rounds.min, publish.rivals[0].rounds.max), (2.0, 4.0));
        let tail = table.rows.last().unwrap();
        assert_eq!(tail.rivals.iter().map(|rival| rival.times_better).collect::<Vec<_>>(), [2.0, 0.5]);
        let text = table.markdown();
        assert!(text.contains("3 **missed**") && text.contains("5 met") && text.contains("1 met"), "{text}");
        let other = subject::of(Group::Events, &[64]);
        assert!(Table::of(Group::Events, &other, &all).is_err());
    }
}
