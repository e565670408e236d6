//! Very many accounts, each with a password of its own hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use flotilla_admin::api::AccountChange;

use crate::bed::{Bed, PASSWORD};
use crate::collector::progress;

/// Hashing keeps the processors busy; more would wait for them.
const CLIENTS: usize = 6;
/// Made between two words on the progress.
const PORTION: u64 = 10_000;

/// Through all nodes.
pub(super) async fn add(bed: &Bed, count: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for index in 0..CLIENTS {
        let (client, next) = (bed.administrator(index)?, Arc::clone(&next));
        tasks.push(tokio::spawn(async move {
            let change = AccountChange { password: Some(PASSWORD.to_owned()), ..AccountChange::default() };
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                client.put_account(&format!("partner-{number}"), &change, None).await?;
                if (number + 1) % PORTION == 0 {
                    progress(format!("{} accounts of {count}", number + 1));
                }
            }
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
