//! Certificates that come to their end: told once for each limit, in the log and, where someone has asked for it, as an event.
//!
//! Events belong to accounts. Whoever wants to act on a warning gives an account a route for the kind `certificate.expiring`
//! (a webhook, a command); each such account gets the event once.

use std::collections::BTreeMap;

use flotilla_model::{Command, EventKey, KindName, NewEvent, NodeId, Payload, State};
use serde::Serialize;

use super::expiry::{Expiry, Life};

/// The kind of the event.
pub const EXPIRING: &str = "certificate.expiring";

/// A certificate whose end has come near.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Its alias, or `internal CA`.
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub fingerprint: String,
    /// End of validity, milliseconds since the Unix epoch.
    pub not_after_ms: u64,
    /// This node renews it by itself.
    pub is_renewable: bool,
    /// How near.
    pub expiry: Expiry,
}

/// Something with an end.
pub(super) struct Ending {
    pub(super) name: String,
    pub(super) fingerprint: String,
    pub(super) life: Life,
    pub(super) is_renewable: bool,
}

/// What people were told of.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<String, u64>);

impl Told {
    /// All warnings that hold, and those of them that are news.
    pub(super) fn look(&mut self, endings: &[Ending], now_ms: u64) -> (Vec<Warning>, Vec<Warning>) {
        // What is no longer in the store is forgotten.
        self.0.retain(|fingerprint, _| endings.iter().any(|ending| ending.fingerprint == *fingerprint));
        let warning = |ending: &Ending| {
            let expiry = ending.life.expiry(now_ms)?;
            Some(Warning {
                name: ending.name.clone(),
                fingerprint: ending.fingerprint.clone(),
                not_after_ms: ending.life.to_ms,
                is_renewable: ending.is_renewable,
                expiry,
            })
        };
        let holding: Vec<Warning> = endings.iter().filter_map(warning).collect();
        let is_news = |warning: &&Warning| {
            // A clock that was set back must not repeat an earlier limit.
            self.0.get(&warning.fingerprint).is_none_or(|told| *told > warning.expiry.within_days)
        };
        let news: Vec<Warning> = holding.iter().filter(is_news).cloned().collect();
        for warning in &news {
            self.0.insert(warning.fingerprint.clone(), warning.expiry.within_days);
        }
        (holding, news)
    }
}

impl Warning {
    /// The event, for every account that has a route for it.
    pub(super) fn events(&self, state: &State, node: NodeId, now_ms: u64) -> Vec<Command> {
        let (Ok(kind), Ok(payload)) = (KindName::parse(EXPIRING), serde_json::to_vec(&Data { node, warning: self }))
        else {
            return Vec::new();
        };
        // The same of a later process of this node, and of a later look, is the same event.
        let key = format!("{EXPIRING} {} {}", self.fingerprint, self.expiry.within_days);
        let event = NewEvent {
            kind,
            data: Payload::new(&payload),
            ordering_key: None,
            idempotency_key: EventKey::parse(&key).ok(),
            priority: None,
            not_before_ms: None,
            expires_ms: None,
            trace_id: None,
        };
        let wants = state.kind_routes.iter().filter(|((_, kind), _)| kind.as_str() == EXPIRING);
        let publish = |((account, _), _): (&(_, _), &_)| Command::PublishEvents {
            account: flotilla_model::AccountName::clone(account),
            node,
            events: vec![event.clone()],
            now_ms,
        };
        wants.map(publish).collect()
    }
}

/// The event's data.
#[derive(Serialize)]
struct Data<'a> {
    node: NodeId,
    #[serde(flatten)]
    warning: &'a Warning,
}
