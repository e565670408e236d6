//! Where certificates are: on the nodes of a cluster, or in the folder of a node that does not run. Both are asked alike.

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{
    AuthorityView, CertificateView, ExportCertificate, ExportedCertificate, GenerateAuthority, GenerateCertificate,
    ImportCertificate, ImportReply, NodeId, RenewAuthority, RequestCertificate, RequestView,
};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer, PkiRequest};
use flotilla_node::setup::FolderPki;

use crate::cli::StorePlace;
use crate::commands::call;
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};

pub(in crate::commands) enum Target {
    Folder(FolderPki),
    /// The cluster, and the node that is meant, if one is named.
    Cluster(Client, Option<NodeId>),
}

/// A refusal, with what to do.
fn refused(problem: NodeProblem) -> anyhow::Error {
    match &problem.mend {
        Some(mend) => coded(CHECK_FAILED, format!("{}: {mend}", problem.detail)),
        None => coded(CHECK_FAILED, problem.detail),
    }
}

fn strange() -> anyhow::Error {
    anyhow::anyhow!("the store answered something else")
}

fn ask(folder: &FolderPki, request: PkiRequest) -> Result<PkiAnswer> {
    folder.carry_out(request).map_err(refused)
}

fn ask_certificate(folder: &FolderPki, request: PkiRequest) -> Result<CertificateView> {
    match ask(folder, request)? {
        PkiAnswer::Certificate { alias, .. } => folder.certificate(&alias).map_err(refused),
        _ => Err(strange()),
    }
}

fn ask_authority(folder: &FolderPki, request: PkiRequest) -> Result<AuthorityView> {
    let PkiAnswer::Authority { fingerprint, .. } = ask(folder, request)? else { return Err(strange()) };
    let found = folder.authorities().map_err(refused)?.into_iter().find(|view| view.fingerprint == fingerprint);
    found.ok_or_else(strange)
}

/// The node that is meant: the one that answers, if none is named.
async fn node_of(client: &Client, node: Option<NodeId>) -> Result<NodeId> {
    match node {
        Some(node) => Ok(node),
        None => Ok(call(client.status().await)?.node),
    }
}

impl Target {
    pub(in crate::commands) fn of(place: &StorePlace) -> Result<Self> {
        match &place.dir {
            Some(dir) => Ok(Self::Folder(FolderPki::open(dir).map_err(|error| coded(CHECK_FAILED, error))?)),
            None => Ok(Self::Cluster(connect(&place.connection)?, place.node.map(NodeId))),
        }
    }

    pub(super) async fn generate(&self, mut request: GenerateCertificate) -> Result<CertificateView> {
        match self {
            Self::Folder(folder) => ask_certificate(folder, PkiRequest::Generate(request)),
            Self::Cluster(client, node) => {
                request.node = *node;
                call(client.generate_certificate(&request).await)
            }
        }
    }

    /// Of all nodes, unless one is named.
    pub(super) async fn list(&self) -> Result<Vec<CertificateView>> {
        match self {
            Self::Folder(folder) => folder.certificates().map_err(refused),
            Self::Cluster(client, node) => call(client.certificates(*node).await),
        }
    }

    pub(super) async fn show(&self, alias: &str) -> Result<CertificateView> {
        match self {
            Self::Folder(folder) => folder.certificate(alias).map_err(refused),
            Self::Cluster(client, node) => call(client.certificate(node_of(client, *node).await?, alias).await),
        }
    }

    pub(super) async fn export(&self, alias: &str, export: ExportCertificate) -> Result<ExportedCertificate> {
        match self {
            Self::Folder(folder) => match ask(folder, PkiRequest::Export { alias: alias.to_owned(), export })? {
                PkiAnswer::Exported(exported) => Ok(exported),
                _ => Err(strange()),
            },
            Self::Cluster(client, node) => {
                call(client.export_certificate(node_of(client, *node).await?, alias, &export).await)
            }
        }
    }

    pub(super) async fn import(&self, mut request: ImportCertificate) -> Result<CertificateView> {
        match self {
            Self::Folder(folder) => ask_certificate(folder, PkiRequest::Import(request)),
            Self::Cluster(client, node) => {
                request.node = *node;
                call(client.import_certificate(&request).await)
            }
        }
    }

