//! Charts over the last hour, drawn here: they are on the page when it opens, and need no script.

mod curve;
mod scale;

use askama::Template;
use jiff::Timestamp;

pub(super) use curve::Point;
pub(super) use scale::Unit;

use crate::api::to_ms;

/// What a chart shows, to the right its end.
const WINDOW_MS: u64 = 3_600_000;

/// Lines over one hour, on one scale.
#[derive(Template)]
#[template(path = "chart.html")]
pub(super) struct Chart {
    title: &'static str,
    /// Behind the title: what is counted, where that needs a word.
    note: &'static str,
    unit: Unit,
    end: f64,
    lines: Vec<Drawn>,
}

/// One line before it is drawn: its name and its points, oldest first.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

/// One line as it is drawn.
struct Drawn {
    name: String,
    path: String,
    /// The last value and the greatest, as they are read.
    told: Option<(String, String)>,
}

impl Drawn {
    fn last(&self) -> &str {
        self.told.as_ref().map_or("–", |(last, _)| last)
    }
}

impl Chart {
    /// The hour before `now`; lines without a point in it are named all the same.
    pub(super) fn new(title: &'static str, note: &'static str, unit: Unit, now: Timestamp, lines: Vec<Line>) -> Self {
        let until_ms = to_ms(now);
        let since_ms = until_ms.saturating_sub(WINDOW_MS);
        let within = |line: Line| {
            let points = line.points.into_iter().filter(|point| point.at_ms >= since_ms && point.at_ms <= until_ms);
            Line { name: line.name, points: points.collect() }
        };
        let lines: Vec<Line> = lines.into_iter().map(within).collect();
        let most_of = |line: &Line| line.points.iter().map(|point| point.value).reduce(f64::max);
        let end = unit.end(lines.iter().filter_map(most_of).fold(0.0, f64::max));
        let drawn = |line: Line| Drawn {
            path: curve::path(&line.points, since_ms, WINDOW_MS, end),
            told: line.points.last().zip(most_of(&line)).map(|(last, most)| (unit.text(last.value), unit.text(most))),
            name: line.name,
        };
        let lines = lines.into_iter().map(drawn).collect();
        Self { title, note, unit, end, lines }
    }

    fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.told.is_none())
    }

    fn half(&self) -> String {
        self.unit.text(self.end / 2.0)
    }

    fn top(&self) -> String {
        self.unit.text(self.end)
    }

    /// The same for those who see no picture.
    fn in_words(&self) -> String {
        let told = self.lines.iter().filter_map(|line| {
            let (last, most) = line.told.as_ref()?;
            Some(format!("{}: now {last}, at most {most}", line.name))
        });
        let told: Vec<_> = told.collect();
        format!("{} in the last hour. {}", self.title, told.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::from_ms;

    #[test]
    fn a_chart_is_of_the_last_hour_alone() {
        let now_ms = 10 * WINDOW_MS;
        let point = |before_ms: u64, value: f64| Point { at_ms: now_ms - before_ms, value };
        let line = Line { name: "node-1".to_owned(), points: vec![point(WINDOW_MS + 1, 9000.0), point(10_000, 30.0)] };
        let away = Line { name: "node-2".to_owned(), points: Vec::new() };
        let chart = Chart::new("Events", "", Unit::Count, from_ms(now_ms), vec![line, away]);
        assert_eq!((chart.top().as_str(), chart.half().as_str()), ("40", "20"));
        assert_eq!(chart.in_words(), "Events in the last hour. node-1: now 30, at most 30");
        let page = chart.render().unwrap();
        assert!(page.contains("node-2") && page.contains("<path class=\"line-1\""), "{page}");
        assert!(Chart::new("Events", "", Unit::Count, from_ms(now_ms), Vec::new()).is_empty());
    }
}
