//! Partners who are logged in with a browser: the cookie on a request, and the row that it belongs to.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use flotilla_model::{AccountName, State};
use flotilla_sessions::{CookieKind, Opened, SessionCookie};
use subtle::ConstantTimeEq;

use crate::codes;
use crate::context::{Context, now_ms};
use crate::problem::Problem;
use crate::request::head::Head;

pub(crate) const COOKIE: CookieKind = CookieKind::new("__Host-flotilla-partner", b"flotilla v1 partner's cookie");
pub(super) const CSRF_HEADER: &str = "x-csrf-token";
/// So long after a log-in a node that does not know the session asks whether it is behind.
const FRESH_MS: u64 = 10_000;
/// A cookie is given out anew after a tenth of the time for which it may lie idle.
const RENEWALS_PER_IDLE_TIMEOUT: u64 = 10;

/// Someone who is logged in, and the state in which their account was found.
pub(crate) struct Session {
    pub(crate) account: AccountName,
    pub(crate) state: State,
    pub(crate) cookie: SessionCookie,
}

impl Session {
    /// `None`: there is no cookie of ours, or none that is good.
    pub(crate) async fn of(context: &Context, head: Head<'_>) -> Option<Self> {
        let opened = opened(context, head)?;
        let (cookie, now_ms) = (opened.cookie, now_ms());
        let mut state = context.log.state();
        // The log-in may have been at another node a moment ago.
        if !state.partner_sessions.contains(&cookie.id)
            && now_ms.saturating_sub(cookie.given_ms) < FRESH_MS
            && let Some(latest) = context.latest().await
        {
            state = latest;
        }
        let session = state.partner_sessions.get(&cookie.id).filter(|session| session.expires_ms > now_ms)?;
        if now_ms.saturating_sub(cookie.given_ms) >= idle_ms(context, &state) {
            return None;
        }
        let account = session.account.clone();
        Some(Self { account, state, cookie })
    }

    /// A browser sends the cookie with whatever request; only a page of ours knows the token.
    pub(crate) fn check_token(&self, shown: &[u8]) -> Result<(), Problem> {
        if self.cookie.csrf_text().as_bytes().ct_eq(shown).into() {
            return Ok(());
        }
        Err(Problem::new(&codes::CSRF_TOKEN_WRONG, "what comes from a session needs the token of its page"))
    }

    /// The same for a request that is not of a form.
    pub(super) fn check_header(&self, head: Head<'_>) -> Result<(), Problem> {
        if matches!(*head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
            return Ok(());
        }
        let shown = head.headers.get(CSRF_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
        self.check_token(shown).map_err(|problem| problem.field(CSRF_HEADER))
    }
}

fn opened(context: &Context, head: Head<'_>) -> Option<Opened> {
    let values = head.headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut ours = values.filter_map(|value| COOKIE.find(value)).filter(|value| !value.is_empty());
    COOKIE.open(ours.next()?, &context.secrets.current())
}

fn idle_ms(context: &Context, state: &State) -> u64 {
    let idle: Duration = context.parameters(state).session_idle_timeout();
    u64::try_from(idle.as_millis()).unwrap_or(u64::MAX)
}

/// The cookie given out anew when it grows old. One that cannot be sealed is no reason to refuse the request.
pub(crate) fn renewed(context: &Context, head: Head<'_>) -> Option<HeaderValue> {
    let Opened { cookie, is_current } = opened(context, head)?;
    let (state, now_ms) = (context.log.state(), now_ms());
    let session = state.partner_sessions.get(&cookie.id).filter(|session| session.expires_ms > now_ms);
    session?;
    let (idle_ms, age_ms) = (idle_ms(context, &state), now_ms.saturating_sub(cookie.given_ms));
    let is_due = age_ms >= idle_ms / RENEWALS_PER_IDLE_TIMEOUT || !is_current;
    if !is_due || age_ms >= idle_ms {
        return None;
    }
    let fresh = SessionCookie { given_ms: now_ms, ..cookie };
    let sealed = COOKIE.seal(&fresh, &context.secrets.current()).ok()?;
    HeaderValue::from_str(&COOKIE.set(&sealed)).ok()
}
