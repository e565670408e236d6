//! Steps of a route, from what a person writes to what the state holds, and back without the secrets.

use flotilla_model::{AccountName, Sealed, Step};
use flotilla_pki::{Purpose, SecretHandle};

use crate::WEBHOOK_KEY_CONTEXT;
use crate::api::{StepChange, StepView};
use crate::error::ApiError;

const URL_BYTES_MAX: usize = 2048;
const KEY_BYTES_MAX: usize = 1024;
const TIMEOUT_MS_MAX: u64 = 300_000;
const COMMAND_TIMEOUT_MS_MAX: u64 = 86_400_000;
/// Far below what a system takes, and far above what a command needs.
const ARGUMENTS_MAX: usize = 64;
const ARGUMENT_BYTES_MAX: usize = 4096;
const MESSAGE_BYTES_MAX: usize = 1024;

/// All steps of a route; `former` are those that it has now, from which keys may be kept.
pub(super) fn read_all(
    changes: Vec<StepChange>,
    former: &[Step],
    secrets: &SecretHandle,
) -> Result<Vec<Step>, ApiError> {
    changes.into_iter().enumerate().map(|(position, step)| read(step, position, former, secrets)).collect()
}

/// `position` is for errors.
fn read(change: StepChange, position: usize, former: &[Step], secrets: &SecretHandle) -> Result<Step, ApiError> {
    let field = |name: &str| format!("steps[{position}].{name}");
    match change {
        StepChange::Checksum {} => Ok(Step::Checksum),
        StepChange::Publish { account, folder } => {
            let account =
                AccountName::parse(&account).map_err(|error| ApiError::invalid(field("account"), error.to_string()))?;
            Ok(Step::Publish { account, folder })
        }
        StepChange::Webhook { url, key, keep_key, timeout_ms, idempotent } => {
            check_url(&url).map_err(|detail| {
                ApiError::invalid(field("url"), detail).mend("write such as https://example.org/received")
            })?;
            check_timeout(timeout_ms, TIMEOUT_MS_MAX)
                .map_err(|detail| ApiError::invalid(field("timeout_ms"), detail))?;
            let key = match key {
                Some(key) if key.is_empty() || key.len() > KEY_BYTES_MAX => {
                    return Err(ApiError::invalid(field("key"), format!("a key has 1 to {KEY_BYTES_MAX} bytes")));
                }
                Some(key) => Some(seal(&key, secrets)?),
                None if keep_key => {
                    let error =
                        || ApiError::invalid(field("keep_key"), "no webhook of the route has this URL and a key");
                    Some(key_of(former, &url).ok_or_else(|| error().mend("send the key"))?)
                }
                None => None,
            };
            Ok(Step::Webhook { url, key, timeout_ms, idempotent })
        }
        StepChange::Command { program, arguments, timeout_ms, idempotent } => {
            if !Step::is_program_name(&program) {
                return Err(ApiError::invalid(field("program"), "a program is the plain name of a file")
                    .mend("write the name of a file in the folder for commands, without a path"));
            }
            if arguments.len() > ARGUMENTS_MAX {
                return Err(ApiError::invalid(field("arguments"), format!("a command has at most {ARGUMENTS_MAX}")));
            }
            if let Some(wrong) =
                arguments.iter().position(|text| text.len() > ARGUMENT_BYTES_MAX || text.contains('\0'))
            {
                let detail = format!("an argument has at most {ARGUMENT_BYTES_MAX} bytes, none of them zero");
                return Err(ApiError::invalid(field(&format!("arguments[{wrong}]")), detail));
            }
            check_timeout(timeout_ms, COMMAND_TIMEOUT_MS_MAX)
                .map_err(|detail| ApiError::invalid(field("timeout_ms"), detail))?;
            Ok(Step::Command { program, arguments, timeout_ms, idempotent })
        }
        StepChange::Log { message } => {
            // A line break would make several lines of it, one of which could look like another's.
            if message.is_empty() || message.len() > MESSAGE_BYTES_MAX || message.contains(char::is_control) {
                let detail = format!("a message is one line of 1 to {MESSAGE_BYTES_MAX} bytes");
                return Err(ApiError::invalid(field("message"), detail));
            }
            Ok(Step::Log { message })
        }
    }
}

pub(super) fn describe(step: &Step) -> StepView {
    match step {
        Step::Checksum => StepView::Checksum,
        Step::Publish { account, folder } => StepView::Publish { account: account.to_string(), folder: folder.clone() },
        Step::Webhook { url, key, timeout_ms, idempotent } => StepView::Webhook {
            url: url.clone(),
            has_key: key.is_some(),
            timeout_ms: *timeout_ms,
            idempotent: *idempotent,
        },
        Step::Command { program, arguments, timeout_ms, idempotent } => StepView::Command {
            program: program.clone(),
            arguments: arguments.clone(),
            timeout_ms: *timeout_ms,
            idempotent: *idempotent,
        },
        Step::Log { message } => StepView::Log { message: message.clone() },
    }
}

/// A key stays with its receiver: it is never kept for another URL.
fn key_of(former: &[Step], wanted: &str) -> Option<Sealed> {
    former.iter().find_map(|step| match step {
        Step::Webhook { url, key, .. } if url == wanted => key.clone(),
        _ => None,
    })
}

fn check_timeout(timeout_ms: u64, max_ms: u64) -> Result<(), String> {
    if (1..=max_ms).contains(&timeout_ms) { Ok(()) } else { Err(format!("a timeout has 1 to {max_ms} ms")) }
}

