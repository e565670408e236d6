//! Applications' events: each is there once, all have ended, and those of one ordering key in their order.

use std::collections::{BTreeMap, BTreeSet};

use flotilla_model::State;

/// At the end of a run, when the queue is empty. An event's data begins with its ordering key.
pub(crate) fn check_order(state: &State) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut last_end_ms: BTreeMap<String, u64> = BTreeMap::new();
    for entry in state.journal.iter() {
        let data = String::from_utf8_lossy(&entry.data.read().unwrap()).into_owned();
        if !seen.insert(data.clone()) {
            return Err(format!("{data} was published twice"));
        }
        let Some((_, ended_ms)) = entry.ended else { return Err(format!("event {} ({data}) has not ended", entry.id)) };
        let key = data.split('/').next().unwrap_or_default().to_owned();
        let last_ms = last_end_ms.entry(key).or_default();
        if *last_ms > ended_ms {
            return Err(format!("event {} ({data}) ended before an earlier one of its key", entry.id));
        }
        *last_ms = ended_ms;
    }
    Ok(())
}
