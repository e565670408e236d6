//! Keys of other programs for ring, and ring's keys for other programs.
//!
//! Java's keytool leaves the public half out of an EC key. ring wants it, to compare it with the private one; the certificate
//! has it. The other way round, ring adds the public half to an Ed25519 key (version 2 of PKCS#8, RFC 5958), which OpenSSL
//! before 3.2 does not read.

use pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use pkcs8::der::{Decode, Encode};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use crate::key_file::PrivateKey;

const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

impl PrivateKey {
    /// The same key, with the public half of a certificate's key if it is an EC key that lacks its own. Whether the halves
    /// belong together is ring's to say.
    pub(crate) fn completed_from(&self, certificate: &[u8]) -> Self {
        self.complete(certificate).unwrap_or_else(|| self.clone())
    }

    /// The key in version 1 of PKCS#8, which every program reads.
    pub(crate) fn portable_der(&self) -> Zeroizing<Vec<u8>> {
        let stripped = PrivateKeyInfoRef::from_der(self.der()).ok().and_then(|mut info| {
            info.public_key = None;
            info.to_der().ok()
        });
        Zeroizing::new(stripped.unwrap_or_else(|| self.der().to_vec()))
    }

    fn complete(&self, certificate: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfoRef::from_der(self.der()).ok()?;
        if info.algorithm.oid != EC_KEY {
            return None;
        }
        let mut key = EcPrivateKey::from_der(info.private_key.as_bytes()).ok()?;
        if key.public_key.is_some() {
            return None;
        }
        let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
        key.public_key = Some(&certificate.public_key().subject_public_key.data);
        let key = Zeroizing::new(key.to_der().ok()?);
        let info =
            pkcs8::PrivateKeyInfo::<_, _, BitStringRef<'_>>::new(info.algorithm, OctetStringRef::new(&key).ok()?);
        Some(Self::from_pkcs8(info.to_der().ok()?))
    }
}
