//! Publishes to the cluster under test: connections opened and warm, processor time taken meanwhile.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flotilla_local::tls_client_config;
use futures::future::try_join_all;
use tokio::task::JoinSet;

use crate::arguments::{StreamArguments, Through};
use crate::bed::{ACCOUNT, Bed, PASSWORD};
use crate::meter::{Meter, Usage};
use crate::publisher::{Connection, EventLines, Published, Target, Until, closed_loop, on_own_thread, paced};

/// Published and not counted, on each connection: the log-in is checked, buffers have their size.
const WARM_UP: u64 = 64;

/// Publishes as [`StreamArguments`] say.
pub(crate) struct Driver {
    targets: Vec<Target>,
    processes: Vec<u32>,
}

/// One run.
pub(crate) struct Driven {
    /// When the first counted event was issued.
    pub(crate) begun: Instant,
    pub(crate) published: Published,
    pub(crate) usage: Usage,
    /// With those that do not count.
    pub(crate) acknowledged: u64,
}

/// How the counted events follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Window { size: u64, until: Until },
    Fixed { period: Duration, count: u64 },
}

impl Driver {
    pub(crate) async fn new(bed: &Bed, arguments: &StreamArguments) -> Result<Self> {
        let (primary, nodes) = (bed.primary().await?, bed.cluster.nodes.len());
        let index = |connection: usize| match arguments.through {
            Through::Primary => primary,
            Through::Secondary => primary + 1 + connection % (nodes - 1),
            Through::All => primary + connection,
        };
        let target = |connection| {
            let node = bed.node(index(connection));
            anyhow::Ok(Target {
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, node.ports.transfer)),
                account: ACCOUNT.to_owned(),
                password: PASSWORD.to_owned(),
                tls: Arc::new(tls_client_config(&[node.authority_file()])?),
            })
        };
        let targets = (0..arguments.connections as usize).map(target).collect::<Result<_>>()?;
        Ok(Self { targets, processes: bed.process_ids() })
    }

    pub(crate) async fn run(&self, lines: &EventLines, pace: Pace) -> Result<Driven> {
        let (lines, processes) = (lines.clone(), self.processes.clone());
        let shares = shares(&self.targets, pace);
        on_own_thread("publisher", async move {
            let connections = try_join_all(shares.iter().map(|(target, _)| warm(target, lines.clone()))).await?;
            let acknowledged = connections.len() as u64 * WARM_UP;
            let (meter, begun) = (Meter::start(processes)?, Instant::now());
            let mut tasks = JoinSet::new();
            for ((mut connection, mut lines), (_, pace)) in connections.into_iter().zip(shares) {
                // Joined below.
                tasks.spawn(async move {
                    let published = match pace {
                        Pace::Window { size, until } => closed_loop(&mut connection, &mut lines, size, until).await,
                        Pace::Fixed { period, count } => paced(&mut connection, &mut lines, period, count).await,
                    };
                    anyhow::Ok((connection, published?))
                });
            }
            let (mut whole, mut connections): (Option<Published>, _) = (None, Vec::new());
            while let Some(ended) = tasks.join_next().await {
                let (connection, published) = ended??;
                connections.push(connection);
                match &mut whole {
                    Some(whole) => whole.join(&published)?,
                    None => whole = Some(published),
                }
            }
            let usage = meter.stop()?;
            try_join_all(connections.into_iter().map(Connection::close)).await?;
            let published = whole.context("no connection")?;
            let acknowledged = acknowledged + published.lead_in + published.count;
            Ok(Driven { begun, acknowledged, published, usage })
        })
        .await
    }
}

async fn warm(target: &Target, mut lines: EventLines) -> Result<(Connection, EventLines)> {
    let mut connection = Connection::open(target).await?;
    closed_loop(&mut connection, &mut lines, WARM_UP, Until::Count(WARM_UP)).await?;
    Ok((connection, lines))
}

/// What each connection has to do; none without a share of the window.
fn shares(targets: &[Target], pace: Pace) -> Vec<(Target, Pace)> {
    let Pace::Window { size, until } = pace else {
        return targets.iter().take(1).map(|target| (target.clone(), pace)).collect();
    };
    let connections = (targets.len() as u64).min(size);
    let part = |whole: u64, index: u64| whole / connections + u64::from(index < whole % connections);
    let share = |(index, target): (u64, &Target)| {
        let until = match until {
            Until::Count(count) => Until::Count(part(count, index)),
            Until::Elapsed(_) => until,
        };
        (target.clone(), Pace::Window { size: part(size, index), until })
    };
    (0..connections).zip(targets).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publisher::tests::server::{Behaviour, Server};

    #[tokio::test]
    async fn a_run_counts_what_follows_the_warm_up() {
        for (pace, count, lead_in) in [
            (Pace::Window { size: 64, until: Until::Count(1000) }, 1000, 0),
            (Pace::Fixed { period: Duration::from_millis(1), count: 30 }, 30, 40),
        ] {
            let server = Server::start(Behaviour::Shredded).await.unwrap();
            let driver = Driver { targets: vec![server.target.clone()], processes: vec![std::process::id()] };
            let driven = driver.run(&EventLines::new("load.test", 100, None), pace).await.unwrap();
            assert_eq!((driven.published.count, driven.acknowledged), (count, lead_in + count + WARM_UP));
            assert_eq!(driven.published.histogram.len(), count);
            assert_eq!(server.finish().await.unwrap(), lead_in + count + WARM_UP);
        }
    }

    #[tokio::test]
    async fn connections_share_a_window_without_rest() {
        let server = Server::start(Behaviour::Shredded).await.unwrap();
        let targets = vec![server.target.clone(); 3];
        let split = |size, count| {
            let pace = Pace::Window { size, until: Until::Count(count) };
            let of = |pace| match pace {
                Pace::Window { size, until: Until::Count(count) } => (size, count),
                other => panic!("{other:?}"),
            };
            shares(&targets, pace).into_iter().map(|(_, pace)| of(pace)).collect::<Vec<_>>()
        };
        assert_eq!(split(512, 1000), [(171, 334), (171, 333), (170, 333)]);
        assert_eq!(split(1, 10), [(1, 10)]);
    }
}
