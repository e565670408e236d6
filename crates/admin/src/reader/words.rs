//! Sentences with code in them.

use askama::Template;

use crate::problems::Code;

/// What stands between backticks is code; the code of a problem leads to its page.
#[derive(Template)]
#[template(path = "reader/words.html")]
pub(super) struct Words<'a>(pub(super) &'a str);

enum Part<'a> {
    Text(&'a str),
    Code(&'a str),
    Problem(&'a str, Code),
}

impl<'a> Words<'a> {
    fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        self.0.split('`').enumerate().map(|(place, part)| match Code::of_name(part) {
            _ if place % 2 == 0 => Part::Text(part),
            Some(code) => Part::Problem(part, code),
            None => Part::Code(part),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_set_apart_and_nothing_is_markup() {
        let shown = Words("send `<b>` & `x`, or not-found").render().unwrap();
        assert_eq!(shown, "send <code>&#60;b&#62;</code> &#38; <code>x</code>, or not-found");
    }

    #[test]
    fn problems_lead_to_their_pages() {
        let shown = Words("`not-found`: it is gone").render().unwrap();
        assert_eq!(shown, "<a href=\"/api/v2.0/problems/not-found\"><code>not-found</code></a>: it is gone");
    }
}
