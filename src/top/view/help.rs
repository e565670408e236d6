//! The keys and the marks, over everything else.

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::widgets::{Block, Clear, Paragraph};

const TEXT: &str = "\
q, Esc, Ctrl-C   end
tab, right       the next pane; shift-tab, left: the one before
up, down, k, j   another row; in alerts they scroll
s                nodes: by promotion, health, lag, busy workers, traffic
                 lanes: by depth, age, rate, name
p                hold the picture, and go on
h, ?             this help

lag         entries that a node is behind the committed log
round trip  from the node that answers
CPU         of its process; 100 % is one processor
transfers   uploads and downloads that run now
depth       events that are ready, wait, are blocked or in work
alerts      ! does not work   ~ may not for long
-           not known: a node's own numbers need a log-in that is
            good on every node, and its CA";

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let lines = TEXT.lines().count() + 2;
    let columns = TEXT.lines().map(str::len).max().unwrap_or(0) + 4;
    let fitted = |length: usize| Constraint::Max(u16::try_from(length).unwrap_or(u16::MAX));
    let [column] = Layout::horizontal([fitted(columns)]).flex(Flex::Center).areas(area);
    let [place] = Layout::vertical([fitted(lines)]).flex(Flex::Center).areas(column);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(TEXT).block(Block::bordered().title(" help ")), place);
}
