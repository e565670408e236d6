//! A further node: shows its token and its CA to a member, gets its id, the cluster secret and the CAs of the others.

use flotilla_admin::api::JoinRequest;
use flotilla_admin::join::{JoinToken, OpenError, TokenError, TokenSecret, open_secret};
use flotilla_admin::{Client, ClientError, LocalToken, LocalTokenError, Login};
use flotilla_model::{MemberRole, NodeId};
use flotilla_pki::{Authority, Store, StoreError, pinned_client_config, trusting_client_config};

use super::Place;
use super::preflight::{self, Obstacles};
use super::trust::{TrustError, make_authority, store_trust};
use crate::data_dir::{DataDir, DataDirError};
use crate::identity::{Identity, Seed};

/// What `join` is told.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    pub place: Place,
    /// Admin URL of the member that made the token.
    pub primary: String,
    pub permission: Permission,
    pub role: MemberRole,
}

/// By what a node is let in.
#[derive(Clone, Debug)]
pub enum Permission {
    /// As `flotilla token create` printed it.
    Token(String),
    /// The folder has the cluster secret and the CAs of the others, and `flotilla servers add` has named this host.
    ByHand,
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
    #[error(transparent)]
    Obstacles(#[from] Obstacles),
    #[error("--token: {0}")]
    Token(#[from] TokenError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(
        "{0}: a join by hand needs the cluster secret and the CAs of the others first: 'flotilla taeh import --dir …', \
         'flotilla ca import --dir …'; or join with a token"
    )]
    Unprepared(String),
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
    let (permit, tls, secret_fingerprint) = match &options.permission {
        Permission::Token(text) => {
            let token: JoinToken = text.trim().parse()?;
            let tls = pinned_client_config(token.authority)?;
            (token.secret, tls, None)
        }
        Permission::ByHand => by_hand(place)?,
    };
    preflight::look(place, &options.primary, &tls).await?;
    let dir = DataDir::create(&place.dir)?;
    let store = Store::open(dir.pki())?;
    let authority = load_or_make_authority(&store, place)?;

    let client = Client::new(&options.primary, tls, Login::None)?;
    let request = JoinRequest {
        secret: permit.to_text(),
        name: place.name.clone(),
        role: options.role,
        mesh_address: place.mesh_address(),
        admin_url: place.admin_url(),
        transfer_url: place.transfer_url(),
        authority_pem: authority.certificate_pem(),
        secret_fingerprint,
    };
    let answer = client.join(&request).await?;
    let secret = open_secret(&permit, &answer.sealed_secret)?;
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

/// What a host joins with that was given the secret and the CAs by hand.
fn by_hand(place: &Place) -> Result<(TokenSecret, rustls::ClientConfig, Option<String>), JoinError> {
    let store = Store::open(DataDir::new(&place.dir).pki())?;
    let secrets = store.load_secrets().map_err(|error| JoinError::Unprepared(error.to_string()))?;
    let trust = store.load_trust()?;
    let own = store.load_authority()?.map(|authority| authority.fingerprint());
    if trust.list().all(|authority| Some(authority.fingerprint) == own) {
        return Err(JoinError::Unprepared("no CA of another node is trusted".to_owned()));
    }
    let permit = TokenSecret::by_hand(secrets.current(), &place.name);
    Ok((permit, trusting_client_config(&trust)?, Some(secrets.current().fingerprint())))
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
