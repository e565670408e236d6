//! The codes.

use actix_web::http::StatusCode;

use crate::api::BASE_PATH;

/// Each line: the code, its statuses (the usual one first), its title, what to do, and where the book says more.
macro_rules! codes {
    ($($code:ident $name:literal [$($status:ident),+] $title:literal, $mend:literal $(, see $see:literal)?;)*) => {
        /// What a refusal is called. Stable, made for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Code {
            $($code,)*
        }

        impl Code {
            /// In the order of their names.
            pub(crate) const ALL: &[Self] = &[$(Self::$code,)*];

            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The same for every occurrence.
            pub(crate) const fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)*
                }
            }

            /// With which it may come, the usual one first.
            pub(crate) const fn statuses(self) -> &'static [StatusCode] {
                match self {
                    $(Self::$code => &[$(StatusCode::$status,)+],)*
                }
            }

            /// What to do, whatever the occurrence; code stands between backticks.
            pub(crate) const fn mend(self) -> &'static str {
                match self {
                    $(Self::$code => $mend,)*
                }
            }

            /// Where the book says more: a page below `docs/`.
            pub(crate) fn see(self) -> Option<&'static str> {
                match self {
                    $(Self::$code => None$(.or(Some($see)))?,)*
                }
            }
        }
    };
}

