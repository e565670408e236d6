//! How lines get into the ring.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::line::LogLine;
use super::ring::RecentLines;

impl RecentLines {
    /// Keeps every line that reaches it: put it behind the filter of the log.
    pub fn layer<S: Subscriber>(&self) -> impl Layer<S> + use<S> {
        Keeper(self.clone())
    }
}

struct Keeper(RecentLines);

impl<S: Subscriber> Layer<S> for Keeper {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = LogLine::new(*event.metadata().level(), event.metadata().target());
        event.record(&mut Reader(&mut line));
        self.0.keep(line);
    }
}

struct Reader<'a>(&'a mut LogLine);

impl Reader<'_> {
    fn read(&mut self, name: &str, value: &str) {
        match name {
            "message" => self.0.say(value),
            // Records of the `log` crate say here where they come from.
            "log.target" => value.clone_into(&mut self.0.target),
            name if name.starts_with("log.") => {}
            name => self.0.note(name, value),
        }
    }
}

impl Visit for Reader<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.read(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.read(field.name(), &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::recent::Span;

    #[test]
    fn what_is_logged_is_kept_with_its_fields() {
        let recent = RecentLines::default();
        let subscriber = tracing_subscriber::registry().with(recent.layer());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(node = 3, reason = "slow", secret = "x", "a peer is {}", "late");
        });
        let line = recent.select(Span::newest(), 10, |_| true).lines.remove(0);
        assert_eq!((line.level, line.message.as_str()), (Level::WARN, "a peer is late"));
        assert_eq!(line.target, module_path!());
        assert_eq!(line.text(), format!("{}: a peer is late node=3 reason=slow secret=(hidden)", module_path!()));
    }
}
