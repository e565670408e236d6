//! `flotilla ca`

use std::path::PathBuf;

use clap::Subcommand;
use flotilla_pki::KeyAlgorithm;

use super::StorePlace;
use super::lifetime::Lifetime;

#[derive(Debug, Subcommand)]
pub(crate) enum AuthorityCommand {
    /// Make the internal CA of a node that has none.
    Generate {
        #[command(flatten)]
        place: StorePlace,
        /// Its name. [default: made of the node's name]
        #[arg(long)]
        common_name: Option<String>,
        /// Kind of key: ecdsa-p256, ecdsa-p384, ed25519, rsa-2048, rsa-3072, rsa-4096.
        #[arg(long, default_value = "ecdsa-p256")]
        key: KeyAlgorithm,
        /// How long it is valid: 3650d, 12h, 30m, 90s.
        #[arg(long)]
        lifetime: Option<Lifetime>,
    },
    /// Show the CAs that are trusted.
    List {
        #[command(flatten)]
        place: StorePlace,
    },
    /// Show one CA, with its certificate in PEM.
    Show {
        #[command(flatten)]
        place: StorePlace,
        /// Fingerprint, or `ca-old-…`. [default: the internal CA of the node]
        name: Option<String>,
    },
    /// Write the certificate of a CA, in PEM.
    Export {
        #[command(flatten)]
        place: StorePlace,
        /// Fingerprint, or `ca-old-…`. [default: the internal CA of the node]
        name: Option<String>,
        /// File to write instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
        /// All that are trusted.
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    /// Trust the CA certificates of a PEM file.
    Import {
        #[command(flatten)]
        place: StorePlace,
        /// The file; `-` reads standard input.
        file: PathBuf,
    },
    /// Replace the internal CA of a node by a new one with a new key. The old one stays trusted, as ca-old-SERIAL.
    Renew {
        #[command(flatten)]
        place: StorePlace,
        /// Another kind of key.
        #[arg(long)]
        key: Option<KeyAlgorithm>,
        /// Another lifetime: 3650d, 12h, 30m, 90s.
        #[arg(long)]
        lifetime: Option<Lifetime>,
    },
    /// Trust a CA no longer.
    Remove {
        #[command(flatten)]
        place: StorePlace,
        /// Fingerprint, or `ca-old-…`.
        name: String,
        /// Although certificates of it have not ended: nodes that show them are cut off.
        #[arg(long)]
        force: bool,
    },
}
