//! Making a node: the first one of a cluster (`init`) or a further one (`join`).

mod init;
mod join;
pub(crate) mod pki;
mod place;
mod preflight;
mod secret;
mod trust;

pub(crate) use init::random_number;
pub use init::{InitError, InitOptions, InitReport, init};
pub use join::{JoinError, JoinOptions, JoinReport, Permission, join};
pub use pki::{FolderPki, FolderPkiError};
pub use place::Place;
pub use preflight::{Obstacle, Obstacles};
pub use secret::{FolderSecretError, export_secret, folder_secret, import_secret};
