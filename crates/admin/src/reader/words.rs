//! Sentences with code in them.

use maud::{Markup, html};

/// What stands between backticks is code.
pub(super) fn words(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_set_apart_and_nothing_is_markup() {
        let shown = words("send `<b>` & `x`").into_string();
        assert_eq!(shown, "send <code>&lt;b&gt;</code> &amp; <code>x</code>");
    }
}
