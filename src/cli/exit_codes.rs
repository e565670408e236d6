//! What exit codes mean for commands where they say more than the common table.

pub(super) const DOCTOR: &str =
    "Exit codes: 0 if nothing failed (warnings do not count), 1 if something failed or a node gave no answer.";
pub(super) const SYNC_VERIFY: &str = "Exit codes: 0 if the states of all nodes are equal, 1 if one differs, or if nothing is known of one: it gave no digest.";
pub(super) const AUDIT_VERIFY: &str =
    "Exit codes: 0 if all rows hold together, 1 if one was altered, put in or taken out.";
pub(super) const STATUS: &str = "Exit codes: with --wait 3 if the node is not ready in time.";
pub(super) const CHANGES: &str =
    "Exit codes: 1 if an event was refused; the others are changed all the same, and the answer says which ones.";
pub(super) const SERVERS_REMOVE: &str = "Exit codes: with --wait 3 if the time is over; the member goes on leaving.";
pub(super) const TAEH_CHANGE: &str =
    "Exit codes: 1 if nodes do not have the new secret after a minute; the change goes on.";
pub(super) const RUN: &str = "Exit codes: 0 after an ordered stop, 2 if the node file is wrong, 70 if a part has failed that the node cannot do \
    without, 71 if the node was removed from its cluster.";
pub(super) const DEMO: &str =
    "Exit codes: 0 if the file went through the cluster and the nodes stopped in order, else 1.";
pub(super) const IMPORT: &str = "Exit codes: with --dry-run 0 if the import would be taken, 1 if it would be refused.";
pub(super) const PROFILE_SHOW: &str = "Exit codes: 1 if no profile is in use here or a file of it is missing, 2 if a file with a secret can be read by others.";
