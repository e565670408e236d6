//! What a page says after a form was carried out. The address holds its name, not its text, so nobody can put words on our page.

/// Behind `?done=`.
const NOTICES: &[(&str, &str)] = &[
    ("account-saved", "The account is saved."),
    ("account-removed", "The account is removed."),
    ("administrator-disabled", "They are shut out; their sessions and API tokens are over."),
    ("administrator-enabled", "They may log in again."),
    ("administrator-made", "The administrator may log in."),
    ("administrator-removed", "The administrator is removed."),
    ("administrator-saved", "The role is set."),
    ("administrator-unlocked", "They may log in again."),
    ("authority-distrusted", "The CA is trusted no longer, by any node."),
    ("authority-renewed", "The node has a new CA; the former one stays trusted until it is removed."),
    ("authority-trusted", "The CAs of the file are trusted, by all nodes."),
    ("cancelled", "The event is cancelled."),
    ("certificate-deleted", "Certificate and key are removed from the node."),
    ("certificate-imported", "The certificate and its key are on the node."),
    ("certificate-made", "The certificate is issued."),
    ("certificate-revoked", "The certificate is revoked: all nodes refuse it from now on."),
    ("client-certificate-added", "The certificate is registered: whoever shows it, and has its key, is let in."),
    ("client-certificate-removed", "The certificate is good for nothing more, on any node."),
    ("discarded", "The event is discarded."),
    ("handed-over", "The lead was handed over."),
    ("lane-changed", "The lane is changed."),
    ("manager-started", "The Transaction Manager takes events again."),
    ("manager-stopped", "The Transaction Manager takes no further events; what it has begun goes on."),
    ("moved", "The order of promotion is changed."),
    ("parameter-reset", "The parameter is back at its default, on all nodes."),
    ("parameter-set", "The parameter is set, on all nodes."),
    ("parameters-imported", "All of it is in force, on all nodes."),
    ("password-reset", "The password is reset."),
    ("renewed", "The certificate is issued anew; the node shows it from now on, and no connection was cut."),
    ("request-dropped", "The request and its key are deleted."),
    ("request-made", "The request is made; download it, and send it to the CA."),
    ("resolved", "The answer is recorded; the event goes on."),
    ("retried", "The event is ready to run again."),
    ("resubmitted", "The file is worked on again, as its account's route says now."),
    ("route-removed", "The route is removed."),
    ("route-set", "The route is set, for what comes in from now on."),
    ("second-factor-confirmed", "From now on a code is needed beside your password."),
    ("second-factor-reset", "The second factor is gone."),
    ("secret-changes", "The secret is being changed; the nodes take the new one in."),
    ("secret-finished", "The change is ended; the old secret is refused."),
    ("server-leaves", "The others take over what it has; remove it when nothing is left."),
    ("server-removed", "The server is no member any more; its process ends by itself."),
    ("server-stays", "The server stays a member."),
    ("session-ended", "The session is ended."),
    ("sessions-ended", "All sessions are ended."),
    ("token-revoked", "The API token is revoked."),
    ("upload-cancelled", "The upload is cancelled, and what had come of it is deleted."),
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