codes! {
    AccountInUse "account-in-use" [CONFLICT] "The account is in use", "the account has files: remove them first";
    AliasTaken "alias-taken" [CONFLICT] "The alias has a certificate",
        "the node has a certificate with this alias: choose another one, delete it, or replace it", see "how-to/certificates.md";
    AliasUnusable "alias-unusable" [CONFLICT] "Nodes would be cut off",
        "`detail` names the nodes that the switch would cut off, and why: give each a certificate, then switch",
        see "how-to/certificates.md";
    AuthorityInUse "authority-in-use" [CONFLICT] "The CA is in use",
        "a member has this CA, or certificates of it: `flotilla ca renew`, or remove it with `--force`", see "how-to/certificates.md";
    BadCredentials "bad-credentials" [UNAUTHORIZED] "Name or password is wrong",
        "check name and password; after many failures a name is locked for a while: `flotilla admin list` through a node's own \
         folder, `flotilla admin unlock NAME`; an API token may have been revoked, or have ended with its time, its owner or their \
         role; a local token is good for its own node only", see "how-to/access.md";
    BodyTooLarge "body-too-large" [PAYLOAD_TOO_LARGE] "The body is too large", "a body has 256 KiB at most";
    BodyTooSlow "body-too-slow" [REQUEST_TIMEOUT] "The body came too slowly", "send the body within 15 s";
    CertificateExpired "certificate-expired" [BAD_REQUEST] "The certificate is not valid at this time",
        "get a new one, compare the clocks", see "how-to/certificates.md";
    CertificateFileDamaged "certificate-file-damaged" [BAD_REQUEST] "The file cannot be read",
        "see `detail`: cut off, no PKCS#12 or PEM, a cipher that is not supported, or opening it would take too long";
    CertificateInUse "certificate-in-use" [CONFLICT] "The certificate is in use",
        "a node shows it: renew it, or switch the alias, first", see "how-to/certificates.md";
    CertificateUntrusted "certificate-untrusted" [CONFLICT] "The cluster does not trust the certificate",
        "the node would be cut off with it: `flotilla ca import` its CA first", see "how-to/certificates.md";
    ClusterFull "cluster-full" [CONFLICT] "The cluster takes no further member", "a cluster has 100 members at most";
    CrossSite "cross-site" [FORBIDDEN] "The request comes from another site",
        "a page of another site made the browser send this; nothing was done";
    CsrfTokenWrong "csrf-token-wrong" [FORBIDDEN] "The request has no CSRF token, or a wrong one",
        "a change by a session needs the header `X-CSRF-Token`: `GET sessions/current` tells it";
    Forbidden "forbidden" [FORBIDDEN] "The role does not allow this",
        "ask an administrator. API tokens do not do what is for people: log in with name and password", see "how-to/access.md";
    IdempotencyKeyReused "idempotency-key-reused" [UNPROCESSABLE_ENTITY] "The idempotency key was used for another request",
        "draw a new key for each request that is not a repetition", see "reference/rest.md";
    Internal "internal" [INTERNAL_SERVER_ERROR] "The node failed", "see the log of the node that answered";
    InvalidBody "invalid-body" [BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE] "The body is not acceptable",
        "send what the description of the operation asks for, with its `Content-Type`", see "reference/rest.md";
    InvalidValue "invalid-value" [BAD_REQUEST] "A value is not acceptable", "correct the `field`";
    JoinTokenRefused "join-token-refused" [FORBIDDEN] "The join token is not accepted",
        "unknown, expired or used: `flotilla token create`", see "how-to/add-a-node.md";
    KeyMismatch "key-mismatch" [BAD_REQUEST] "The private key belongs to another certificate",
        "export both as they were made together";
    KeyMissing "key-missing" [BAD_REQUEST] "There is no private key", "the file has certificates only: export it with its key";
    LastOfItsKind "last-of-its-kind" [CONFLICT] "The last one cannot be removed", "make another one first";
    MethodNotAllowed "method-not-allowed" [METHOD_NOT_ALLOWED] "The resource does not know this method",
        "see `Allow` in the answer", see "reference/rest.md";
    NameTaken "name-taken" [CONFLICT] "The name is taken",
        "choose another; if it is a member's name and cluster address, the member is there even if it is down: replace it",
        see "how-to/replace-a-dead-node.md";
    NoCredentials "no-credentials" [UNAUTHORIZED] "Credentials are needed",
        "send name and password, an API token, or a local token", see "how-to/access.md";
    NotFound "not-found" [NOT_FOUND] "There is no such resource",
        "see `detail`; an ended event is told of in its transfer, old transfers go at `TransferLog.maxRecords`";
    OnlyHolder "only-holder" [CONFLICT] "The node alone holds contents",
        "`flotilla servers remove --wait` has copies made first", see "how-to/remove-a-node.md";
    OutcomeUnknown "outcome-unknown" [GATEWAY_TIMEOUT] "It is not known whether the change was made",
        "read the resource before you repeat the change";
    PasswordChangeRequired "password-change-required" [FORBIDDEN] "The password must be changed first",
        "`flotilla admin password NAME`, or `PUT administrators/NAME`", see "how-to/access.md";
    QuorumAtStake "quorum-at-stake" [CONFLICT] "The cluster would lose its majority",
        "without that member no majority would be up: bring another one back first", see "how-to/remove-a-node.md";
    SecondFactorRequired "second-factor-required" [UNAUTHORIZED] "A code of the second factor is needed",
        "`POST sessions` takes it; programs use an API token", see "how-to/access.md";
    SessionOver "session-over" [UNAUTHORIZED] "The session is over",
        "it was ended, lay idle, reached its end, or the password or role changed: log in again";
    TooManyApiTokens "too-many-api-tokens" [CONFLICT] "There are as many API tokens as there may be",
        "a cluster has 1000 at most: `flotilla api-token list`, revoke those that nobody needs";
    TooManyRequests "too-many-requests" [TOO_MANY_REQUESTS] "Too many requests",
        "join requests are limited to 5 a second, failed log-ins by name and address: wait a minute", see "reference/rest.md";
    Unavailable "unavailable" [SERVICE_UNAVAILABLE] "The cluster cannot do this now",
        "nothing was changed; try again or ask another node. If it stays: there is no primary", see "runbooks/no-primary.md";
    VersionConflict "version-conflict" [PRECONDITION_FAILED] "The resource was changed meanwhile",
        "read it again and repeat";
    WrongPassword "wrong-password" [BAD_REQUEST] "The password is wrong", "of the file; or it was altered since it was written";
    WrongState "wrong-state" [CONFLICT] "The resource is in another state",
        "see `detail`; of an event: `flotilla queue list`", see "how-to/work-with-dead-letters.md";
    WrongUsage "wrong-usage" [BAD_REQUEST] "The certificate is for something else",
        "a CA, one without serverAuth and clientAuth, or one that is bound to another node", see "how-to/certificates.md";
}

impl Code {
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }

    /// The usual one.
    pub(crate) const fn status(self) -> StatusCode {
        self.statuses()[0]
    }

    /// `type` of its problem documents: a page that this server answers with.
    pub(crate) fn path(self) -> String {
        format!("{BASE_PATH}/problems/{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_sorted_and_found() {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        assert!(names.is_sorted_by(|left, right| left < right), "{names:?}");
        assert!(Code::ALL.iter().all(|code| Code::of_name(code.name()) == Some(*code)));
        assert_eq!(Code::of_name("nonsense"), None);
    }

    #[test]
    fn every_code_says_what_to_do_and_names_a_page_that_is_there() {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        for code in Code::ALL {
            assert!(!code.mend().is_empty() && !code.mend().ends_with('.'), "{code:?}");
            assert_eq!(code.mend().matches('`').count() % 2, 0, "{code:?}");
            assert!(code.see().is_none_or(|page| docs.join(page).is_file()), "{code:?}: {:?}", code.see());
        }
    }
}
