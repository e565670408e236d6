//! The store of a node that does not run, asked as a running one is.

use anyhow::Result;
use flotilla_admin::api::{
    AuthorityView, CertificateView, ExportCertificate, ExportedCertificate, GenerateAuthority, GenerateCertificate,
    ImportCertificate, ImportReply, RenewAuthority, RequestCertificate, RequestView,
};
use flotilla_admin::nodes::{NodeProblem, PkiAnswer, PkiRequest};
use flotilla_node::setup::FolderPki;

use crate::cli::StorePlace;
use crate::exit::{CHECK_FAILED, coded};

pub(in crate::commands) struct Folder(FolderPki);

/// The folder that is named, if one is.
pub(in crate::commands) fn in_folder(place: &StorePlace) -> Result<Option<Folder>> {
    let Some(dir) = &place.dir else { return Ok(None) };
    let open = FolderPki::open(dir).map_err(|error| coded(CHECK_FAILED, error))?;
    Ok(Some(Folder(open)))
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

impl Folder {
    fn ask(&self, request: PkiRequest) -> Result<PkiAnswer> {
        self.0.carry_out(request).map_err(refused)
    }

    fn certificate_of(&self, answer: PkiAnswer) -> Result<CertificateView> {
        let PkiAnswer::Certificate { alias, .. } = answer else { return Err(strange()) };
        self.certificate(&alias)
    }

    fn authority_of(&self, answer: PkiAnswer) -> Result<AuthorityView> {
        let PkiAnswer::Authority { fingerprint, .. } = answer else { return Err(strange()) };
        self.authorities()?.into_iter().find(|view| view.fingerprint == fingerprint).ok_or_else(strange)
    }

    pub(in crate::commands) fn generate(&self, request: GenerateCertificate) -> Result<CertificateView> {
        self.certificate_of(self.ask(PkiRequest::Generate(request))?)
    }

    pub(in crate::commands) fn import(&self, request: ImportCertificate) -> Result<CertificateView> {
        self.certificate_of(self.ask(PkiRequest::Import(request))?)
    }

    pub(in crate::commands) fn export(&self, alias: &str, export: ExportCertificate) -> Result<ExportedCertificate> {
        match self.ask(PkiRequest::Export { alias: alias.to_owned(), export })? {
            PkiAnswer::Exported(exported) => Ok(exported),
            _ => Err(strange()),
        }
    }

    pub(in crate::commands) fn renew(&self, alias: &str) -> Result<CertificateView> {
        self.certificate_of(self.ask(PkiRequest::Renew { alias: alias.to_owned() })?)
    }

    pub(in crate::commands) fn delete(&self, alias: &str) -> Result<()> {
        self.ask(PkiRequest::Delete { alias: alias.to_owned() }).map(drop)
    }

    pub(in crate::commands) fn request(&self, request: RequestCertificate) -> Result<RequestView> {
        match self.ask(PkiRequest::Request(request))? {
            PkiAnswer::Requests(views) => views.into_iter().next().ok_or_else(strange),
            _ => Err(strange()),
        }
    }

    pub(in crate::commands) fn delete_request(&self, alias: &str) -> Result<()> {
        self.ask(PkiRequest::DeleteRequest { alias: alias.to_owned() }).map(drop)
    }

    pub(in crate::commands) fn import_reply(&self, reply: ImportReply) -> Result<CertificateView> {
        self.certificate_of(self.ask(PkiRequest::ImportReply(reply))?)
    }

    pub(in crate::commands) fn certificates(&self) -> Result<Vec<CertificateView>> {
        self.0.certificates().map_err(refused)
    }

    pub(in crate::commands) fn certificate(&self, alias: &str) -> Result<CertificateView> {
        self.0.certificate(alias).map_err(refused)
    }

    pub(in crate::commands) fn generate_authority(&self, request: GenerateAuthority) -> Result<AuthorityView> {
        self.authority_of(self.ask(PkiRequest::GenerateAuthority(request))?)
    }

    pub(in crate::commands) fn renew_authority(&self, request: RenewAuthority) -> Result<AuthorityView> {
        self.authority_of(self.ask(PkiRequest::RenewAuthority(request))?)
    }

    pub(in crate::commands) fn authorities(&self) -> Result<Vec<AuthorityView>> {
        self.0.authorities().map_err(refused)
    }

    pub(in crate::commands) fn import_authorities(&self, pem: &str) -> Result<Vec<AuthorityView>> {
        self.0.import_authorities(pem).map_err(refused)
    }

    pub(in crate::commands) fn remove_authority(&self, name: &str, force: bool) -> Result<()> {
        self.0.remove_authority(name, force).map_err(refused)
    }
}
