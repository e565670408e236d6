//! The screen: a heading, nodes, the queue, lanes beside alerts, the keys.

mod alerts;
mod columns;
mod help;
mod lanes;
mod nodes;
mod queue;
#[cfg(test)]
pub(super) mod tests;

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::app::{App, Pane};

/// What it takes to show anything of use.
const COLUMNS_MIN: u16 = 60;
const LINES_MIN: u16 = 18;
/// Borders, the names of the columns, and a row.
const PANE_LINES_MIN: u16 = 4;
const QUEUE_LINES: u16 = 7;
const HEADING_LINES: u16 = 2;
const KEYS_LINES: u16 = 1;

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, now: Instant) {
    let area = frame.area();
    if area.width < COLUMNS_MIN || area.height < LINES_MIN {
        let (width, height) = (area.width, area.height);
        let text =
            format!("{width} columns and {height} lines are too few: {COLUMNS_MIN} and {LINES_MIN} are needed. q ends");
        frame.render_widget(Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }), area);
        return;
    }
    let nodes = app.picture.as_ref().map_or(0, |picture| picture.cluster.nodes.len());
    let spare = area.height - HEADING_LINES - QUEUE_LINES - PANE_LINES_MIN - KEYS_LINES;
    let nodes_lines = u16::try_from(nodes).unwrap_or(u16::MAX).saturating_add(3).clamp(PANE_LINES_MIN, spare);
    let [head, upper, middle, lower, keys] = Layout::vertical([
        Constraint::Length(HEADING_LINES),
        Constraint::Length(nodes_lines),
        Constraint::Length(QUEUE_LINES),
        Constraint::Min(PANE_LINES_MIN),
        Constraint::Length(KEYS_LINES),
    ])
    .areas(area);
    heading(frame, head, app, now);
    let [left, right] = Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(lower);
    if let Some(picture) = &app.picture {
        nodes::draw(frame, upper, app, picture);
        queue::draw(frame, middle, app, picture);
        lanes::draw(frame, left, app, picture);
        alerts::draw(frame, right, app);
    }
    let text = "q end  tab ←→ pane  ↑↓ row  s sort  p pause  h help";
    frame.render_widget(Paragraph::new(text).style(Style::new().add_modifier(Modifier::DIM)), keys);
    if app.shows_help {
        help::draw(frame, area);
    }
}

fn heading(frame: &mut Frame<'_>, area: Rect, app: &App, now: Instant) {
    let mut first = vec![Span::styled("flotilla top  ", Style::new().add_modifier(Modifier::BOLD))];
    if let Some(name) = &app.name {
        first.push(Span::raw(format!("{name}  ")));
    }
    if let Some(picture) = &app.picture {
        let cluster = &picture.cluster;
        let primary = cluster.primary.map_or_else(|| "no primary".to_owned(), |node| format!("primary {node}"));
        first.push(Span::raw(format!(
            "cluster {}  {}  {primary}  term {}  log {}",
            cluster.name, cluster.mode, cluster.term, cluster.committed_index
        )));
    }
    frame.render_widget(Paragraph::new(vec![Line::from(first), freshness(app, now)]), area);
}

/// Who has said it, and how long ago.
fn freshness(app: &App, now: Instant) -> Line<'static> {
    let age_s = app.age(now).as_secs();
    let paused = if app.is_paused { "PAUSED  " } else { "" };
    match (&app.failure, &app.picture) {
        (Some(why), Some(_)) => Line::styled(format!("{paused}NO ANSWER for {age_s} s: {why}"), bad()),
        (Some(why), None) => Line::styled(format!("{paused}NO ANSWER: {why}"), bad()),
        (None, Some(picture)) => {
            Line::styled(format!("{paused}as {} sees it, {age_s} s ago", picture.answered_by), Style::new())
        }
        (None, None) => Line::raw("asking…"),
    }
}

/// The frame of a pane; the one that has the keys is marked.
fn framed(title: String, app: &App, pane: Option<Pane>) -> Block<'static> {
    let has_keys = pane == Some(app.pane);
    let style = if has_keys { Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD) } else { Style::new() };
    Block::bordered().title(format!(" {title} ")).border_style(style)
}

fn bad() -> Style {
    Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
}

fn doubtful() -> Style {
    Style::new().fg(Color::Yellow)
}

fn marked() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

fn column_names() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// `12.3`, or a dash.
fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}

/// `950 ms`, `12.3 s`, `5.0 min`, `2.1 h`
fn age(ms: u64) -> String {
    let s = ms as f64 / 1000.0;
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{s:.1} s"),
        60_000..3_600_000 => format!("{:.1} min", s / 60.0),
        _ => format!("{:.1} h", s / 3600.0),
    }
}
