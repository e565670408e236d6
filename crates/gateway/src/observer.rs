//! Watches the log for all streams of a gateway, so that each is woken for what concerns it only: most entries change
//! no account, add no event and leave the primary where it is.

use std::sync::Arc;

use flotilla_model::{EventId, State};
use futures::StreamExt;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Log;

/// What streams wait for. Receivers are levels: who is late sees the newest.
#[derive(Clone)]
pub(crate) struct Observed {
    /// The digest of all accounts.
    pub(crate) accounts: watch::Receiver<u64>,
    /// The newest event of the journal.
    pub(crate) journal: watch::Receiver<EventId>,
    /// Whether this node only stands by.
    pub(crate) standby: watch::Receiver<bool>,
    /// The task ends with the last holder.
    _task: Arc<DropGuard>,
}

struct Senders {
    accounts: watch::Sender<u64>,
    journal: watch::Sender<EventId>,
    standby: watch::Sender<bool>,
}

/// Starts the task; it ends with the log or when nobody holds what it observes.
pub(crate) fn observe(log: &Arc<dyn Log>) -> Observed {
    // Before the first look, so that nothing falls between.
    let mut changes = log.changes();
    let state = log.state();
    let (accounts_sender, accounts) = watch::channel(state.accounts.digest());
    let (journal_sender, journal) = watch::channel(newest(&state));
    let (standby_sender, standby) = watch::channel(log.standby().is_some());
    let senders = Senders { accounts: accounts_sender, journal: journal_sender, standby: standby_sender };
    drop(state);
    let stop = CancellationToken::new();
    let stopped = stop.clone().cancelled_owned();
    let log = Arc::clone(log);
    tokio::spawn(async move {
        let observing = async {
            while changes.next().await.is_some() {
                senders.look(&log.state(), log.standby().is_some());
            }
        };
        tokio::select! {
            () = observing => {}
            () = stopped => {}
        }
    });
    Observed { accounts, journal, standby, _task: Arc::new(stop.drop_guard()) }
}

impl Senders {
    fn look(&self, state: &State, is_standby: bool) {
        self.standby.send_if_modified(|stands_by| std::mem::replace(stands_by, is_standby) != is_standby);
        self.accounts.send_if_modified(|digest| {
            let old = std::mem::replace(digest, state.accounts.digest());
            *digest != old
        });
        self.journal.send_if_modified(|end| {
            let old = std::mem::replace(end, newest(state));
            *end != old
        });
    }
}

/// The newest event that the journal has or had.
pub(crate) fn newest(state: &State) -> EventId {
    state.journal.newest().unwrap_or(state.journal_lost())
}
