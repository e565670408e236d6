//! `flotilla cert`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::StorePlace;
use super::lifetime::Lifetime;

#[derive(Debug, Subcommand)]
pub(crate) enum CertificateCommand {
    /// Have the internal CA of a node issue a certificate.
    Generate {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
        /// For all nodes, which get it by `cert export` and `cert import`: it names no node.
        #[arg(long)]
        shared: bool,
        #[command(flatten)]
        subject: SubjectArguments,
        /// How long it is valid: 397d, 12h, 30m, 90s.
        #[arg(long)]
        lifetime: Option<Lifetime>,
        /// Takes the place of one with this alias.
        #[arg(long)]
        replace: bool,
    },
    /// Show the certificates of all nodes, or of one.
    List {
        #[command(flatten)]
        place: StorePlace,
    },
    /// Show one certificate, and its chain in PEM.
    Show {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
    },
    /// Write a certificate with its chain and key to a file, under a password.
    Export {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
        /// File to write; it must not be there yet.
        #[arg(long)]
        out: PathBuf,
        #[arg(long, value_enum, default_value_t)]
        format: FileFormat,
        #[command(flatten)]
        password: PasswordArguments,
        /// With --format pem: leave the private key readable for everyone who gets the file.
        #[arg(long, conflicts_with = "file_password")]
        no_password: bool,
    },
    /// Take a certificate with its key into a node, from PKCS#12 or PEM.
    Import {
        #[command(flatten)]
        place: StorePlace,
        /// The file; `-` reads standard input.
        file: PathBuf,
        /// Alias to give it. [default: the name in the file]
        #[arg(long)]
        alias: Option<String>,
        #[command(flatten)]
        password: PasswordArguments,
        /// The file is PEM with a key that is not encrypted.
        #[arg(long, conflicts_with = "file_password")]
        no_password: bool,
        /// Takes the place of one with this alias.
        #[arg(long)]
        replace: bool,
    },
    /// Issue a certificate of an internal CA anew: the same names and lifetime, a new key.
    Renew {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
    },
    /// Refuse a certificate on all nodes, within a second, also on connections that are up.
    Revoke {
        #[command(flatten)]
        place: StorePlace,
        /// Serial number, in hexadecimal.
        #[arg(long, required_unless_present = "alias", conflicts_with = "alias")]
        serial: Option<String>,
        /// Alias of the certificate, on the node named by --node.
        #[arg(long)]
        alias: Option<String>,
        /// For the record.
        #[arg(long, default_value = "")]
        reason: String,
        /// Although a node shows it: the node is cut off until it has another one.
        #[arg(long)]
        force: bool,
    },
    /// Show what is revoked.
    Revocations {
        #[command(flatten)]
        connection: super::ConnectionArguments,
    },
    /// Remove a certificate and its key.
    Delete {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
    },
    /// Make a key, which stays, and a request (PKCS#10) for a CA of someone else.
    Csr {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
        #[command(flatten)]
        subject: SubjectArguments,
        /// File to write instead of standard output.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Give up a request that waits for its reply, and its key.
        #[arg(long, conflicts_with_all = ["out", "common_name", "san"])]
        cancel: bool,
    },
    /// Show the requests of a node that wait for their reply.
    Requests {
        #[command(flatten)]
        place: StorePlace,
    },
    /// Take the certificate that a CA has made from a request.
    ImportReply {
        #[command(flatten)]
        place: StorePlace,
        #[command(flatten)]
        alias: AliasArgument,
        /// PEM with the chain, or one certificate in DER; `-` reads standard input.
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AliasArgument {
    /// Alias of the certificate.
    #[arg(long)]
    pub(crate) alias: String,
}

/// Whose certificate it is to be.
#[derive(Debug, Args)]
pub(crate) struct SubjectArguments {
    /// Common name. [default: the name of the node, or of the cluster for a shared one]
    #[arg(long)]
    pub(crate) common_name: Option<String>,
    /// DNS name or address that it stands for; may be repeated. [default: those of the node, or of all nodes for a shared one]
    #[arg(long)]
    pub(crate) san: Vec<String>,
    /// Kind of key: ecdsa-p256, ecdsa-p384, ed25519, rsa-2048, rsa-3072, rsa-4096.
    #[arg(long, default_value = "ecdsa-p256")]
    pub(crate) key: flotilla_pki::KeyAlgorithm,
}

#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    /// File whose first line is the password of the certificate's file; without it it is read from standard input.
    #[arg(long)]
    pub(crate) file_password: Option<PathBuf>,
}

/// Forms of a certificate with its key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// PKCS#12 with AES-256 and SHA-256.
    #[default]
    P12,
    /// PKCS#12 with 3DES and SHA-1, for old programs.
    P12Legacy,
    /// Key and chain in PEM.
    Pem,
}
