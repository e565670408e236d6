//! An authority, a certificate for the servers and one for the client, made for one measurement.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// Files in PEM.
pub(crate) struct Certificates {
    pub(crate) authority: PathBuf,
    pub(crate) server: Pair,
    pub(crate) client: Pair,
}

pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificates {
    /// ECDSA P-256, for `localhost` and `127.0.0.1`.
    pub(crate) fn make(dir: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new(Vec::<String>::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(DnType::CommonName, "peers");
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let authority = dir.join("authority.pem");
        fs::write(&authority, parameters.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(parameters, key);
        Ok(Self { authority, server: pair(dir, "server", &issuer)?, client: pair(dir, "client", &issuer)? })
    }
}

fn pair(dir: &Path, name: &str, issuer: &Issuer<'_, KeyPair>) -> Result<Pair> {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    let pair = Pair { certificate: dir.join(format!("{name}.pem")), key: dir.join(format!("{name}.key.pem")) };
    fs::write(&pair.certificate, parameters.signed_by(&key, issuer)?.pem())?;
    fs::write(&pair.key, key.serialize_pem())?;
    Ok(pair)
}
