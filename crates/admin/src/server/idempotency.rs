//! `Idempotency-Key`: a request that makes something, repeated under its key, is answered as before and makes nothing more.
//!
//! The answer goes into the log sealed, together with the change: also another node, after a failover, knows it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use flotilla_model::{Command, EncodedCommand, Rejection, Sealed, Sha256};
use flotilla_pki::{Purpose, SecretSet};
use ring::digest::{Context, SHA256};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Admin, Caller};
use crate::error::ApiError;
use crate::interface::{Input, Operation};
use crate::ports::LedgerError;
use crate::problems::Code;

const HEADER: &str = "Idempotency-Key";
const KEY_BYTES_MAX: usize = 255;
/// Sets these seals apart from all others of the same key.
const CONTEXT: &[u8] = b"flotilla v1 answer to a request";

/// As the client gave it.
pub(crate) struct IdempotencyKey(Option<String>);

impl IdempotencyKey {
    /// Drawn with a form, so that sent twice it does one thing.
    pub(crate) fn of_form(text: String) -> Result<Self, ApiError> {
        let is_key = (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key { Ok(Self(Some(text))) } else { Err(ApiError::invalid("key", "this is no key of a form of ours")) }
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request).map(Self))
    }
}

fn read(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=KEY_BYTES_MAX).contains(&text.len()));
    let text = text.ok_or_else(|| {
        ApiError::invalid(HEADER, format!("a key has 1 to {KEY_BYTES_MAX} printable characters of ASCII"))
    })?;
    Ok(Some(text.to_owned()))
}

impl Input for IdempotencyKey {
    fn describe(operation: &mut Operation) {
        operation
            .takes_header(
                HEADER,
                "Drawn by the client for this request: repeated under it, within a day, it is answered as before",
            )
            .refuses(&[Code::InvalidValue, Code::IdempotencyKeyReused, Code::WrongState]);
    }
}

/// What is made at most once: `operation` and `request` say what is asked for.
pub(crate) struct Making<'a, R> {
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) operation: &'static str,
    pub(crate) request: &'a R,
    pub(crate) command: Command,
}

impl Admin {
    /// Makes a change once and gives its answer; asked again under the same key, it gives the first answer.
    pub(crate) async fn make<R: Serialize, T: Serialize + DeserializeOwned>(
        &self,
        caller: &Caller,
        making: Making<'_, R>,
        answer: T,
    ) -> Result<T, ApiError> {
        let Making { key, operation, request, command } = making;
        let Some(text) = &key.0 else {
            self.change(caller, command).await?;
            return Ok(answer);
        };
        let internal = |error: &dyn std::fmt::Display| ApiError::internal(error.to_string());
        let request = serde_json::to_vec(request).map_err(|error| internal(&error))?;
        let shown = serde_json::to_vec(&answer).map_err(|error| internal(&error))?;
        let key = digest(&[caller.name.as_bytes(), operation.as_bytes(), text.as_bytes()]);
        let seal = self.parts().secrets.current().current().derive(Purpose::SealedValues);
        let once = Command::Once {
            key,
            request: digest(&[&request]),
            answer: Sealed(seal.seal(CONTEXT, &shown).map_err(|error| internal(&error))?),
            command: EncodedCommand::new(&command),
        };
        match self.propose(caller, once).await {
            Ok(_) => Ok(answer),
            Err(LedgerError::Rejected(Rejection::RequestRepeated)) => self.first_answer(&key).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn first_answer<T: DeserializeOwned>(&self, key: &Sha256) -> Result<T, ApiError> {
        let state = self.fresh_view().await?.state;
        let sealed = state.requests.get(key).map(|row| &row.answer.0);
        let opened = sealed.and_then(|sealed| open(&self.parts().secrets.current(), sealed));
        opened.and_then(|answer| serde_json::from_slice(&answer).ok()).ok_or_else(|| {
            ApiError::new(Code::WrongState, "the request was carried out before, and its answer is not known any more")
                .mend("look at what there is, and make another one under another key")
        })
    }
}

/// The cluster secret may have been changed since.
fn open(secrets: &SecretSet, sealed: &[u8]) -> Option<Vec<u8>> {
    let known = std::iter::once(secrets.current()).chain(secrets.previous());
    known.into_iter().find_map(|secret| {
        secret.derive(Purpose::SealedValues).open(CONTEXT, sealed).ok().map(|answer| answer.to_vec())
    })
}

/// Of parts, each with its length in front.
fn digest(parts: &[&[u8]]) -> Sha256 {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = Sha256([0; 32]);
    hash.0.copy_from_slice(context.finish().as_ref());
    hash
}
