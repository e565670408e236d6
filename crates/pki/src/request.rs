//! What a certificate is asked for: by the CA's own node directly, or by another node with a signing request.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType};

use crate::algorithm::KeyAlgorithm;
use crate::authority::{AuthorityError, asked_lifetime};
use crate::certificate::{CertificateError, CertificateInfo, NODE_URI_PREFIX, common_name};
use crate::key_file::PrivateKey;
use crate::local::LocalCertificate;

/// What the issuer writes into a certificate. The names come from here, never from the asking side.
#[derive(Clone, Debug)]
pub struct IssueParameters {
    /// Common name of the subject.
    pub common_name: String,
    /// DNS names and IP addresses.
    pub names: Vec<String>,
    /// The node it belongs to; `None` for one that nodes share by hand.
    pub node_id: Option<u64>,
    /// How long it is valid from now.
    pub lifetime: Duration,
    /// Kind of key, when the issuer makes the key.
    pub algorithm: KeyAlgorithm,
}

impl IssueParameters {
    /// The same certificate again: names, node, lifetime, kind of key.
    pub fn renewing(local: &LocalCertificate) -> Result<Self, CertificateError> {
        let leaf = local.chain.first().ok_or(CertificateError::NoCertificate)?;
        let info = CertificateInfo::read(leaf)?;
        Ok(Self {
            common_name: common_name(leaf)?,
            lifetime: asked_lifetime(&info),
            algorithm: KeyAlgorithm::of_certificate(leaf)?.unwrap_or_default(),
            names: info.names,
            node_id: info.node_id,
        })
    }

    pub(crate) fn to_rcgen(&self) -> Result<CertificateParams, AuthorityError> {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, self.common_name.as_str());
        parameters.subject_alt_names = alternative_names(&self.names)?;
        if let Some(node_id) = self.node_id {
            let uri = format!("{NODE_URI_PREFIX}{node_id}");
            let uri = uri.as_str().try_into().map_err(|_| AuthorityError::Name { name: uri.clone() })?;
            parameters.subject_alt_names.push(SanType::URI(uri));
        }
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        parameters.is_ca = rcgen::IsCa::ExplicitNoCa;
        Ok(parameters)
    }
}

fn alternative_names(names: &[String]) -> Result<Vec<SanType>, AuthorityError> {
    let entry = |name: &String| match name.parse::<IpAddr>() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => {
            let name = name.as_str().try_into().map_err(|_| AuthorityError::Name { name: name.clone() })?;
            Ok(SanType::DnsName(name))
        }
    };
    names.iter().map(entry).collect()
}

/// A key made on the asking node and the request (PKCS#10) that carries its public half: the private one never travels.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    /// The key that stays here.
    pub key: PrivateKey,
    /// The request, to be sent to an authority.
    pub request_pem: String,
}

impl CertificateRequest {
    /// Makes a key and a request for it. The names are what is asked for; the CA decides.
    pub fn generate(common_name: &str, names: &[String], algorithm: KeyAlgorithm) -> Result<Self, AuthorityError> {
        let key = algorithm.generate()?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, common_name);
        parameters.subject_alt_names = alternative_names(names)?;
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let pair = key.to_rcgen().map_err(AuthorityError::Key)?;
        let request = parameters.serialize_request(&pair).map_err(AuthorityError::Sign)?;
        Ok(Self { key, request_pem: request.pem().map_err(AuthorityError::Sign)? })
    }
}
