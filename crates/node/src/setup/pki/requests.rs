//! Certificates from a CA of someone else: the request, the wait, the reply.

use flotilla_admin::api::{ImportReply, RequestCertificate, RequestView};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer};
use flotilla_pki::{Alias, CertificateRequest, Store, StoreError};

use super::Surroundings;
use super::certificates::keep;
use super::problems::{of_alias, of_authority, of_store};

pub(super) fn make(
    store: &Store,
    around: &Surroundings<'_>,
    request: &RequestCertificate,
) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = request.alias.parse().map_err(of_alias)?;
    let common_name = match &request.common_name {
        Some(name) => name.clone(),
        None => around.name()?.to_owned(),
    };
    // A company's CA vouches for names that others know, and not for localhost.
    let names = if request.names.is_empty() { vec![common_name.clone()] } else { request.names.clone() };
    let made = CertificateRequest::generate(&common_name, &names, request.algorithm).map_err(of_authority)?;
    store.add_request(&alias, &made).map_err(of_store)?;
    Ok(PkiAnswer::Requests(vec![view(&alias, made.request_pem)]))
}

pub(super) fn list(store: &Store) -> Result<PkiAnswer, NodeProblem> {
    let mut views = Vec::new();
    for alias in store.list_requests().map_err(of_store)? {
        if let Some(request) = store.load_request(&alias).map_err(of_store)? {
            views.push(view(&alias, request.request_pem));
        }
    }
    Ok(PkiAnswer::Requests(views))
}

pub(super) fn import_reply(
    store: &Store,
    around: &Surroundings<'_>,
    reply: &ImportReply,
) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = reply.alias.parse().map_err(of_alias)?;
    let local = store.read_reply(&alias, reply.file.bytes()).map_err(of_store)?;
    // A reply to a request for an alias that has a certificate renews it.
    let answer = keep(store, around, &local, true)?;
    store.delete_request(&alias).map_err(of_store)?;
    Ok(answer)
}

pub(super) fn delete(store: &Store, alias: &str) -> Result<PkiAnswer, NodeProblem> {
    let alias: Alias = alias.parse().map_err(of_alias)?;
    if store.load_request(&alias).map_err(of_store)?.is_none() {
        return Err(of_store(StoreError::NoRequest { alias }));
    }
    store.delete_request(&alias).map_err(of_store)?;
    Ok(PkiAnswer::Done)
}

fn view(alias: &Alias, request_pem: String) -> RequestView {
    RequestView { node: None, alias: alias.as_str().to_owned(), request_pem }
}
