//! Which series a PromQL expression asks for. Not a parser: whether the expression is well-formed, `promtool` knows.

/// One series that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selector<'a> {
    pub(super) metric: &'a str,
    /// Labels that it is chosen by.
    pub(super) labels: Vec<&'a str>,
}

/// They stand between series, or before a list of labels.
const KEYWORDS: [&str; 9] = ["and", "or", "unless", "offset", "bool", "inf", "Inf", "nan", "NaN"];
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// Every series of an expression, in its order.
pub(super) fn selectors(expression: &str) -> Vec<Selector<'_>> {
    let mut found: Vec<Selector<'_>> = Vec::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = behind(&rest[1..], '"');
        } else if first == '[' {
            rest = behind(rest, ']');
        } else if first.is_ascii_digit() {
            // A number, with its unit if it is a duration.
            rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '.');
        } else if is_name(first) {
            let (name, after) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
            let next = after.trim_start();
            rest = after;
            if BEFORE_LABELS.contains(&name) {
                rest = if next.starts_with('(') { behind(next, ')') } else { after };
            } else if !KEYWORDS.contains(&name) && !is_applied(next) {
                let (labels, after) = next.strip_prefix('{').map_or((Vec::new(), after), matchers);
                found.push(Selector { metric: name, labels });
                rest = after;
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    found
}

/// Whether what stands before is a function or an aggregation.
fn is_applied(next: &str) -> bool {
    let word = next.split(|c| !is_name(c)).next();
    next.starts_with('(') || matches!(word, Some("by" | "without"))
}

/// The labels up to the closing brace, and what stands behind it.
fn matchers(mut rest: &str) -> (Vec<&str>, &str) {
    let mut labels = Vec::new();
    while let Some(first) = rest.chars().next() {
        if first == '}' {
            return (labels, &rest[1..]);
        } else if first == '"' {
            rest = behind(&rest[1..], '"');
        } else if is_name(first) {
            let (name, after) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
            labels.push(name);
            rest = after;
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    (labels, rest)
}

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

/// What follows the next `end`.
fn behind(text: &str, end: char) -> &str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `a, b{x y}`.
    fn found(expression: &str) -> String {
        let text = |Selector { metric, labels }: Selector<'_>| match labels[..] {
            [] => metric.to_owned(),
            _ => format!("{metric}{{{}}}", labels.join(" ")),
        };
        selectors(expression).into_iter().map(text).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn series_are_told_from_functions_keywords_labels_and_numbers() {
        for (expression, expected) in [
            ("up == 0", "up"),
            ("max by (job, lane) (a_b) > 2 * 1024", "a_b"),
            (r#"rate(a{x="}, y=1",z!~"b.*"}[5m]) / a"#, "a{x z}, a"),
            ("a < on (job) group_left () max(b offset 2m)", "a, b"),
            ("sum(a) without (x) / count by(y)(b)", "a, b"),
            ("job:a:ratio > 0.8 or b > 1e3 and NaN", "job:a:ratio, b"),
            (r#"sum by (le) (increase(a_bucket{job=~"$job"}[$__rate_interval]))"#, "a_bucket{job}"),
        ] {
            assert_eq!(found(expression), expected, "{expression}");
        }
    }

    #[test]
    fn what_is_cut_off_ends() {
        for expression in ["a{x=\"", "a{", "rate(a[5m", "\"", "sum by (", "ä"] {
            selectors(expression);
        }
    }
}
