//! The cluster's trust: the shared secret, the internal CA, local certificates by alias, and the TLS credentials
//! that every listener and dialler reads live.
//!
//! A credential is validated before it is published ([`Credentials::new`]), and a published one is used by the next
//! handshake without a restart ([`CredentialsHandle`]). Secrets never appear in `Debug`, and there is no way to
//! serialise them but to their own files. This crate reads and writes files below its folder and knows no network.
//! `ring` is handed to rustls explicitly; no process-wide default provider is installed.

mod algorithm;
mod alias;
mod asking;
mod atomic;
mod authority;
mod bundle;
mod certificate;
mod credentials;
mod fingerprint;
mod handle;
mod key;
mod key_complete;
mod key_file;
mod key_pem;
mod live;
mod local;
mod peer;
mod pin;
mod pkcs12;
mod request;
mod revocation;
mod rotation;
mod secret;
mod secret_file;
mod secret_set;
mod store;
mod tls;
mod trust;
mod usable;

pub use algorithm::{KeyAlgorithm, KeyAlgorithmError};
pub use alias::{Alias, AliasError};
pub use asking::asking_https_server_config;
pub use authority::{Authority, AuthorityError, AuthorityParameters};
pub use bundle::{BUNDLE_MAX_BYTES, Bundle, BundleError};
pub use certificate::{CertificateError, CertificateInfo, parse_chain_pem};
pub use credentials::{Credentials, CredentialsError, CredentialsParts};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use handle::CredentialsHandle;
pub use key::{Key, KeyError, Purpose, constant_time_eq};
pub use key_file::{KeyFileError, PrivateKey};
pub use key_pem::EncryptedKeyError;
pub use local::{LocalCertificate, LocalCertificateError};
pub use peer::{PeerCertificateError, PeerSide};
pub use pkcs12::{Pkcs12Error, Pkcs12Profile};
pub use request::{CertificateRequest, IssueParameters};
pub use revocation::{RevokedSerials, SerialNumber};
pub use secret::{ClusterSecret, SecretError};
pub use secret_file::SecretFileError;
pub use secret_set::{SECRETS_MAX, SecretHandle, SecretSet};
pub use store::{Replace, Store, StoreError, StoredAuthority};
pub use tls::{
    ShownError, crypto_provider, https_client_config, https_server_config, mesh_client_config, mesh_server_config,
    pinned_client_config, shown_client_config, trusting_client_config,
};
pub use trust::TrustStore;
pub use usable::UnusableCertificate;
