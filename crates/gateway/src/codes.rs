//! Every error that a partner may see: its code, status, title and mend. `docs/reference/https-gateway.md` lists them.

use actix_web::http::StatusCode;

/// One kind of error. The code is stable; the texts may improve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    /// What the client can do about it.
    pub(crate) mend: &'static str,
}

macro_rules! codes {
    ($($name:ident = $status:ident, $code:literal, $title:literal, $mend:literal;)*) => {
        $(pub(crate) static $name: Code =
            Code { code: $code, status: StatusCode::$status, title: $title, mend: $mend };)*

        /// All of them, for the test of the documentation.
        #[cfg(test)]
        pub(crate) static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    BAD_PATH = BAD_REQUEST, "bad-path", "The path is not allowed", "correct the path; percent-encode UTF-8";
    BAD_HEADER = BAD_REQUEST, "bad-header", "A header is malformed", "correct the header";
    BAD_QUERY = BAD_REQUEST, "bad-query", "The query is malformed", "correct the query";
    BAD_FORM = BAD_REQUEST, "bad-form", "The form cannot be read", "load the page again and fill it in anew";
    PASSWORD_UNFIT = BAD_REQUEST, "password-unfit", "The new password cannot be taken", "choose one of 8 characters or more, the same in both fields";
    BAD_EVENT = BAD_REQUEST, "bad-event", "An event is malformed", "correct the field and send the event again";
    PARTIAL_PUT = BAD_REQUEST, "partial-put", "A part of a file cannot be stored", "send the whole file without Content-Range";
    DIGEST_MISMATCH = BAD_REQUEST, "digest-mismatch", "The contents are not the announced ones", "send the file again; nothing was stored";
    BODY_CUT_OFF = BAD_REQUEST, "body-cut-off", "The body ended early", "send it again; nothing was stored";
    UNAUTHORIZED = UNAUTHORIZED, "unauthorized", "Name or password is wrong or missing", "send the account's name and password with HTTP Basic";
    TOO_MANY_PARTS = FORBIDDEN, "too-many-parts", "The upload has as many parts as it may", "begin the upload anew and send larger parts";
    FOLDER_MOVE = FORBIDDEN, "folder-move", "Folders cannot be moved", "move the files one by one";
    DEPTH_INFINITE = FORBIDDEN, "depth-infinite", "Listings have a depth of 0 or 1", "send Depth: 0 or Depth: 1";
    CSRF_TOKEN_WRONG = FORBIDDEN, "csrf-token-wrong", "The token of the page is wrong or missing", "load the page again; a program sends X-CSRF-Token, or a password instead of a cookie";
    CROSS_SITE = FORBIDDEN, "cross-site", "Another site's page has made this request", "use the forms of this page";
    ACCOUNT_DISABLED = FORBIDDEN, "account-disabled", "The account was disabled or removed", "ask the administrator; nothing was stored";
    ACCOUNT_CHANGED = FORBIDDEN, "account-changed", "The account was changed", "connect again, with the new password if it has one";
    NOT_FOUND = NOT_FOUND, "not-found", "There is no such file or folder", "list the folder to see its files";
    NO_SUCH_EVENT = NOT_FOUND, "no-such-event", "There is no such event", "events are known for a while after they have ended";
    NO_SUCH_UPLOAD = NOT_FOUND, "no-such-upload", "There is no such upload", "begin the upload anew";
    METHOD_NOT_ALLOWED = METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed here", "see the Allow header";
    FOLDER_EXISTS = METHOD_NOT_ALLOWED, "folder-exists", "The name is taken already", "nothing needs to be done for a folder";
    UPLOAD_INTERRUPTED = REQUEST_TIMEOUT, "upload-interrupted", "The part ended early", "what came is kept: ask with HEAD for Upload-Offset and go on there";
    BODY_STALLED = REQUEST_TIMEOUT, "body-stalled", "The body came too slowly", "send it again; nothing was stored";
    PATH_IS_FOLDER = CONFLICT, "path-is-folder", "The name is that of a folder", "choose another name";
    PARENT_IS_FILE = CONFLICT, "parent-is-file", "A folder of the path is a file", "choose another folder";
    UPLOAD_OFFSET = CONFLICT, "upload-offset", "The part does not begin where the last one ended", "ask with HEAD for Upload-Offset and go on there";
    FOLDER_NOT_EMPTY = CONFLICT, "folder-not-empty", "The folder has files", "delete its files first; the folder goes with the last one";
    EVENT_ENDED = CONFLICT, "event-ended", "The event has ended", "nothing can be done about it any more";
    EVENT_BUSY = CONFLICT, "event-busy", "The event cannot be cancelled now", "a step of it may have had an effect already; look at it again later";
    TUS_VERSION = PRECONDITION_FAILED, "tus-version", "The version of the protocol is not spoken here", "send Tus-Resumable: 1.0.0";
    PRECONDITION_FAILED = PRECONDITION_FAILED, "precondition-failed", "The file is not the expected one", "read the file's ETag again and decide anew";
    TOO_LARGE = PAYLOAD_TOO_LARGE, "too-large", "The file is too large", "send a smaller file or ask the administrator to raise Files.maxSize";
    UPLOAD_LENGTH = PAYLOAD_TOO_LARGE, "upload-length", "The part goes beyond the end of the file", "send no more than Upload-Length says; nothing of the part was stored";
    EVENT_TOO_LARGE = PAYLOAD_TOO_LARGE, "event-too-large", "The data of an event is too large", "send at most 64 KiB; store more as a file and name it";
    LINE_TOO_LONG = PAYLOAD_TOO_LARGE, "line-too-long", "A line of the stream is too long", "end each event with a line feed and connect again";
    BATCH_TOO_LARGE = PAYLOAD_TOO_LARGE, "batch-too-large", "There are too many events in one request", "send fewer, or use the stream; nothing was published";
    ENCODING_UNSUPPORTED = UNSUPPORTED_MEDIA_TYPE, "encoding-unsupported", "The body is not supported", "send the plain bytes of the file without Content-Encoding; MKCOL takes no body";
    MEDIA_TYPE_UNSUPPORTED = UNSUPPORTED_MEDIA_TYPE, "media-type-unsupported", "The type of the body is not taken here", "send the Content-Type that the detail names";
    RANGE_NOT_SATISFIABLE = RANGE_NOT_SATISFIABLE, "range-not-satisfiable", "The range lies beyond the file", "see Content-Range for the length";
    OTHER_SERVER = UNPROCESSABLE_ENTITY, "other-server", "The destination is on another server", "name a destination below /files/ of this server";
    EVENT_EXPIRED = UNPROCESSABLE_ENTITY, "event-expired", "The event had expired when it came", "send it with a later time, or not at all";
    TOO_MANY_ATTEMPTS = TOO_MANY_REQUESTS, "too-many-attempts", "Too many wrong passwords", "wait as Retry-After says";
    INTERNAL = INTERNAL_SERVER_ERROR, "internal", "The server failed", "try again; tell the administrator if it stays";
    TOO_FEW_NODES = SERVICE_UNAVAILABLE, "too-few-nodes", "Too few nodes can hold the file", "try again later; nothing was stored";
    NO_QUORUM = SERVICE_UNAVAILABLE, "no-quorum", "The cluster cannot decide at the moment", "try again or use another node; nothing was changed";
    QUEUE_FULL = SERVICE_UNAVAILABLE, "queue-full", "The event queue is full", "not processed, safe to retry: try again later";
    UPLOADS_FULL = SERVICE_UNAVAILABLE, "uploads-full", "As many uploads run as may", "try again later or use another node; nothing was stored";
    STREAMS_FULL = SERVICE_UNAVAILABLE, "streams-full", "As many streams are open as may be", "use another node, or share a stream";
    PUBLISHING_FULL = SERVICE_UNAVAILABLE, "publishing-full", "As much is being published as may be", "try again or use another node; nothing was published";
    STANDBY = SERVICE_UNAVAILABLE, "standby", "This node stands by", "use the node that the detail names; nothing was changed";
    STOPPING = SERVICE_UNAVAILABLE, "stopping", "The node is stopping", "connect to another node and go on there";
    UPLOAD_BUSY = LOCKED, "upload-busy", "The file is being put together", "ask again with HEAD until the answer is another one";
    PASSWORDS_BUSY = SERVICE_UNAVAILABLE, "passwords-busy", "Too many passwords are being checked", "try again; nothing was done";
    STORAGE_FAILED = SERVICE_UNAVAILABLE, "storage-failed", "This node cannot store the file", "use another node; nothing was stored";
    NO_HOLDER = SERVICE_UNAVAILABLE, "no-holder", "No node that holds the file can be reached", "try again later";
    OUTCOME_UNKNOWN = GATEWAY_TIMEOUT, "outcome-unknown", "The change may or may not have happened", "look with HEAD, or repeat the request";
    TOO_MANY_UPLOADS = INSUFFICIENT_STORAGE, "too-many-uploads", "The account has as many unfinished uploads as it may", "finish or cancel some, or ask the administrator to raise Files.maxOpenUploads";
    TOO_MANY_LANES = INSUFFICIENT_STORAGE, "too-many-lanes", "The event queue has as many lanes as it may", "ask the administrator to give the account's events a lane that is there";
    QUOTA_EXCEEDED = INSUFFICIENT_STORAGE, "quota-exceeded", "The account's quota is used up", "delete files or ask the administrator for more";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_documented_with_its_status() {
        let page = include_str!("../../../docs/reference/https-gateway.md");
        for code in ALL {
            let row = format!("| `{}` | {} |", code.code, code.status.as_u16());
            assert!(page.contains(&row), "the page lacks the row {row}");
        }
    }

    #[test]
    fn codes_are_unique() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|code| code.code).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
