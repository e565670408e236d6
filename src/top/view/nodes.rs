//! The nodes.

use flotilla_admin::api::{ClusterNode, NodeRole};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{Cell, Table, TableState};

use super::columns::{self, Column, filled, fitting, fixed, header, widths};
use super::{bad, doubtful, framed, marked};
use crate::output::{bytes, or_dash};
use crate::top::app::{App, Pane};
use crate::top::picture::{Health, Picture};

/// What matters first stands at the left.
const COLUMNS: &[Column] = &[
    fixed("node", 4),
    filled("name", 10),
    fixed("role", 9),
    fixed("health", 11),
    fixed("lag", 6),
    fixed("round trip", 10),
    fixed("GMP busy", 8),
    fixed("CPU", 5),
    fixed("memory", 8),
    fixed("MB/s in/out", 11),
    fixed("transfers", 9),
    fixed("disk free", 9),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App, picture: &Picture) {
    let columns = fitting(COLUMNS, area.width);
    let rows = app
        .node_order
        .apply(picture, &app.rates)
        .into_iter()
        .map(|node| columns::row(cells(node, app, picture), columns));
    let title = format!("nodes, by {}", app.node_order.name());
    let table = Table::new(rows, widths(columns))
        .header(header(columns))
        .block(framed(title, app, Some(Pane::Nodes)))
        .row_highlight_style(marked());
    let selected = (app.pane == Pane::Nodes).then(|| app.selected(Pane::Nodes));
    frame.render_stateful_widget(table, area, &mut TableState::new().with_selected(selected));
}

fn cells(node: &ClusterNode, app: &App, picture: &Picture) -> Vec<Cell<'static>> {
    let health = picture.health(node);
    let style = match health {
        Health::Down | Health::NotHeard => bad(),
        Health::Stopping | Health::NoWork | Health::Draining => doubtful(),
        Health::Good => Style::new(),
    };
    let role = Cell::from(node.role.name());
    let role =
        if node.role == NodeRole::Primary { role.style(Style::new().add_modifier(Modifier::BOLD)) } else { role };
    let trip = node.link.as_ref().and_then(|link| link.round_trip_us).map(|us| format!("{:.2} ms", us as f64 / 1000.0));
    let workers = picture.workers(node.node).map(|(busy, most)| format!("{busy}/{most}"));
    let traffic =
        app.rates.nodes.get(&node.node).map(|one| format!("{:.1}/{:.1}", one.bytes_in / 1e6, one.bytes_out / 1e6));
    let status = picture.nodes.get(&node.node);
    let processors = app.rates.processors.get(&node.node).map(|busy| format!("{:.0} %", busy * 100.0));
    let memory = status.and_then(|status| status.process).map(|process| bytes(process.resident_bytes));
    let transfers = status.map(|status| format!("{}/{}", status.gateway.uploads, status.gateway.downloads));
    vec![
        Cell::from(node.node.to_string()),
        Cell::from(node.name.clone()),
        role,
        Cell::from(health.text()).style(style),
        Cell::from(or_dash(node.lag_entries)),
        Cell::from(or_dash(trip)),
        Cell::from(or_dash(workers)),
        Cell::from(or_dash(processors)),
        Cell::from(or_dash(memory)),
        Cell::from(or_dash(traffic)),
        Cell::from(or_dash(transfers)),
        Cell::from(or_dash(status.map(|status| bytes(status.files.disk_free_bytes)))),
    ]
}
