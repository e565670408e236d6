//! A further node: shows its token and its CA to a member, gets its id, the cluster secret and the CAs of the others.

use flotilla_admin::api::JoinRequest;
use flotilla_admin::join::{JoinToken, OpenError, TokenError, open_secret};
use flotilla_admin::{Client, ClientError, LocalToken, LocalTokenError, Login};
use flotilla_model::{MemberRole, NodeId};
use flotilla_pki::{Authority, Store, StoreError, pinned_client_config};

use super::Place;
use super::trust::{TrustError, make_authority, store_trust};
use crate::data_dir::{DataDir, DataDirError};
use crate::identity::{Identity, Seed};

/// What `join` is told.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    pub place: Place,
    /// Admin URL of the member that made the token.
    pub primary: String,
    /// As `flotilla token create` printed it.
    pub token: String,
}

/// What `join` has made.
#[derive(Clone, Debug)]
pub struct JoinReport {
    pub node: NodeId,
    pub cluster_id: String,
    pub cluster_name: String,
    pub authority_fingerprint: String,
    pub config_file: std::path::PathBuf,
    pub admin_url: String,
    pub transfer_url: String,
}

/// Why `join` failed. It can be repeated with the same token and folder once the cause is mended.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("--name: {0}")]
    Name(flotilla_config::Mismatch),
    #[error("--token: {0}")]
    Token(#[from] TokenError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Secret(#[from] OpenError),
    #[error(transparent)]
    LocalToken(#[from] LocalTokenError),
}

/// Makes a further node.
pub async fn join(options: &JoinOptions) -> Result<JoinReport, JoinError> {
    let place = &options.place;
    place.check().map_err(JoinError::Name)?;
    let token: JoinToken = options.token.trim().parse()?;
    let dir = DataDir::create(&place.dir)?;
    let store = Store::open(dir.pki())?;
    let authority = load_or_make_authority(&store, place)?;

    let client = Client::new(&options.primary, pinned_client_config(token.authority)?, Login::None)?;
    let request = JoinRequest {
        secret: token.secret.to_text(),
        name: place.name.clone(),
        role: MemberRole::Full,
        mesh_address: place.mesh_address(),
        admin_url: place.admin_url(),
        transfer_url: place.transfer_url(),
        authority_pem: authority.certificate_pem(),
    };
    let answer = client.join(&request).await?;
    let secret = open_secret(&token.secret, &answer.sealed_secret)?;
    let node = answer.node;
    store_trust(&store, &secret, &authority, place, node.0, &answer.certificate_alias, &answer.authorities_pem)?;
    LocalToken::load_or_create(dir.root())?;
    let others = answer.members.iter().filter(|member| member.node != node);
    let identity = Identity {
        format_version: Identity::FORMAT_VERSION,
        cluster_id: answer.cluster_id.clone(),
        cluster_name: answer.cluster_name.clone(),
        node,
        seeds: others.map(|member| Seed { node: member.node, mesh_address: member.mesh_address.clone() }).collect(),
    };
    dir.write_json(&dir.identity_file(), &identity)?;
    // The node file last: with it the node is whole.
    dir.write(&dir.config_file(), place.node_file().as_bytes())?;
    Ok(JoinReport {
        node,
        cluster_id: answer.cluster_id,
        cluster_name: answer.cluster_name,
        authority_fingerprint: authority.fingerprint().to_string(),
        config_file: dir.config_file(),
        admin_url: place.admin_url(),
        transfer_url: place.transfer_url(),
    })
}

/// A join that was cut off left its CA, and the cluster may know it by that already: it must be the same one again.
fn load_or_make_authority(store: &Store, place: &Place) -> Result<Authority, JoinError> {
    if let Some(authority) = store.load_authority()? {
        return Ok(authority);
    }
    let authority = make_authority(place).map_err(TrustError::from)?;
    store.save_authority(&authority)?;
    Ok(authority)
}
