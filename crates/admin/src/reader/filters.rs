//! How texts of the document are shown.

#![expect(unreachable_pub, reason = "the filter macro makes parts public that this module does not")]

use askama::filters::Safe;
use askama::{Template, Values};

use super::schema;
use super::words::Words;

/// A sentence with code in it.
#[askama::filter_fn]
pub(super) fn words(text: &str, _: &dyn Values) -> askama::Result<Safe<String>> {
    Words(text).render().map(Safe)
}

/// Where a schema stands on the page.
#[askama::filter_fn]
pub(super) fn anchor(name: &str, _: &dyn Values) -> askama::Result<String> {
    Ok(schema::anchor(name))
}
