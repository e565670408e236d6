//! The queue: its events and rates in numbers, and how deep and how old it was in the last rounds.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Sparkline};

use super::{age, bad, doubtful, framed, rate};
use crate::output::bytes;
use crate::top::app::App;
use crate::top::picture::Picture;

/// Its title, and a minute.
const CURVE_COLUMNS_MIN: u16 = 17;
/// As many rounds as are remembered, between borders.
const CURVE_COLUMNS_MAX: u16 = 242;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, picture: &Picture) {
    let curve_columns = (area.width / 4).clamp(CURVE_COLUMNS_MIN, CURVE_COLUMNS_MAX);
    let [numbers, depth, oldest] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(curve_columns), Constraint::Length(curve_columns)])
            .areas(area);
    let block = framed("queue".to_owned(), app, None);
    frame.render_widget(Paragraph::new(lines(app, picture)).block(block), numbers);
    let now = &picture.cluster.queue;
    curve(frame, depth, app, format!("depth {}", picture.depth()), &app.history.depth);
    curve(frame, oldest, app, format!("oldest {}", age(now.oldest_ready_age_ms)), &app.history.oldest_ms);
}

fn lines(app: &App, picture: &Picture) -> Vec<Line<'static>> {
    let (queue, room, rates) = (&picture.cluster.queue, &picture.cluster.room, &app.rates);
    let decided = format!("{} dead  {} outcome unknown  room {}", queue.dead, queue.outcome_unknown, room.level);
    let style = match (room.level.as_str(), queue.dead + queue.outcome_unknown) {
        ("full", _) => bad(),
        ("tight", _) | (_, 1..) => doubtful(),
        _ => Style::new(),
    };
    let (transfers, traffic) = match rates.traffic() {
        Some(one) => (
            format!("{:.1} up  {:.1} down", one.uploads, one.downloads),
            format!("{} in  {} out", bytes(one.bytes_in as u64), bytes(one.bytes_out as u64)),
        ),
        None => ("-".to_owned(), "-".to_owned()),
    };
    let (published, completed, failed) = (rate(rates.published), rate(rates.completed), rate(rates.failed));
    vec![
        Line::raw(format!(
            "{} ready  {} waiting  {} blocked  {} in work",
            queue.ready, queue.waiting, queue.blocked, queue.leased
        )),
        Line::styled(decided, style),
        Line::raw(format!("events/s     {published} in  {completed} done  {failed} failed")),
        Line::raw(format!("transfers/s  {transfers}")),
        Line::raw(format!("bytes/s      {traffic}")),
    ]
}

/// The newest rounds that there is room for, the last one at the right.
fn curve(frame: &mut Frame<'_>, area: Rect, app: &App, title: String, values: &VecDeque<u64>) {
    let room = usize::from(area.width.saturating_sub(2));
    let newest: Vec<u64> = values.iter().skip(values.len().saturating_sub(room)).copied().collect();
    let block = framed(title, app, None);
    // One is the least top: a line of zeros lies on the ground.
    let top = newest.iter().copied().max().unwrap_or(0).max(1);
    frame.render_widget(
        Sparkline::default().data(newest).max(top).style(Style::new().fg(Color::Green)).block(block),
        area,
    );
}
