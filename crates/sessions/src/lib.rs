//! Sessions in browsers, of administrators and of partners: a sealed cookie, and the ids of the rows that it belongs to.
//!
//! The cookie proves; the row says that the session goes on. Every node can open the cookie and has the row, so none holds anything
//! of a session by itself. When the session was used last stands in the cookie alone: one that grows old is given out anew with
//! the answer to a request, and one that is too old ends the session. So an idle end costs no log entries.

mod cookie;

use flotilla_credentials::{CredentialError, random_bytes};
use flotilla_model::LoginSessionId;

pub use cookie::{CookieKind, Opened, SessionCookie};

/// A ULID: the time in milliseconds, then 80 random bits.
pub fn draw_id(now_ms: u64) -> Result<LoginSessionId, CredentialError> {
    let random = u128::from_be_bytes(random_bytes()?) >> 48;
    Ok(LoginSessionId((u128::from(now_ms) << 80) | random))
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
