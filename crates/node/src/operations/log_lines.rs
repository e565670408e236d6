//! The last lines of this node's log.

use flotilla_admin::api::LogLevel;
use flotilla_admin::nodes::{LogLines, LogRequest, NodeAnswer, NodeLogLine};
use flotilla_telemetry::{LogLine, LogSpan};
use tracing::Level;

use super::Operations;

impl Operations {
    pub(super) fn log_lines(&self, request: &LogRequest) -> NodeAnswer {
        let span = match (request.after_us, request.before_us) {
            (Some(after_us), _) => LogSpan::After(after_us),
            (None, before_us) => LogSpan::Before(before_us.unwrap_or(u64::MAX)),
        };
        let wanted = |line: &LogLine| request.wants(level(line.level), line.at_us, || line.text());
        let found = self.recent_lines.select(span, request.limit, wanted);
        NodeAnswer::LogLines(LogLines {
            lines: found.lines.into_iter().map(told).collect(),
            has_more: found.has_more,
            kept: found.kept,
            lost: found.lost,
            oldest_us: found.oldest_us,
            newest_us: found.newest_us,
        })
    }
}

fn told(line: LogLine) -> NodeLogLine {
    let LogLine { at_us, level: severity, target, message, fields } = line;
    NodeLogLine { at_us, level: level(severity), target, message, fields: fields.into_iter().collect() }
}

fn level(level: Level) -> LogLevel {
    match level {
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}
