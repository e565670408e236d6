//! A route as it stands in the form: what was typed, right or wrong, until it is set.

use crate::api::{RouteView, StepChange, StepView};
use crate::console::form::filled;
use crate::error::ApiError;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) account: String,
    pub(super) kind: String,
    pub(super) lane: String,
    pub(super) priority: String,
    /// Of the route that is there; 0: there is none.
    pub(super) version: u64,
    pub(super) steps: Vec<DraftStep>,
}

/// The fields of all kinds of steps; each kind has its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DraftStep {
    pub(super) kind: String,
    pub(super) account: String,
    pub(super) folder: String,
    pub(super) url: String,
    pub(super) key: String,
    /// The route that is there has a key for this URL.
    pub(super) has_key: bool,
    pub(super) keep_key: bool,
    pub(super) timeout_ms: String,
    pub(super) idempotent: bool,
    pub(super) program: String,
    /// One a line.
    pub(super) arguments: String,
    pub(super) message: String,
}

pub(super) const KINDS: [&str; 5] = ["checksum", "publish", "webhook", "command", "log"];
/// As many as a route may have.
const STEPS_MAX: usize = 32;

impl DraftStep {
    pub(super) fn new(kind: &str) -> Self {
        let timeout_ms = if kind == "command" { "60000" } else { "10000" };
        Self { kind: kind.to_owned(), timeout_ms: timeout_ms.to_owned(), ..Self::default() }
    }

    fn of_view(view: &StepView) -> Self {
        let (kind, _) = view.words();
        let plain = Self::new(kind);
        match view.clone() {
            StepView::Checksum => plain,
            StepView::Publish { account, folder } => Self { account, folder, ..plain },
            StepView::Webhook { url, has_key, timeout_ms, idempotent } => {
                let timeout_ms = timeout_ms.to_string();
                Self { url, has_key, keep_key: has_key, timeout_ms, idempotent, ..plain }
            }
            StepView::Command { program, arguments, timeout_ms, idempotent } => {
                let (arguments, timeout_ms) = (arguments.join("\n"), timeout_ms.to_string());
                Self { program, arguments, timeout_ms, idempotent, ..plain }
            }
            StepView::Log { message } => Self { message, ..plain },
        }
    }

    fn set(&mut self, field: &str, value: String) {
        match field {
            "kind" => self.kind = value,
            "account" => self.account = value,
            "folder" => self.folder = value,
            "url" => self.url = value,
            "key" => self.key = value,
            "has_key" => self.has_key = true,
            "keep_key" => self.keep_key = true,
            "timeout_ms" => self.timeout_ms = value,
            "idempotent" => self.idempotent = true,
            "program" => self.program = value,
            "arguments" => self.arguments = value,
            "message" => self.message = value,
            _ => {}
        }
    }

    fn change(&self, position: usize) -> Result<StepChange, ApiError> {
        let timeout_ms = || {
            let text = self.timeout_ms.trim();
            let error = |_| ApiError::invalid(format!("steps[{position}].timeout_ms"), "this is no number");
            text.parse().map_err(error)
        };
        let text = |text: &str| text.trim().to_owned();
        Ok(match self.kind.as_str() {
            "checksum" => StepChange::Checksum {},
            "publish" => StepChange::Publish { account: text(&self.account), folder: text(&self.folder) },
            "webhook" => {
                let key = Some(self.key.clone()).filter(|key| !key.is_empty());
                StepChange::Webhook {
                    url: text(&self.url),
                    keep_key: key.is_none() && self.keep_key,
                    key,
                    timeout_ms: timeout_ms()?,
                    idempotent: self.idempotent,
                }
            }
            "command" => StepChange::Command {
                program: text(&self.program),
                arguments: self.arguments.lines().map(str::to_owned).collect(),
                timeout_ms: timeout_ms()?,
                idempotent: self.idempotent,
            },
            "log" => StepChange::Log { message: text(&self.message) },
            kind => {
                let detail = format!("there is no kind of step {kind:?}");
                return Err(ApiError::invalid(format!("steps[{position}].type"), detail));
            }
        })
    }
}

impl Draft {
    pub(super) fn of_view(view: &RouteView) -> Self {
        Self {
            account: view.account.clone(),
            kind: view.kind.clone(),
            lane: view.lane.clone().unwrap_or_default(),
            priority: view.priority.map_or_else(String::new, |priority| priority.to_string()),
            version: view.version,
            steps: view.steps.iter().map(DraftStep::of_view).collect(),
        }
    }

