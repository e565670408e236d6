//! What somebody should look at.

use flotilla_admin::api::FindingLevel;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::{bad, doubtful, framed};
use crate::top::app::{App, Pane};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, app: &App) {
    let alerts = app.alerts();
    let count = alerts.iter().filter(|alert| alert.level != FindingLevel::Ok).count();
    let block = framed(format!("alerts: {count}"), app, Some(Pane::Alerts));
    // The marked one is the first that is shown.
    let first = if app.pane == Pane::Alerts { app.selected(Pane::Alerts) } else { 0 };
    let mut lines: Vec<Line<'static>> = alerts
        .into_iter()
        .skip(first)
        .map(|alert| {
            let (mark, style) = match alert.level {
                FindingLevel::Failed => ("! ", bad()),
                FindingLevel::Warning => ("~ ", doubtful()),
                FindingLevel::Ok => ("  ", Style::new()),
            };
            Line::from(vec![Span::styled(mark, style), Span::raw(alert.text)])
        })
        .collect();
    if lines.is_empty() {
        lines.push(Line::raw("nothing"));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}
