//! Local certificates: `certificates`. A node is named in the path; its certificates lie on it alone.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flotilla_model::NodeId;
use flotilla_pki::KeyAlgorithm;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use zeroize::Zeroizing;

/// Something that is never shown: a password, or a file with a private key. In JSON it is text, a file in base64.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hidden(Zeroizing<Vec<u8>>);

impl Hidden {
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Hidden({} bytes)", self.0.len())
    }
}

impl PartialSchema for Hidden {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).content_encoding("base64").into()
    }
}

impl ToSchema for Hidden {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Base64")
    }
}

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = STANDARD.decode(text.as_bytes()).map_err(|_| serde::de::Error::custom("base64 is expected"))?;
        Ok(Self::new(bytes))
    }
}

/// A password: in JSON as it is, in `Debug` not at all.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = Password)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for Password {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// One certificate of a node, as the node has reported it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    /// Absent for the folder of a node that does not run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    pub alias: String,
    pub subject: String,
    pub issuer: String,
    /// Hexadecimal.
    pub serial: String,
    /// SHA-256, hexadecimal.
    pub fingerprint: String,
    /// Fingerprint of the trusted CA that has signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// DNS names and addresses.
    pub names: Vec<String>,
    /// The node that it belongs to; absent for one that nodes share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub bound_to: Option<NodeId>,
    /// `ecdsa-p256`, `rsa-3072`, …
    pub key: String,
    /// `server`, `client`
    pub usages: Vec<String>,
    /// `Cluster.Crypto.Alias` of its node names it.
    pub is_in_use: bool,
    pub is_revoked: bool,
    /// What the cluster's trust has against it; absent if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Where one certificate is shown: the chain, its own first, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain_pem: Option<String>,
}

/// Query of `GET certificates`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CertificateQuery {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<u64>)]
    pub node: Option<NodeId>,
}

/// Body of `POST certificates`: the node's internal CA issues one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerateCertificate {
    pub alias: String,
    /// Without it the one that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// For all nodes, which get it by export and import: it names no node.
    #[serde(default)]
    pub is_shared: bool,
    /// Without it the node's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// DNS names and addresses. Without any: those of the node, or of all members for a shared one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(default)]
    #[schema(value_type = super::schemas::KeyAlgorithm)]
    pub algorithm: KeyAlgorithm,
    /// Without it 397 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    /// Takes the place of one with this alias.
    #[serde(default)]
    pub replace: bool,
}

/// Body of `POST certificates/import`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportCertificate {
    /// Without it the name in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// PKCS#12 or PEM, in base64.
    pub file: Hidden,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    #[serde(default)]
    pub replace: bool,
}

/// How a certificate leaves its node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// With AES-256 and SHA-256.
    #[default]
    Pkcs12,
    /// With 3DES and SHA-1, for old programs.
    Pkcs12Legacy,
    /// Key and chain; the key encrypted if there is a password.
    Pem,
}

/// Body of `POST certificates/{node}/{alias}/export`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportCertificate {
    #[serde(default)]
    pub format: ExportFormat,
    /// PKCS#12 needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// Answer to an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExportedCertificate {
    pub alias: String,
    pub fingerprint: String,
    /// In base64.
    pub file: Hidden,
}

/// Body of `POST certificates/requests`: the node makes a key, and a request (PKCS#10) for a CA of someone else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestCertificate {
    pub alias: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(default)]
    #[schema(value_type = super::schemas::KeyAlgorithm)]
    pub algorithm: KeyAlgorithm,
}

/// A request that waits for its reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestView {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    pub alias: String,
    pub request_pem: String,
}

/// Body of `POST certificates/requests/reply`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportReply {
    pub alias: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    /// PEM with the chain, or one certificate in DER; in base64.
    pub file: Hidden,
}

/// Body of `POST certificates/revocations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeCertificate {
    /// Serial number in hexadecimal; or node and alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub node: Option<NodeId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(default)]
    pub reason: String,
    /// Although a node shows it: that node is cut off until it has another one.
    #[serde(default)]
    pub force: bool,
}

/// A certificate that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevocationView {
    pub serial: String,
    pub subject: String,
    pub reason: String,
    pub revoked_at: Timestamp,
    /// After that it is refused for its age.
    pub not_after: Timestamp,
}
