//! Who asks: HTTP Basic, or the session of a browser, against the accounts of the replicated state, with a bound on guesses.

mod attempts;
mod login;
mod session;

pub(crate) use attempts::Attempts;
pub(crate) use login::{authenticate, check_password};
pub(crate) use session::{COOKIE, Session, renewed};
