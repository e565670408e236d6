//! The lanes that have events or are paused.

use flotilla_admin::api::LaneView;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Cell, Table, TableState};

use super::columns::{self, Column, filled, fitting, fixed, header, widths};
use super::{age, doubtful, framed, marked, rate};
use crate::top::app::{App, Pane};
use crate::top::picture::Picture;
use crate::top::sort::depth;

/// What matters first stands at the left.
const COLUMNS: &[Column] = &[
    filled("lane", 14),
    fixed("depth", 7),
    fixed("oldest", 8),
    fixed("done/s", 7),
    fixed("in work", 7),
    fixed("dead", 6),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, picture: &Picture) {
    let columns = fitting(COLUMNS, area.width);
    let rows =
        app.lane_order.apply(picture, &app.rates).into_iter().map(|lane| columns::row(cells(lane, app), columns));
    let title = format!("lanes: {} of {}, by {}", picture.lanes.len(), picture.statistics.lanes, app.lane_order.name());
    let table = Table::new(rows, widths(columns))
        .header(header(columns))
        .block(framed(title, app, Some(Pane::Lanes)))
        .row_highlight_style(marked());
    let selected = (app.pane == Pane::Lanes).then(|| app.selected(Pane::Lanes));
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(selected));
}

fn cells(lane: &LaneView, app: &App) -> Vec<Cell<'static>> {
    let (name, style) = match lane.is_paused {
        true => (format!("{} (paused)", lane.name), doubtful()),
        false => (lane.name.clone(), Style::new()),
    };
    vec![
        Cell::from(name).style(style),
        Cell::from(depth(lane).to_string()),
        Cell::from(age(lane.oldest_ready_age_ms)),
        Cell::from(rate(app.rates.lanes.get(&lane.name).copied())),
        Cell::from(lane.leased.to_string()),
        Cell::from((lane.dead + lane.outcome_unknown).to_string()),
    ]
}
