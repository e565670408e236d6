//! Columns that fit: on a narrow terminal those at the right are left out.

use ratatui::layout::Constraint;
use ratatui::widgets::{Cell, Row};

use super::column_names;

pub(super) struct Column {
    pub(super) name: &'static str,
    /// Columns of the terminal.
    pub(super) width: u16,
    /// It takes what the others leave.
    pub(super) is_filled: bool,
}

pub(super) const fn fixed(name: &'static str, width: u16) -> Column {
    Column { name, width, is_filled: false }
}

pub(super) const fn filled(name: &'static str, least: u16) -> Column {
    Column { name, width: least, is_filled: true }
}

/// Those of the columns, from the left, that there is room for inside a frame.
pub(super) fn fitting(columns: &'static [Column], frame_width: u16) -> &'static [Column] {
    let mut room = frame_width.saturating_sub(2);
    let fits = |column: &&Column| {
        let fits = column.width <= room;
        room = room.saturating_sub(column.width + 1);
        fits
    };
    &columns[..columns.iter().take_while(fits).count()]
}

pub(super) fn widths(columns: &[Column]) -> Vec<Constraint> {
    let width = |column: &Column| if column.is_filled { Constraint::Fill(1) } else { Constraint::Length(column.width) };
    columns.iter().map(width).collect()
}

pub(super) fn header(columns: &[Column]) -> Row<'static> {
    Row::new(columns.iter().map(|column| column.name).collect::<Vec<_>>()).style(column_names())
}

/// The cells of all columns, as many as there are columns for.
pub(super) fn row(cells: Vec<Cell<'static>>, columns: &[Column]) -> Row<'static> {
    Row::new(cells.into_iter().take(columns.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_left_out_from_the_right() {
        const COLUMNS: &[Column] = &[fixed("node", 4), filled("name", 8), fixed("lag", 6)];
        for (width, count) in [(1, 0), (6, 1), (14, 1), (15, 2), (21, 2), (22, 3), (200, 3)] {
            assert_eq!(fitting(COLUMNS, width).len(), count, "{width}");
        }
    }
}