    /// From the fields of the form: `url.2` is of the third step.
    pub(super) fn of_fields(fields: &[(String, String)]) -> Self {
        let mut draft = Self::default();
        for (name, value) in fields {
            let value = value.clone();
            match name.split_once('.') {
                Some((field, place)) => {
                    let Some(place) = place.parse().ok().filter(|place: &usize| *place < STEPS_MAX) else { continue };
                    if draft.steps.len() <= place {
                        draft.steps.resize(place + 1, DraftStep::default());
                    }
                    draft.steps[place].set(field, value);
                }
                None => match name.as_str() {
                    "account" => draft.account = value,
                    "kind" => draft.kind = value,
                    "lane" => draft.lane = value,
                    "priority" => draft.priority = value,
                    "version" => draft.version = value.parse().unwrap_or(0),
                    _ => {}
                },
            }
        }
        draft
    }

    /// What a button of the form does to the draft alone: `add webhook`, `up 2`, `down 2`, `drop 2`.
    pub(super) fn rearrange(&mut self, deed: &str) {
        let (deed, on) = deed.split_once(' ').unwrap_or((deed, ""));
        if deed == "add" && KINDS.contains(&on) && self.steps.len() < STEPS_MAX {
            self.steps.push(DraftStep::new(on));
        }
        let Some(place) = on.parse().ok().filter(|place: &usize| *place < self.steps.len()) else { return };
        match deed {
            "up" if place > 0 => self.steps.swap(place - 1, place),
            "down" if place + 1 < self.steps.len() => self.steps.swap(place, place + 1),
            "drop" => drop(self.steps.remove(place)),
            _ => {}
        }
    }

    pub(super) fn changes(&self) -> Result<Vec<StepChange>, ApiError> {
        self.steps.iter().enumerate().map(|(position, step)| step.change(position)).collect()
    }

    pub(super) fn lane(&self) -> Option<String> {
        filled(&self.lane)
    }

    pub(super) fn priority(&self) -> Result<Option<u8>, ApiError> {
        let number = |text: String| text.parse().map_err(|_| ApiError::invalid("priority", "a priority is 0 to 9"));
        filled(&self.priority).map(number).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn kinds(draft: &Draft) -> Vec<&str> {
        draft.steps.iter().map(|step| step.kind.as_str()).collect()
    }

    #[test]
    fn steps_are_read_by_their_places_and_rearranged() {
        let mut draft = Draft::of_fields(&fields(&[
            ("account", "a"),
            ("kind.1", "log"),
            ("message.1", "came in"),
            ("kind.0", "command"),
            ("program.0", " scan.sh "),
            ("arguments.0", "--deep\r\na b"),
            ("timeout_ms.0", "5"),
            ("url.99", "beyond"),
        ]));
        let arguments = vec!["--deep".to_owned(), "a b".to_owned()];
        let command =
            StepChange::Command { program: "scan.sh".to_owned(), arguments, timeout_ms: 5, idempotent: false };
        let log = StepChange::Log { message: "came in".to_owned() };
        assert_eq!(draft.changes(), Ok(vec![command, log]));
        draft.rearrange("add webhook");
        draft.rearrange("up 1");
        assert_eq!(kinds(&draft), ["log", "command", "webhook"]);
        draft.rearrange("down 2");
        draft.rearrange("drop 0");
        draft.rearrange("drop 7");
        draft.rearrange("add nonsense");
        assert_eq!(kinds(&draft), ["command", "webhook"]);
    }

    #[test]
    fn a_key_is_kept_unless_another_is_given() {
        let key = |key: &str| {
            let step = DraftStep { key: key.to_owned(), has_key: true, keep_key: true, ..DraftStep::new("webhook") };
            match step.change(0).unwrap() {
                StepChange::Webhook { key, keep_key, .. } => (key, keep_key),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(key(""), (None, true));
        assert_eq!(key("new"), (Some("new".to_owned()), false));
        let wrong = DraftStep { timeout_ms: "soon".to_owned(), ..DraftStep::new("webhook") }.change(3).unwrap_err();
        assert_eq!(wrong.field.as_deref(), Some("steps[3].timeout_ms"));
    }
}
