//! A partner for the demo: an account with a route, a file sent through a secondary and fetched from another node.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use flotilla_admin::api::{AccountView, ClusterStatus, NodeRole, TransferView};
use flotilla_credentials::random_password;
use flotilla_local::{LocalCluster, LocalNode, wait_until};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report::{Credentials, NodeRow, Report};
use crate::progress::Progress;

const ACCOUNT: &str = "demo";
const ARCHIVE: &str = "archive";
const DEADLINE: Duration = Duration::from_secs(60);
/// Rows of the file that is sent: about a megabyte.
const ROWS: u32 = 20_000;

#[derive(Serialize, Deserialize)]
struct Partner {
    password: String,
    /// How often the demo has sent its file.
    runs: u32,
}

#[derive(Deserialize)]
struct Stored {
    transfer: u64,
}

/// Sends a file through a secondary, waits until it is processed, and fetches it from another node.
pub(super) async fn send_a_file(cluster: &LocalCluster, progress: &Progress) -> Result<Report> {
    progress.say("waits until all nodes are full members");
    let status = settled_status(cluster).await?;
    progress.say("account and route");
    let partner_file = cluster.dir.join("partner.json");
    let mut partner = load_or_create(cluster, &partner_file).await?;
    partner.runs += 1;
    save(&partner_file, &partner)?;

    let entry = entry_node(cluster, &status)?;
    let (file, bytes) = make_file(cluster, partner.runs)?;
    let name = format!("payments-{}.csv", partner.runs);
    progress.say(&format!("sends {name} through node {}", entry.number));
    let stored = upload(cluster, entry, &name, &partner.password, bytes.clone()).await?;
    progress.say("waits until a GMP worker has processed its event");
    let transfer = wait_processed(cluster, stored.transfer).await?;
    let exit = cluster.nodes.iter().rev().find(|node| node.number != entry.number).unwrap_or(entry);
    progress.say(&format!("fetches it from node {}", exit.number));
    let url = format!("{}/files/{name}", exit.transfer_url());
    let answer = cluster.client().get(&url).basic_auth(ACCOUNT, Some(&partner.password)).send().await?;
    let fetched = answer.error_for_status().context("the file cannot be fetched")?.bytes().await?;
    ensure!(fetched == bytes, "node {} gave other bytes than were sent", exit.number);

    Ok(Report {
        nodes: rows(cluster, &status),
        file: file.display().to_string(),
        taken_by: transfer.node.0,
        held_by: transfer.replicas.iter().map(|node| node.0).collect(),
        fetched_from: u64::from(exit.number),
        processed_by_node: transfer.worker_node.map(|node| node.0),
        processed_by_worker: transfer.worker,
        transfer,
        credentials: Credentials {
            administrator: cluster.layout.administrator.clone(),
            administrator_password: cluster.layout.administrator_password.clone(),
            account: ACCOUNT.to_owned(),
            account_password: partner.password.clone(),
        },
        next: next_commands(cluster, &status, entry, exit, &file, &partner.password)?,
    })
}

/// The status once every node is up and has a part, which a larger cluster reaches shortly after its last node is ready.
async fn settled_status(cluster: &LocalCluster) -> Result<ClusterStatus> {
    wait_until("all nodes are full members", DEADLINE, async || {
        let status: ClusterStatus = serde_json::from_value(cluster.command(0, &["status"]).await?)?;
        let settled = |role| matches!(role, NodeRole::Primary | NodeRole::Secondary);
        let all = status.nodes.len() == cluster.nodes.len() && status.nodes.iter().all(|node| settled(node.role));
        Ok((all && status.primary.is_some()).then_some(status))
    })
    .await
}

/// The partner of this folder, with its accounts and route: made the first time, and made good when that was cut off.
async fn load_or_create(cluster: &LocalCluster, file: &Path) -> Result<Partner> {
    let known: Option<Partner> = match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", file.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let is_complete = known.as_ref().is_some_and(|partner| partner.runs > 0);
    let partner = match known {
        Some(partner) => partner,
        None => {
            let runs = (1..).take_while(|run| payments_file(cluster, *run).exists()).count() as u32;
            let partner = Partner { password: random_password()?, runs };
            save(file, &partner)?;
            partner
        }
    };
    if !is_complete {
        let rows: Vec<AccountView> = serde_json::from_value(cluster.command(0, &["account", "list"]).await?)?;
        for name in [ARCHIVE, ACCOUNT] {
            let verb = if rows.iter().any(|row| row.name == name) { "set" } else { "add" };
            let arguments = ["account", verb, name, "--password-stdin"];
            cluster.command_with_input(0, &arguments, &format!("{}\n", partner.password)).await?;
        }
        let publish = format!("publish={ARCHIVE}:inbox");
        cluster.command(0, &["route", "set", ACCOUNT, "--step", "checksum", "--step", &publish]).await?;
    }
    Ok(partner)
}

