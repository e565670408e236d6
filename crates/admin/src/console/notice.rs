//! What a page says after a form was carried out. The address holds its name, not its text, so nobody can put words on our page.

/// Behind `?done=`.
const NOTICES: [(&str, &str); 14] = [
    ("account-saved", "The account is saved."),
    ("account-removed", "The account is removed."),
    ("cancelled", "The event is cancelled."),
    ("discarded", "The event is discarded."),
    ("handed-over", "The lead was handed over."),
    ("lane-changed", "The lane is changed."),
    ("manager-started", "The Transaction Manager takes events again."),
    ("manager-stopped", "The Transaction Manager takes no further events; what it has begun goes on."),
    ("moved", "The order of promotion is changed."),
    ("parameter-reset", "The parameter is back at its default, on all nodes."),
    ("parameter-set", "The parameter is set, on all nodes."),
    ("renewed", "The certificate is issued anew; the node shows it from now on, and no connection was cut."),
    ("resolved", "The answer is recorded; the event goes on."),
    ("retried", "The event is ready to run again."),
];

pub(super) fn of(query: &str) -> Option<&'static str> {
    let name = query.split('&').find_map(|pair| pair.strip_prefix("done="))?;
    NOTICES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn only_texts_of_ours_are_shown() {
        assert_eq!(of("state=dead&done=retried"), Some("The event is ready to run again."));
        for query in ["", "done=", "done=<script>", "undone=retried"] {
            assert_eq!(of(query), None, "{query}");
        }
    }
}
