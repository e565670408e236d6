//! A partner of the cluster: uploads and downloads through one node, over connections of its own.

use anyhow::{Result, ensure};
use bytes::Bytes;

use crate::bed::{Bed, PASSWORD};

#[derive(Clone)]
pub(crate) struct Partner {
    client: reqwest::Client,
    base: String,
    account: &'static str,
}

impl Partner {
    /// Through the node with this index; beyond the last one they begin anew.
    pub(crate) fn of(bed: &Bed, index: usize, account: &'static str) -> Result<Self> {
        Ok(Self { client: bed.client()?, base: bed.node(index).transfer_url(), account })
    }

    /// Returns when the file is acknowledged.
    pub(crate) async fn put(&self, path: &str, body: Bytes) -> Result<()> {
        let request = self.client.put(format!("{}/files/{path}", self.base)).body(body);
        let answer = request.basic_auth(self.account, Some(PASSWORD)).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the upload of {path} was refused: {status} {text}");
        Ok(())
    }

    /// The contents.
    pub(crate) async fn get(&self, path: &str) -> Result<Bytes> {
        let request = self.client.get(format!("{}/files/{path}", self.base));
        let answer = request.basic_auth(self.account, Some(PASSWORD)).send().await?;
        let (status, contents) = (answer.status(), answer.bytes().await?);
        ensure!(status.is_success(), "{path} did not come back: {status}");
        Ok(contents)
    }

    /// Asks for a file that is not there: connection and login are made.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        let request = self.client.head(format!("{}/files/warm-up", self.base));
        request.basic_auth(self.account, Some(PASSWORD)).send().await?;
        Ok(())
    }
}