fn save(file: &Path, partner: &Partner) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::File::options();
    let mut writer = options.write(true).create(true).truncate(true).mode(0o600).open(file)?;
    writer.write_all(&serde_json::to_vec_pretty(partner)?)?;
    Ok(writer.sync_all()?)
}

fn entry_node<'a>(cluster: &'a LocalCluster, status: &ClusterStatus) -> Result<&'a LocalNode> {
    let secondary = status.nodes.iter().find(|node| node.role == NodeRole::Secondary);
    let chosen = secondary.or(status.nodes.first()).context("the cluster has no nodes")?;
    let local = cluster.nodes.iter().find(|node| node.admin_url() == chosen.admin_url);
    local.with_context(|| format!("node {} is none of this demo's", chosen.node))
}

fn payments_file(cluster: &LocalCluster, run: u32) -> PathBuf {
    cluster.dir.join(format!("payments-{run}.csv"))
}

fn make_file(cluster: &LocalCluster, run: u32) -> Result<(PathBuf, Vec<u8>)> {
    let mut text = String::from("row;account;amount;currency\n");
    for row in 0..ROWS {
        let amount = u64::from(row) * 7919 % 100_000;
        writeln!(
            text,
            "{row};DE{:020};{}.{:02};EUR",
            u64::from(row) * 104_729 + u64::from(run),
            amount / 100,
            amount % 100
        )?;
    }
    let file = payments_file(cluster, run);
    std::fs::write(&file, &text)?;
    Ok((file, text.into_bytes()))
}

async fn upload(
    cluster: &LocalCluster,
    entry: &LocalNode,
    name: &str,
    password: &str,
    bytes: Vec<u8>,
) -> Result<Stored> {
    let url = format!("{}/files/{name}", entry.transfer_url());
    let answer = cluster.client().put(&url).basic_auth(ACCOUNT, Some(password)).body(bytes).send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        bail!("the upload was refused with {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("the upload was answered with {text:?}"))
}

async fn wait_processed(cluster: &LocalCluster, transfer: u64) -> Result<TransferView> {
    let id = transfer.to_string();
    let view: TransferView = wait_until("the file is processed", DEADLINE, async || {
        let answer: Value = cluster.command(0, &["transfers", "show", &id]).await?;
        let view: TransferView = serde_json::from_value(answer)?;
        Ok(view.ended_at.is_some().then_some(view))
    })
    .await?;
    ensure!(view.state == "Processed", "the transfer ended as {:?}: {}", view.state, view.failure.unwrap_or_default());
    Ok(view)
}

fn rows(cluster: &LocalCluster, status: &ClusterStatus) -> Vec<NodeRow> {
    let row = |node: &flotilla_admin::api::ClusterNode| NodeRow {
        node: node.node.0,
        name: node.name.clone(),
        role: node.role,
        admin_url: node.admin_url.clone(),
        transfer_url: node.transfer_url.clone(),
        process_id: cluster
            .nodes
            .iter()
            .find(|local| local.admin_url() == node.admin_url)
            .and_then(LocalNode::process_id),
    };
    status.nodes.iter().map(row).collect()
}

fn next_commands(
    cluster: &LocalCluster,
    status: &ClusterStatus,
    entry: &LocalNode,
    exit: &LocalNode,
    file: &Path,
    password: &str,
) -> Result<Vec<String>> {
    let name = file.file_name().unwrap_or_default().display();
    let primary = status.nodes.iter().find(|node| node.role == NodeRole::Primary);
    let primary = primary.and_then(|node| cluster.nodes.iter().find(|local| local.admin_url() == node.admin_url));
    let process_id = primary.and_then(LocalNode::process_id).context("the primary is none of this demo's")?;
    let curl = |node: &LocalNode| format!("curl --cacert {} -u {ACCOUNT}:{password}", node.authority_file().display());
    let after = if cluster.nodes.len() > 1 {
        "the primary; then send and fetch again through another node"
    } else {
        "the only node; started again, the demo has all its files"
    };
    Ok(vec![
        format!("{} -T {} {}/files/again.csv", curl(entry), file.display(), entry.transfer_url()),
        format!("{} -O {}/files/{name}", curl(exit), exit.transfer_url()),
        format!("kill -9 {process_id}   # {after}"),
    ])
}
