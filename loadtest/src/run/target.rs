//! The cluster under load, as its clients and its administrators see it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use flotilla_admin::{Client, ClientError};
use flotilla_local::https_client;

use crate::scenario::Through;

/// One that is frozen does not answer at all.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) struct Target {
    /// URLs of the nodes' gateways, in the order of `administrators`.
    pub(crate) gateways: Vec<String>,
    /// The REST interface through each node.
    pub(crate) administrators: Vec<Client>,
    /// Files of the CAs to trust.
    pub(crate) authorities: Vec<PathBuf>,
    /// Of the accounts that are made. Not one that others know: the cluster may be a real one.
    pub(crate) password: String,
    /// The node that led when somebody last looked.
    primary: AtomicUsize,
}

impl Target {
    pub(crate) fn new(gateways: Vec<String>, administrators: Vec<Client>, authorities: Vec<PathBuf>) -> Self {
        let password = format!("{:032x}", rand::random::<u128>());
        Self { gateways, administrators, authorities, password, primary: AtomicUsize::new(0) }
    }

    pub(crate) fn client(&self) -> Result<reqwest::Client> {
        https_client(&self.authorities)
    }

    /// Asks one node after the other until one answers.
    pub(crate) async fn ask<'a, T, F>(&'a self, question: impl Fn(&'a Client) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let mut last = None;
        for client in &self.administrators {
            match tokio::time::timeout(ASK_TIMEOUT, question(client)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error @ ClientError::Refused { .. })) if !error.is_retryable() => return Err(error.into()),
                Ok(Err(error)) => last = Some(anyhow::Error::from(error)),
                Err(_) => last = Some(anyhow::anyhow!("{} does not answer within {ASK_TIMEOUT:?}", client.url())),
            }
        }
        match last {
            Some(error) => Err(error.context("no node answers")),
            None => bail!("there is no node to ask"),
        }
    }

    /// Index of the node that leads, as most recent as any node knows.
    pub(crate) async fn find_primary(&self) -> Result<usize> {
        let status = self.ask(Client::cluster).await?;
        let leads = status.primary.context("no node leads at the moment")?;
        let node = status.nodes.iter().find(|node| node.node == leads).context("the primary is no member")?;
        let index = self.administrators.iter().position(|client| client.url() == node.admin_url);
        let index = index.with_context(|| format!("the primary, {}, is none of the nodes under load", node.name))?;
        self.primary.store(index, Ordering::Relaxed);
        Ok(index)
    }

    /// The node that try `attempt` of operation `number` goes to.
    pub(crate) fn gateway(&self, through: Through, number: u64, attempt: u64) -> &str {
        let nodes = self.gateways.len();
        let first = match through {
            Through::All => number as usize,
            Through::Primary => self.primary.load(Ordering::Relaxed),
            Through::Secondaries if nodes == 1 => 0,
            Through::Secondaries => self.primary.load(Ordering::Relaxed) + 1 + number as usize % (nodes - 1),
        };
        &self.gateways[(first + attempt as usize) % nodes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_node_is_tried_next() {
        let target = Target::new(["a", "b", "c"].map(str::to_owned).into(), Vec::new(), Vec::new());
        target.primary.store(1, Ordering::Relaxed);
        let tries = |through, number| [0, 1, 2].map(|attempt| target.gateway(through, number, attempt));
        assert_eq!(tries(Through::All, 5), ["c", "a", "b"]);
        assert_eq!(tries(Through::Primary, 5), ["b", "c", "a"]);
        assert_eq!([0, 1, 2].map(|number| target.gateway(Through::Secondaries, number, 0)), ["c", "a", "c"]);
    }
}
