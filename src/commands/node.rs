//! `init`, `join` and `run`.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_config::NodeConfig;
use flotilla_model::MemberRole;
use flotilla_node::RunEnd;
use flotilla_node::setup::{self, InitOptions, JoinOptions, Permission, Place};
use serde::Serialize;

use crate::cli::{InitArguments, JoinArguments, PlaceArguments, RunArguments};
use crate::connection::read_line;
use crate::exit::{FATAL, REMOVED, USAGE, coded};
use crate::logging;
use crate::output::{Format, answer};

const BREATHE_EVERY: Duration = Duration::from_secs(5);

fn place(arguments: &PlaceArguments) -> Place {
    Place {
        dir: arguments.dir.clone(),
        name: arguments.name.clone(),
        bind: arguments.bind,
        cluster_port: arguments.cluster_port,
        admin_port: arguments.admin_port,
        transfer_port: arguments.transfer_port,
    }
}

#[derive(Serialize)]
struct Made {
    node: u64,
    cluster_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    administrator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_fingerprint: Option<String>,
    authority_fingerprint: String,
    config_file: String,
    admin_url: String,
    transfer_url: String,
}

/// `flotilla init`
pub(super) async fn init(arguments: &InitArguments, format: Format) -> Result<()> {
    let options = InitOptions {
        place: place(&arguments.place),
        cluster_name: arguments.cluster_name.clone(),
        administrator: arguments.admin.clone(),
    };
    let report = setup::init(&options).await?;
    let made = Made {
        node: report.node.0,
        cluster_id: report.cluster_id,
        administrator: Some(report.administrator),
        password: Some(report.password),
        secret_fingerprint: Some(report.secret_fingerprint),
        authority_fingerprint: report.authority_fingerprint,
        config_file: shown(&report.config_file),
        admin_url: report.admin_url,
        transfer_url: report.transfer_url,
    };
    answer(format, &made, |made| {
        format!(
            "Node {} of cluster {} is made.\n\n\
             administrator       {}\n\
             password            {}   (shown once; change it)\n\
             cluster secret      {}   (fingerprint)\n\
             internal CA         {}   (SHA-256)\n\
             administration      {}\n\
             partners            {}\n\n\
             Next:\n  flotilla run --config {}\n  flotilla token create --config {}   # for each further node",
            made.node,
            made.cluster_id,
            made.administrator.as_deref().unwrap_or_default(),
            made.password.as_deref().unwrap_or_default(),
            made.secret_fingerprint.as_deref().unwrap_or_default(),
            made.authority_fingerprint,
            made.admin_url,
            made.transfer_url,
            made.config_file,
            made.config_file,
        )
    })
}

/// `flotilla join`
pub(super) async fn join(arguments: &JoinArguments, format: Format) -> Result<()> {
    let role = if arguments.role == "witness" { MemberRole::Witness } else { MemberRole::Full };
    let permission = match arguments.token.as_deref() {
        None => Permission::ByHand,
        Some("-") => Permission::Token(read_line("the token")?),
        Some(token) => Permission::Token(token.to_owned()),
    };
    let options = JoinOptions { place: place(&arguments.place), primary: arguments.primary.clone(), permission, role };
    let report = setup::join(&options).await?;
    let made = Made {
        node: report.node.0,
        cluster_id: report.cluster_id,
        administrator: None,
        password: None,
        secret_fingerprint: None,
        authority_fingerprint: report.authority_fingerprint,
        config_file: shown(&report.config_file),
        admin_url: report.admin_url,
        transfer_url: report.transfer_url,
    };
    answer(format, &made, |made| {
        format!(
            "Node {} of cluster {} ({}) is made.\n\n\
             internal CA         {}   (SHA-256)\n\
             administration      {}\n\
             partners            {}\n\n\
             Next:\n  flotilla run --config {}",
            made.node,
            made.cluster_id,
            report.cluster_name,
            made.authority_fingerprint,
            made.admin_url,
            made.transfer_url,
            made.config_file,
        )
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// `flotilla run`
pub(super) fn run(arguments: &RunArguments) -> Result<()> {
    let config = NodeConfig::load(&arguments.config).map_err(|error| coded(USAGE, error))?;
    if arguments.check {
        return crate::output::print("the configuration is right\n");
    }
    let recent_lines = logging::start(config.log.format, &config.log.level)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("flotilla").build();
    let runtime = runtime.context("no runtime")?;
    runtime.spawn(breathe());
    match flotilla_node::run(config, runtime, recent_lines)? {
        RunEnd::Stopped => Ok(()),
        RunEnd::Fatal(reason) => Err(coded(FATAL, reason)),
        RunEnd::Removed(reason) => Err(coded(REMOVED, reason)),
    }
}

/// Memory of what is over goes back to the system while the node has nothing to do.
async fn breathe() {
    let mut ticks = tokio::time::interval(BREATHE_EVERY);
    loop {
        ticks.tick().await;
        flotilla_allocator::breathe();
    }
}
