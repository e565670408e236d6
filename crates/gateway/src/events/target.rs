//! Paths below `/events`.

use flotilla_model::EventId;

use crate::codes;
use crate::problem::Problem;

const ROOT: &str = "/events";

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    All,
    Stream,
    One(EventId),
}

impl Target {
    /// `None` for a path that is none of events.
    pub(crate) fn parse(path: &str) -> Option<Result<Self, Problem>> {
        let rest = path.strip_prefix(ROOT)?;
        if rest.is_empty() {
            return Some(Ok(Self::All));
        }
        let name = rest.strip_prefix('/')?;
        if name == "stream" {
            return Some(Ok(Self::Stream));
        }
        // Only as we write it: an event has one path.
        let id = name.parse().ok().filter(|id: &u64| id.to_string() == name);
        let missing = || Problem::new(&codes::NO_SUCH_EVENT, format!("{name:.40?} is no event's id")).field("path");
        Some(id.map(|id| Self::One(EventId(id))).ok_or_else(missing))
    }

    /// Methods for `Allow`.
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::All => "OPTIONS, POST",
            Self::Stream => "OPTIONS, GET, POST",
            Self::One(_) => "OPTIONS, GET, HEAD, DELETE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_what_they_name() {
        let parse = |path| Target::parse(path).map(Result::ok);
        assert_eq!(parse("/events"), Some(Some(Target::All)));
        assert_eq!(parse("/events/stream"), Some(Some(Target::Stream)));
        assert_eq!(parse("/events/7"), Some(Some(Target::One(EventId(7)))));
        for path in
            ["/events/", "/events/07", "/events/+7", "/events/-1", "/events/7/", "/events/stream/", "/events/%37"]
        {
            assert_eq!(parse(path), Some(None), "{path}");
        }
        for path in ["/", "/event", "/eventsource", "/files/events", "/Events"] {
            assert_eq!(parse(path), None, "{path}");
        }
    }
}
