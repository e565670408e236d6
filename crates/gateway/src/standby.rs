//! Partners are refused, with the address that serves them, while this node only stands by.

use crate::codes;
use crate::context::Context;
use crate::problem::Problem;

pub(crate) fn check(context: &Context) -> Result<(), Problem> {
    match context.log.standby() {
        None => Ok(()),
        Some(url) if url.is_empty() => {
            Err(Problem::new(&codes::STANDBY, "no node leads at the moment").retry_after_s(1))
        }
        Some(url) => Err(Problem::new(&codes::STANDBY, format!("partners are served at {url}")).retry_after_s(1)),
    }
}
