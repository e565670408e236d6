//! Keys and certificates of one node: what is done with its store, whether the node runs (asked over REST) or not (the step by
//! hand before a node is a member, `--dir`).

mod authorities;
mod certificates;
mod folder;
mod problems;
mod requests;

use flotilla_admin::nodes::{NodeProblem, PkiAnswer, PkiRequest};
use flotilla_pki::{Fingerprint, LocalCertificate, Store};

pub use folder::{FolderPki, FolderPkiError};

/// What the store alone does not know.
pub(crate) struct Surroundings<'a> {
    /// The number of the node, once it is a member.
    pub(crate) node: Option<u64>,
    /// The host's name.
    pub(crate) name: Option<String>,
    /// CAs of the nodes: what they issued may be issued anew by this node's own.
    pub(crate) internal: Vec<Fingerprint>,
    /// Has a say before a certificate is put into the store.
    pub(crate) approve: &'a (dyn Fn(&LocalCertificate) -> Result<(), NodeProblem> + Sync),
    pub(crate) now_ms: u64,
}

/// Does with the store what is asked for. Keys are made here: it may take seconds.
pub(crate) fn carry_out(
    store: &Store,
    around: &Surroundings<'_>,
    request: PkiRequest,
) -> Result<PkiAnswer, NodeProblem> {
    match request {
        PkiRequest::GenerateAuthority(request) => authorities::generate(store, around, &request),
        PkiRequest::RenewAuthority(request) => authorities::renew(store, &request),
        PkiRequest::Generate(request) => certificates::generate(store, around, &request),
        PkiRequest::Import(request) => certificates::import(store, around, &request),
        PkiRequest::Export { alias, export } => certificates::export(store, &alias, &export),
        PkiRequest::Renew { alias } => certificates::renew(store, around, &alias),
        PkiRequest::Delete { alias } => certificates::delete(store, &alias),
        PkiRequest::Request(request) => requests::make(store, around, &request),
        PkiRequest::Requests => requests::list(store),
        PkiRequest::ImportReply(reply) => requests::import_reply(store, around, &reply),
        PkiRequest::DeleteRequest { alias } => requests::delete(store, &alias),
        PkiRequest::IfFingerprint { alias, fingerprint, request } => {
            let _turn = store.turn();
            certificates::require(store, &alias, fingerprint)?;
            carry_out(store, around, *request)
        }
    }
}

impl Surroundings<'_> {
    /// The host's name, for what is made in its name.
    fn name(&self) -> Result<&str, NodeProblem> {
        let missing =
            || NodeProblem::invalid("this folder does not name its host yet").mend("name it with --common-name");
        self.name.as_deref().ok_or_else(missing)
    }

    /// Names that a certificate of this host stands for.
    fn names(&self) -> Result<Vec<String>, NodeProblem> {
        Ok(super::place::certificate_names(self.name()?))
    }
}
