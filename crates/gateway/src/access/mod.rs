//! Who asks: HTTP Basic against the accounts of the replicated state, with a bound on guesses.

mod attempts;
mod login;

pub(crate) use attempts::Attempts;
pub(crate) use login::authenticate;
