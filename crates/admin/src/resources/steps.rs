//! Steps of a route, from what a person writes to what the state holds, and back without the secrets.

use flotilla_model::{AccountName, Sealed, Step};
use flotilla_pki::{Purpose, SecretHandle};

use crate::WEBHOOK_KEY_CONTEXT;
use crate::api::{StepChange, StepView};
use crate::error::ApiError;

const URL_BYTES_MAX: usize = 2048;
const KEY_BYTES_MAX: usize = 1024;
const TIMEOUT_MS_MAX: u64 = 300_000;

/// All steps of a route.
pub(super) fn read_all(changes: Vec<StepChange>, secrets: &SecretHandle) -> Result<Vec<Step>, ApiError> {
    changes.into_iter().enumerate().map(|(position, step)| read(step, position, secrets)).collect()
}

/// `position` is for errors.
fn read(change: StepChange, position: usize, secrets: &SecretHandle) -> Result<Step, ApiError> {
    let field = |name: &str| format!("steps[{position}].{name}");
    match change {
        StepChange::Checksum {} => Ok(Step::Checksum),
        StepChange::Publish { account, folder } => {
            let account =
                AccountName::parse(&account).map_err(|error| ApiError::invalid(field("account"), error.to_string()))?;
            Ok(Step::Publish { account, folder })
        }
        StepChange::Webhook { url, key, timeout_ms, idempotent } => {
            check_url(&url).map_err(|detail| {
                ApiError::invalid(field("url"), detail).mend("write such as https://example.org/received")
            })?;
            if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
                return Err(ApiError::invalid(field("timeout_ms"), format!("a timeout has 1 to {TIMEOUT_MS_MAX} ms")));
            }
            let key = match key {
                Some(key) if key.is_empty() || key.len() > KEY_BYTES_MAX => {
                    return Err(ApiError::invalid(field("key"), format!("a key has 1 to {KEY_BYTES_MAX} bytes")));
                }
                Some(key) => Some(seal(&key, secrets)?),
                None => None,
            };
            Ok(Step::Webhook { url, key, timeout_ms, idempotent })
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
    }
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
        StepChange::Webhook { url: url.to_owned(), key: key.map(str::to_owned), timeout_ms, idempotent: false }
    }

    #[test]
    fn keys_are_sealed_and_never_shown() {
        let secrets = secrets();
        let step = read(webhook("https://example.org/x", Some("hush hush"), 5), 0, &secrets).unwrap();
        let Step::Webhook { key: Some(Sealed(sealed)), .. } = &step else { panic!("{step:?}") };
        assert!(!sealed.windows(4).any(|window| window == b"hush"));
        let key = secrets.current().current().derive(Purpose::SealedValues);
        assert_eq!(key.open(WEBHOOK_KEY_CONTEXT, sealed).unwrap().as_slice(), b"hush hush");
        let shown = serde_json::to_string(&describe(&step)).unwrap();
        assert!(shown.contains(r#""has_key":true"#) && !shown.contains("hush"), "{shown}");
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
        ] {
            let error = read(change, 3, &secrets()).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field));
        }
    }
}