/// The log holds no secret in clear.
fn seal(key: &str, secrets: &SecretHandle) -> Result<Sealed, ApiError> {
    let sealer = secrets.current().current().derive(Purpose::SealedValues);
    let sealed = sealer.seal(WEBHOOK_KEY_CONTEXT, key.as_bytes());
    sealed.map(Sealed).map_err(|error| ApiError::internal(error.to_string()))
}

fn check_url(url: &str) -> Result<(), String> {
    if url.len() > URL_BYTES_MAX {
        return Err(format!("a URL has at most {URL_BYTES_MAX} bytes"));
    }
    let parsed = reqwest::Url::parse(url).map_err(|error| format!("this is not a URL: {error}"))?;
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return Err("only http and https URLs can be called".to_owned());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("a URL must not hold credentials; use a key".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use flotilla_pki::{ClusterSecret, SecretSet};

    use super::*;

    fn secrets() -> SecretHandle {
        SecretHandle::new(SecretSet::new(ClusterSecret::generate().unwrap()))
    }

    fn webhook(url: &str, key: Option<&str>, timeout_ms: u64) -> StepChange {
        let (url, key) = (url.to_owned(), key.map(str::to_owned));
        StepChange::Webhook { url, key, keep_key: false, timeout_ms, idempotent: false }
    }

    #[test]
    fn keys_are_sealed_and_never_shown() {
        let secrets = secrets();
        let step = read(webhook("https://example.org/x", Some("hush hush"), 5), 0, &[], &secrets).unwrap();
        let Step::Webhook { key: Some(Sealed(sealed)), .. } = &step else { panic!("{step:?}") };
        assert!(!sealed.windows(4).any(|window| window == b"hush"));
        let key = secrets.current().current().derive(Purpose::SealedValues);
        assert_eq!(key.open(WEBHOOK_KEY_CONTEXT, sealed).unwrap().as_slice(), b"hush hush");
        let shown = serde_json::to_string(&describe(&step)).unwrap();
        assert!(shown.contains(r#""has_key":true"#) && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_key_is_kept_for_its_own_receiver_alone() {
        let secrets = secrets();
        let former = [read(webhook("https://a.example/", Some("hush hush"), 5), 0, &[], &secrets).unwrap()];
        let keeping = |url: &str| StepChange::Webhook {
            url: url.to_owned(),
            key: None,
            keep_key: true,
            timeout_ms: 5,
            idempotent: false,
        };
        assert_eq!(read(keeping("https://a.example/"), 0, &former, &secrets).unwrap(), former[0]);
        let error = read(keeping("https://b.example/"), 0, &former, &secrets).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("steps[0].keep_key"));
    }

    fn command(program: &str, arguments: &[&str], timeout_ms: u64) -> StepChange {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        StepChange::Command { program: program.to_owned(), arguments, timeout_ms, idempotent: false }
    }

    fn log(message: &str) -> StepChange {
        StepChange::Log { message: message.to_owned() }
    }

    #[test]
    fn commands_and_messages_are_read_and_shown() {
        let text = r#"{"type": "command", "program": "scan.sh", "arguments": ["--deep", "/ 'a'"], "idempotent": true}"#;
        let step = read(serde_json::from_str(text).unwrap(), 0, &[], &secrets()).unwrap();
        let arguments = vec!["--deep".to_owned(), "/ 'a'".to_owned()];
        let expected = Step::Command { program: "scan.sh".to_owned(), arguments, timeout_ms: 60_000, idempotent: true };
        assert_eq!(step, expected);
        let shown = serde_json::to_value(describe(&step)).unwrap();
        assert_eq!((&shown["type"], &shown["timeout_ms"]), (&"command".into(), &60_000.into()));
        let step = read(serde_json::from_str(r#"{"type": "log", "message": "came in"}"#).unwrap(), 0, &[], &secrets());
        let shown = serde_json::to_string(&describe(&step.unwrap())).unwrap();
        assert_eq!(shown, r#"{"type":"log","message":"came in"}"#);
    }

    #[test]
    fn bad_steps_name_their_field() {
        let long = format!("https://example.org/{}", "x".repeat(URL_BYTES_MAX));
        let publish = StepChange::Publish { account: "a b".to_owned(), folder: String::new() };
        for (change, field) in [
            (webhook("ftp://example.org", None, 5), "steps[3].url"),
            (webhook("file:///etc/passwd", None, 5), "steps[3].url"),
            (webhook("https://a:b@example.org", None, 5), "steps[3].url"),
            (webhook("nonsense", None, 5), "steps[3].url"),
            (webhook(&long, None, 5), "steps[3].url"),
            (webhook("https://example.org", Some(""), 5), "steps[3].key"),
            (webhook("https://example.org", None, 0), "steps[3].timeout_ms"),
            (publish, "steps[3].account"),
            (command("", &[], 5), "steps[3].program"),
            (command("..", &[], 5), "steps[3].program"),
            (command("../scan", &[], 5), "steps[3].program"),
            (command("/bin/sh", &[], 5), "steps[3].program"),
            (command("scan", &["x"; 65], 5), "steps[3].arguments"),
            (command("scan", &["good", "b\0d"], 5), "steps[3].arguments[1]"),
            (command("scan", &[&"x".repeat(5000)], 5), "steps[3].arguments[0]"),
            (command("scan", &[], 0), "steps[3].timeout_ms"),
            (log(""), "steps[3].message"),
            (log("two\nlines"), "steps[3].message"),
            (log(&"x".repeat(2000)), "steps[3].message"),
        ] {
            let error = read(change, 3, &[], &secrets()).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field));
        }
    }
}
