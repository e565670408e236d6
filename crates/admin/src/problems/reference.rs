//! The page of the book.

use std::fmt::Write;

use super::Code;

const HEAD: &str = "# Problems of REST

What `/api/v2.0/` refuses, and what to do: the `code` of a problem document (RFC 9457). Its `type` is a link to the same words on the node
that answered, `/api/v2.0/problems/CODE`: HTML for a browser, text otherwise. What the words mean everywhere, and the problems of the
gateway and of a node that does not start: [errors](errors.md).

| code | status | what it is | what to do |
|---|---|---|---|
";

/// `docs/reference/problems.md`.
pub fn reference_page() -> String {
    let mut page = HEAD.to_owned();
    for code in Code::ALL {
        let statuses: Vec<&str> = code.statuses().iter().map(|status| status.as_str()).collect();
        let more = code.see().map(|see| format!(": [more](../{see})")).unwrap_or_default();
        let (name, title, mend) = (code.name(), code.title(), code.mend());
        let _ = writeln!(page, "| `{name}` | {} | {title} | {mend}{more} |", statuses.join(", "));
    }
    page
}
