//! What is asked of a node's own store of keys and certificates.

use flotilla_pki::Fingerprint;
use serde::{Deserialize, Serialize};

use crate::api::{
    ExportCertificate, ExportedCertificate, GenerateAuthority, GenerateCertificate, ImportCertificate, ImportReply,
    RenewAuthority, RequestCertificate, RequestView,
};

/// The node that is asked is named outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PkiRequest {
    GenerateAuthority(GenerateAuthority),
    RenewAuthority(RenewAuthority),
    Generate(GenerateCertificate),
    Import(ImportCertificate),
    Export {
        alias: String,
        export: ExportCertificate,
    },
    /// Issues it anew.
    Renew {
        alias: String,
    },
    Delete {
        alias: String,
    },
    Request(RequestCertificate),
    Requests,
    ImportReply(ImportReply),
    DeleteRequest {
        alias: String,
    },
    /// Another one, if the certificate of this alias is still that of the fingerprint.
    IfFingerprint {
        alias: String,
        fingerprint: Fingerprint,
        request: Box<PkiRequest>,
    },
}

impl PkiRequest {
    /// What is asked for, whatever the condition.
    pub fn deed(&self) -> &Self {
        match self {
            Self::IfFingerprint { request, .. } => request.deed(),
            request => request,
        }
    }
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PkiAnswer {
    /// The CA that there is now, in PEM.
    Authority {
        fingerprint: String,
        certificate_pem: String,
    },
    /// The certificate that there is now.
    Certificate {
        alias: String,
        fingerprint: String,
        chain_pem: String,
    },
    Exported(ExportedCertificate),
    Requests(Vec<RequestView>),
    Done,
}
