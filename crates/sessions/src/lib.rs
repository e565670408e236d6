//! Sessions in browsers, of administrators and of partners: a sealed cookie, and the ids of the rows that it belongs to.
//!
//! The cookie proves; the row says that the session goes on. Every node can open the cookie and has the row, so none holds anything
//! of a session by itself. When the session was used last stands in the cookie alone: one that grows old is given out anew with
//! the answer to a request, and one that is too old ends the session. So an idle end costs no log entries.

mod cookie;

use flotilla_model::LoginSessionId;
use ring::rand::{SecureRandom, SystemRandom};
use thiserror::Error;

pub use cookie::{CookieKind, Opened, SessionCookie};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// A ULID: the time in milliseconds, then 80 random bits.
pub fn draw_id(now_ms: u64) -> Result<LoginSessionId, NoRandomness> {
    let random = u128::from_be_bytes(random::<16>()?) >> 48;
    Ok(LoginSessionId((u128::from(now_ms) << 80) | random))
}

pub fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], NoRandomness> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_and_differ() {
        let [first, second, later] = [7, 7, 8].map(|now_ms| draw_id(now_ms).unwrap());
        assert!(first != second && first < later && second < later);
        assert_eq!(first.0 >> 80, 7);
        assert_eq!(LoginSessionId::parse(&first.to_string()), Some(first));
    }
}
