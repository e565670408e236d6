//! The `webhook` step: an HTTP POST that tells of the file, or brings the event's data.
//!
//! Of a file the body is a notice in JSON. An application's data is the body as it was published; what else there is to know
//! stands in headers: `Flotilla-Event`, `Flotilla-Kind`, `Flotilla-Account`.
//!
//! A receiver that traces goes on in the event's trace: `traceparent` (W3C Trace Context) names the step's span.
//!
//! `Idempotency-Key` is the same for every try of one step of one event, so a receiver that honours it acts once. With a key,
//! `Flotilla-Signature: sha256=<hex>` is the HMAC-SHA-256 over `<Flotilla-Timestamp>.<body>`.

use std::time::Duration;

use bytes::Bytes;
use flotilla_admin::{WEBHOOK_KEY_CONTEXT, webhook_notice};
use flotilla_model::{EventRecord, Sealed, Subject};
use flotilla_pki::Purpose;
use reqwest::StatusCode;
use ring::hmac;

use super::{StepFailure, Steps};
use crate::clock::now_ms;

pub(super) struct Call<'a> {
    pub(super) url: &'a str,
    pub(super) key: Option<&'a Sealed>,
    pub(super) timeout: Duration,
    pub(super) idempotent: bool,
    /// Names the step's span to the receiver.
    pub(super) traceparent: Option<String>,
}

impl Steps {
    pub(super) async fn webhook(&self, event: &EventRecord, step: u32, call: &Call<'_>) -> Result<String, StepFailure> {
        let body = match &event.subject {
            Subject::File(file) => {
                let notice = webhook_notice(event.id.0, &event.account, file, event.created_ms);
                Bytes::from(notice.map_err(StepFailure::permanent)?)
            }
            Subject::Data(data) => self.data(data).await?,
        };
        let timestamp = now_ms() / 1000;
        let mut request = self
            .http
            .post(call.url)
            .timeout(call.timeout)
            .header("content-type", "application/json")
            .header("flotilla-event", event.id.0)
            .header("flotilla-kind", event.kind.name())
            .header("flotilla-account", event.account.as_str())
            .header("idempotency-key", self.idempotency_key(event, step))
            .header("flotilla-timestamp", timestamp);
        if let Some(traceparent) = &call.traceparent {
            request = request.header("traceparent", traceparent);
        }
        if let Some(sealed) = call.key {
            request = request.header("flotilla-signature", format!("sha256={}", self.sign(sealed, timestamp, &body)?));
        }
        let answer = match request.body(body).send().await {
            Ok(answer) => answer,
            // Nothing was sent: no name, no connection, no TLS.
            Err(error) if error.is_connect() || error.is_builder() => {
                return Err(StepFailure::Failed { message: chain(&error), retryable: error.is_connect() });
            }
            Err(error) if call.idempotent => return Err(StepFailure::retryable(chain(&error))),
            Err(error) => return Err(StepFailure::OutcomeUnknown { message: chain(&error) }),
        };
        judge(answer.status())
    }

    fn sign(&self, sealed: &Sealed, timestamp: u64, body: &[u8]) -> Result<String, StepFailure> {
        let secrets = self.secrets.current();
        let opened =
            secrets.keys(Purpose::SealedValues).iter().find_map(|key| key.open(WEBHOOK_KEY_CONTEXT, &sealed.0).ok());
        let plain =
            opened.ok_or_else(|| StepFailure::permanent("the signing key cannot be opened: set the route again"))?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &plain));
        context.update(format!("{timestamp}.").as_bytes());
        context.update(body);
        Ok(context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// An answer is an answer: the receiver has decided, so the outcome is known.
fn judge(status: StatusCode) -> Result<String, StepFailure> {
    if status.is_success() {
        return Ok(format!("answered {status}"));
    }
    let again = status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
    Err(StepFailure::Failed { message: format!("answered {status}"), retryable: again })
}

/// An error with its causes; the URL may hold a password and is left out.
fn chain(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "no answer in time".to_owned() } else { "the request failed".to_owned() };
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (code, expected) in
            [(200, None), (204, None), (302, Some(false)), (400, Some(false)), (429, Some(true)), (503, Some(true))]
        {
            let retryable = match judge(StatusCode::from_u16(code).unwrap()) {
                Ok(_) => None,
                Err(StepFailure::Failed { retryable, .. }) => Some(retryable),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(retryable, expected, "{code}");
        }
    }
}
