//! The keyboard, on a thread of its own: a terminal is read by waiting for it.

use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::Sender;

/// How long it may take until the thread sees that it is not wanted any more.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// What a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Quit,
    NextPane,
    PreviousPane,
    Up,
    Down,
    Help,
    Pause,
    Sort,
    /// Nothing but to draw anew: another size, or a key without a meaning.
    Redraw,
}

/// Until nobody listens, or the terminal is gone.
pub(super) fn read(presser: &Sender<Key>) {
    while !presser.is_closed() {
        match event::poll(WAIT_MAX) {
            Ok(false) => {}
            Ok(true) => match event::read().map(|event| meaning(&event)) {
                Ok(Some(key)) => {
                    if presser.blocking_send(key).is_err() {
                        return;
                    }
                }
                Ok(None) => {}
                Err(_) => return,
            },
            Err(_) => return,
        }
    }
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Redraw),
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(of(key)),
        _ => None,
    }
}

fn of(key: &KeyEvent) -> Key {
    match key.code {
        // In raw mode Ctrl-C is a key.
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Key::Quit,
        KeyCode::Char('q') | KeyCode::Esc => Key::Quit,
        KeyCode::Tab | KeyCode::Right => Key::NextPane,
        KeyCode::BackTab | KeyCode::Left => Key::PreviousPane,
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::Char('h' | '?') => Key::Help,
        KeyCode::Char('p') => Key::Pause,
        KeyCode::Char('s') => Key::Sort,
        _ => Key::Redraw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_c_quits_and_a_release_is_nothing() {
        let pressed = |code, modifiers| meaning(&Event::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Redraw));
        assert_eq!(pressed(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Key::PreviousPane));
        assert_eq!(meaning(&Event::Resize(80, 24)), Some(Key::Redraw));
        let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(meaning(&Event::Key(released)), None);
    }
}
