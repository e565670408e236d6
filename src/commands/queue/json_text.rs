//! JSON in lines, as it was written: neither the digits of a number nor the order of keys change, and no depth is too deep.

/// Deeper levels are indented no further.
const INDENTED_LEVELS_MAX: usize = 40;

/// Lays valid JSON out, up to so many lines and bytes; the flag says whether that was all of it.
pub(super) fn lay_out(json: &str, lines_max: usize, bytes_max: usize) -> (String, bool) {
    let (mut text, mut lines, mut level) = (String::new(), 1, 0usize);
    let (mut in_string, mut is_escaped) = (false, false);
    let mut marks = json.chars().peekable();
    while let Some(mark) = marks.next() {
        if text.len() + mark.len_utf8() > bytes_max || lines > lines_max {
            return (text.trim_end().to_owned(), false);
        }
        if in_string {
            text.push(mark);
            match mark {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match mark {
            ' ' | '\n' | '\r' | '\t' => {}
            '{' | '[' => {
                text.push(mark);
                while marks.next_if(|next| next.is_ascii_whitespace()).is_some() {}
                if let Some(end) = marks.next_if(|next| matches!(next, '}' | ']')) {
                    text.push(end);
                } else {
                    level += 1;
                    lines += new_line(&mut text, level);
                }
            }
            '}' | ']' => {
                level = level.saturating_sub(1);
                lines += new_line(&mut text, level);
                text.push(mark);
            }
            ',' => {
                text.push(mark);
                lines += new_line(&mut text, level);
            }
            ':' => text.push_str(": "),
            _ => {
                in_string = mark == '"';
                text.push(mark);
            }
        }
    }
    (text, true)
}

fn new_line(text: &mut String, level: usize) -> usize {
    text.push('\n');
    text.push_str(&"  ".repeat(level.min(INDENTED_LEVELS_MAX)));
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(json: &str) -> String {
        let (text, is_whole) = lay_out(json, 1000, 100_000);
        assert!(is_whole, "{json}");
        text
    }

    #[test]
    fn it_is_laid_out_and_stays_what_it_was() {
        for (json, text) in [
            ("5", "5"),
            ("[]", "[]"),
            ("{ }", "{}"),
            (r#"{"b":1,"a":[1.10, 2]}"#, "{\n  \"b\": 1,\n  \"a\": [\n    1.10,\n    2\n  ]\n}"),
            (r#""a, {\"b\": [\\""#, r#""a, {\"b\": [\\""#),
            (r#"{"a\\":{}}"#, "{\n  \"a\\\\\": {}\n}"),
        ] {
            assert_eq!(whole(json), text);
            let value = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(value(text), value(json));
        }
    }

    #[test]
    fn it_is_bounded() {
        let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
        let (text, is_whole) = lay_out(&deep, 100, 16_384);
        assert!(!is_whole && text.lines().count() <= 101 && text.len() <= 16_384);
        let long = format!("\"{}\"", "ä".repeat(10_000));
        let (text, is_whole) = lay_out(&long, 100, 1000);
        assert!(!is_whole && text.len() <= 1000);
    }
}
