//! Text from outside becomes part of a page here only.

use std::fmt::{self, Display, Formatter, Write};

pub(super) struct Text<'a>(&'a str);

/// `text` as HTML, between tags and within the quotes of an attribute.
pub(super) fn text(text: &str) -> Text<'_> {
    Text(text)
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // No HTML may contain them, whichever way they are written.
                c if c.is_control() && !c.is_whitespace() => f.write_char(char::REPLACEMENT_CHARACTER)?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_tag_or_an_attribute() {
        assert_eq!(
            text("<script>\"&'\u{0}</script> µs").to_string(),
            "&lt;script&gt;&quot;&amp;&#39;\u{fffd}&lt;/script&gt; µs"
        );
    }
}
