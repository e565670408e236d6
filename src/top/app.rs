//! What is known of the cluster, what of it is looked at, and what a key does.

use std::time::{Duration, Instant};

use flotilla_admin::api::Diagnosis;

use super::alerts::{self, Alert};
use super::keys::Key;
use super::picture::{Picture, Report};
use super::rates::{History, Rates};
use super::sort::{LaneOrder, NodeOrder};

/// A part of the screen that has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    Nodes,
    Lanes,
    Alerts,
}

const PANES: [Pane; 3] = [Pane::Nodes, Pane::Lanes, Pane::Alerts];

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    End,
}

pub(super) struct App {
    /// How the cluster is called: `profile prod`.
    pub(super) name: Option<String>,
    pub(super) picture: Option<Picture>,
    /// When the picture came; before the first when it was begun.
    since: Instant,
    /// Why the last round brought none.
    pub(super) failure: Option<String>,
    diagnosis: Option<Result<Diagnosis, String>>,
    pub(super) history: History,
    pub(super) rates: Rates,
    pub(super) pane: Pane,
    /// The row that is marked in each pane.
    selected: [usize; PANES.len()],
    pub(super) node_order: NodeOrder,
    pub(super) lane_order: LaneOrder,
    pub(super) is_paused: bool,
    pub(super) shows_help: bool,
}

impl App {
    pub(super) fn new(name: Option<String>, now: Instant) -> Self {
        Self {
            name,
            picture: None,
            since: now,
            failure: None,
            diagnosis: None,
            history: History::default(),
            rates: Rates::default(),
            pane: Pane::Nodes,
            selected: [0; PANES.len()],
            node_order: NodeOrder::default(),
            lane_order: LaneOrder::default(),
            is_paused: false,
            shows_help: false,
        }
    }

    /// Takes news in; while it is paused they pass by.
    pub(super) fn take(&mut self, report: Report, now: Instant) -> Next {
        if self.is_paused {
            return Next::GoOn;
        }
        match report {
            Report::Failure(why) => self.failure = Some(why),
            Report::Diagnosis(found) => self.diagnosis = Some(found),
            Report::Picture(picture) => {
                self.rates = self.history.take(&picture, now);
                self.picture = Some(*picture);
                self.since = now;
                self.failure = None;
            }
        }
        Next::GoOn
    }

    pub(super) fn press(&mut self, key: Key) -> Next {
        match key {
            // Whoever reads the help wants it closed first.
            Key::Quit if self.shows_help => self.shows_help = false,
            Key::Quit => return Next::End,
            Key::Help => self.shows_help = !self.shows_help,
            Key::Pause => self.is_paused = !self.is_paused,
            Key::NextPane => self.pane = self.pane_after(1),
            Key::PreviousPane => self.pane = self.pane_after(PANES.len() - 1),
            Key::Up => *self.marked() = self.selected(self.pane).saturating_sub(1),
            Key::Down => {
                let last = self.rows(self.pane).saturating_sub(1);
                *self.marked() = (self.selected(self.pane) + 1).min(last);
            }
            Key::Sort => match self.pane {
                Pane::Nodes => self.node_order = self.node_order.next(),
                Pane::Lanes => self.lane_order = self.lane_order.next(),
                Pane::Alerts => {}
            },
            Key::Redraw => {}
        }
        Next::GoOn
    }

    fn pane_after(&self, steps: usize) -> Pane {
        PANES[(index(self.pane) + steps) % PANES.len()]
    }

    fn marked(&mut self) -> &mut usize {
        &mut self.selected[index(self.pane)]
    }

    /// The marked row, which there is also when rows have gone.
    pub(super) fn selected(&self, pane: Pane) -> usize {
        self.selected[index(pane)].min(self.rows(pane).saturating_sub(1))
    }

    fn rows(&self, pane: Pane) -> usize {
        let Some(picture) = &self.picture else { return 0 };
        match pane {
            Pane::Nodes => picture.cluster.nodes.len(),
            Pane::Lanes => picture.lanes.len(),
            Pane::Alerts => self.alerts().len(),
        }
    }

    pub(super) fn alerts(&self) -> Vec<Alert> {
        self.picture.as_ref().map(|picture| alerts::of(picture, self.diagnosis.as_ref())).unwrap_or_default()
    }

    pub(super) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }
}

fn index(pane: Pane) -> usize {
    PANES.iter().position(|one| *one == pane).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::picture;
    use super::*;

    fn app() -> App {
        let mut app = App::new(None, Instant::now());
        app.take(Report::Picture(Box::new(picture())), Instant::now());
        app
    }

    #[test]
    fn keys_move_sort_pause_and_end() {
        let mut app = app();
        for _ in 0..9 {
            app.press(Key::Down);
        }
        assert_eq!(app.selected(Pane::Nodes), 2, "there are three nodes");
        app.press(Key::Up);
        assert_eq!(app.selected(Pane::Nodes), 1);
        app.press(Key::Sort);
        assert_eq!((app.node_order, app.lane_order), (NodeOrder::Health, LaneOrder::Depth));
        app.press(Key::NextPane);
        app.press(Key::Sort);
        assert_eq!((app.pane, app.lane_order), (Pane::Lanes, LaneOrder::Age));
        app.press(Key::PreviousPane);
        app.press(Key::PreviousPane);
        assert_eq!(app.pane, Pane::Alerts);
        app.press(Key::Help);
        assert_eq!(app.press(Key::Quit), Next::GoOn, "closes the help");
        assert_eq!(app.press(Key::Quit), Next::End);
    }

    #[test]
    fn a_pause_holds_the_picture_and_a_failure_keeps_the_last_one() {
        let mut app = app();
        app.take(Report::Failure("no answer".to_owned()), Instant::now());
        assert!(app.failure.is_some() && app.picture.is_some());
        app.press(Key::Pause);
        app.take(Report::Picture(Box::new(picture())), Instant::now());
        assert!(app.failure.is_some(), "news pass by");
        app.press(Key::Pause);
        app.take(Report::Picture(Box::new(picture())), Instant::now());
        assert!(app.failure.is_none());
    }

    #[test]
    fn a_marked_row_that_has_gone_is_the_last_one() {
        let mut app = app();
        app.press(Key::Down);
        app.press(Key::Down);
        let mut fewer = picture();
        fewer.cluster.nodes.truncate(1);
        app.take(Report::Picture(Box::new(fewer)), Instant::now());
        assert_eq!(app.selected(Pane::Nodes), 0);
    }
}
