//! The first node of a cluster: secret, CA, certificate, first administrator, first commands of the log.

use flotilla_admin::{LocalToken, LocalTokenError};
use flotilla_credentials::{CredentialError, Limits, Passwords, random_bytes, random_password};
use flotilla_model::{AccountName, AdministratorRole, Authority, Command, MemberRole, NameError, NodeId};
use flotilla_pki::{ClusterSecret, SecretError, Store, StoreError};

use super::Place;
use super::trust::{CLUSTER_ALIAS, TrustError, make_authority, store_trust};
use crate::clock::now_ms;
use crate::data_dir::{DataDir, DataDirError};
use crate::identity::Identity;

/// What `init` is told.
#[derive(Clone, Debug)]
pub struct InitOptions {
    pub place: Place,
    pub cluster_name: String,
    pub administrator: String,
}

/// What `init` has made. The password is shown once and kept nowhere.
#[derive(Clone, Debug)]
pub struct InitReport {
    pub node: NodeId,
    pub cluster_id: String,
    pub administrator: String,
    pub password: String,
    pub secret_fingerprint: String,
    pub authority_fingerprint: String,
    pub config_file: std::path::PathBuf,
    pub admin_url: String,
    pub transfer_url: String,
}

/// Why `init` failed.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("--name: {0}")]
    Name(flotilla_config::Mismatch),
    #[error("--admin: {0}")]
    Administrator(#[from] NameError),
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Password(#[from] CredentialError),
    #[error(transparent)]
    LocalToken(#[from] LocalTokenError),
    #[error("the system gives no random bytes")]
    Random,
}

/// 128 random bits that are not 0.
pub(crate) fn random_number() -> Option<u128> {
    random_bytes().ok().map(u128::from_le_bytes).filter(|number| *number != 0)
}

/// Makes the first node.
pub async fn init(options: &InitOptions) -> Result<InitReport, InitError> {
    let place = &options.place;
    place.check().map_err(InitError::Name)?;
    let administrator = AccountName::parse(&options.administrator)?;
    let dir = DataDir::create(&place.dir)?;
    let store = Store::open(dir.pki())?;
    let secret = ClusterSecret::generate()?;
    let authority = make_authority(place).map_err(TrustError::from)?;
    store_trust(&store, &secret, &authority, place, 1, CLUSTER_ALIAS, &[])?;

    let cluster_id = random_number().ok_or(InitError::Random)?;
    let password = random_password()?;
    let password_hash = Passwords::new(Limits::default())?.hash(&password).await?;
    let authority_fingerprint = authority.fingerprint().to_string();
    let mut commands = first_commands(options, cluster_id, &authority);
    commands.push(Command::PutAdministrator {
        name: administrator,
        password_hash: Some(password_hash),
        role: Some(AdministratorRole::Administrator),
        must_change_password: true,
        now_ms: now_ms(),
    });
    dir.write_json(&dir.bootstrap_file(), &commands)?;
    LocalToken::load_or_create(dir.root())?;
    let identity = Identity {
        format_version: Identity::FORMAT_VERSION,
        cluster_id: format!("{cluster_id:032x}"),
        cluster_name: options.cluster_name.clone(),
        node: NodeId(1),
        seeds: Vec::new(),
    };
    dir.write_json(&dir.identity_file(), &identity)?;
    // The node file last: with it the node is whole.
    dir.write(&dir.config_file(), place.node_file().as_bytes())?;
    Ok(InitReport {
        node: NodeId(1),
        cluster_id: identity.cluster_id,
        administrator: options.administrator.clone(),
        password,
        secret_fingerprint: secret.fingerprint(),
        authority_fingerprint,
        config_file: dir.config_file(),
        admin_url: place.admin_url(),
        transfer_url: place.transfer_url(),
    })
}

fn first_commands(options: &InitOptions, cluster_id: u128, authority: &flotilla_pki::Authority) -> Vec<Command> {
    let now_ms = now_ms();
    let parameters = flotilla_config::parameters::defaults();
    vec![
        Command::CreateCluster { id: cluster_id, name: options.cluster_name.clone(), parameters, now_ms },
        Command::AdmitMember {
            token: None,
            name: options.place.name.clone(),
            role: MemberRole::Full,
            mesh_address: options.place.mesh_address(),
            admin_url: options.place.admin_url(),
            transfer_url: options.place.transfer_url(),
            authority: Authority {
                fingerprint: authority.fingerprint().to_string(),
                certificate_pem: authority.certificate_pem(),
                node: None,
                added_ms: now_ms,
            },
            now_ms,
        },
    ]
}
