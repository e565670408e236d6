//! Very many accounts, each with a password of its own hash.

use anyhow::Result;
use flotilla_admin::api::AccountChange;

use super::shares::share_out;
use crate::bed::{Bed, PASSWORD};

/// Hashing keeps the processors busy; more would wait for them.
const CLIENTS: usize = 6;

/// Through all nodes.
pub(super) async fn add(bed: &Bed, count: u64) -> Result<()> {
    let clients = (0..CLIENTS).map(|index| bed.administrator(index));
    share_out("accounts", count, clients, |client, number| async move {
        let change = AccountChange { password: Some(PASSWORD.to_owned()), ..AccountChange::default() };
        client.put_account(&format!("partner-{number}"), &change, None).await?;
        Ok(())
    })
    .await
}