    pub(super) async fn renew(&self, alias: &str) -> Result<CertificateView> {
        match self {
            Self::Folder(folder) => ask_certificate(folder, PkiRequest::Renew { alias: alias.to_owned() }),
            Self::Cluster(client, node) => call(client.renew_certificate(node_of(client, *node).await?, alias).await),
        }
    }

    pub(super) async fn delete(&self, alias: &str) -> Result<()> {
        match self {
            Self::Folder(folder) => ask(folder, PkiRequest::Delete { alias: alias.to_owned() }).map(drop),
            Self::Cluster(client, node) => {
                call(client.delete_certificate(node_of(client, *node).await?, alias).await).map(drop)
            }
        }
    }

    pub(super) async fn request(&self, mut request: RequestCertificate) -> Result<RequestView> {
        match self {
            Self::Folder(folder) => match ask(folder, PkiRequest::Request(request))? {
                PkiAnswer::Requests(views) => views.into_iter().next().ok_or_else(strange),
                _ => Err(strange()),
            },
            Self::Cluster(client, node) => {
                request.node = *node;
                call(client.request_certificate(&request).await)
            }
        }
    }

    pub(super) async fn requests(&self) -> Result<Vec<RequestView>> {
        match self {
            Self::Folder(folder) => match ask(folder, PkiRequest::Requests)? {
                PkiAnswer::Requests(views) => Ok(views),
                _ => Err(strange()),
            },
            Self::Cluster(client, node) => call(client.certificate_requests(*node).await),
        }
    }

    pub(super) async fn delete_request(&self, alias: &str) -> Result<()> {
        match self {
            Self::Folder(folder) => ask(folder, PkiRequest::DeleteRequest { alias: alias.to_owned() }).map(drop),
            Self::Cluster(client, node) => {
                call(client.delete_certificate_request(node_of(client, *node).await?, alias).await).map(drop)
            }
        }
    }

    pub(super) async fn import_reply(&self, mut reply: ImportReply) -> Result<CertificateView> {
        match self {
            Self::Folder(folder) => ask_certificate(folder, PkiRequest::ImportReply(reply)),
            Self::Cluster(client, node) => {
                reply.node = *node;
                call(client.import_reply(&reply).await)
            }
        }
    }

    pub(in crate::commands) async fn generate_authority(
        &self,
        mut request: GenerateAuthority,
    ) -> Result<AuthorityView> {
        match self {
            Self::Folder(folder) => ask_authority(folder, PkiRequest::GenerateAuthority(request)),
            Self::Cluster(client, node) => {
                request.node = *node;
                call(client.generate_authority(&request).await)
            }
        }
    }

    pub(in crate::commands) async fn renew_authority(&self, mut request: RenewAuthority) -> Result<AuthorityView> {
        match self {
            Self::Folder(folder) => ask_authority(folder, PkiRequest::RenewAuthority(request)),
            Self::Cluster(client, node) => {
                request.node = *node;
                call(client.renew_authority(&request).await)
            }
        }
    }

    /// Of one node only, if one is named.
    pub(in crate::commands) async fn authorities(&self) -> Result<Vec<AuthorityView>> {
        match self {
            Self::Folder(folder) => folder.authorities().map_err(refused),
            Self::Cluster(client, node) => {
                let rows = call(client.authorities().await)?;
                Ok(rows.into_iter().filter(|view| node.is_none() || view.node == *node).collect())
            }
        }
    }

    /// The internal CA of the node that is meant.
    pub(in crate::commands) async fn own_authority(&self) -> Result<Option<AuthorityView>> {
        let node = match self {
            Self::Folder(_) => None,
            Self::Cluster(client, node) => Some(node_of(client, *node).await?),
        };
        let is_own = |view: &AuthorityView| view.is_current && (node.is_none() || view.node == node);
        Ok(self.authorities().await?.into_iter().find(is_own))
    }

    pub(in crate::commands) async fn import_authorities(&self, pem: &str) -> Result<Vec<AuthorityView>> {
        match self {
            Self::Folder(folder) => folder.import_authorities(pem).map_err(refused),
            Self::Cluster(client, _) => call(client.import_authorities(pem).await),
        }
    }

    pub(in crate::commands) async fn remove_authority(&self, name: &str, force: bool) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.remove_authority(name, force).map_err(refused),
            Self::Cluster(client, _) => call(client.remove_authority(name, force).await).map(drop),
        }
    }
}
