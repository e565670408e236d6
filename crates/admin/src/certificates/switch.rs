//! A switch of `Cluster.Crypto.Alias`, checked before it is made: with the new alias every node must have a certificate that all
//! others accept. Otherwise the switch would cut it off, and an order to switch back would not reach it any more.

use flotilla_config::parameters::{CLUSTER_CRYPTO_ALIAS, Parameters};
use flotilla_model::{NodeId, ParameterChange, State};

use super::verdict::{Verdicts, alias_of};
use crate::error::ApiError;
use crate::problems::Code;

/// Refuses changes after which a node would show no certificate, or one that is refused. All such nodes are named.
pub(crate) fn check_switch(state: &State, changes: &[ParameterChange], now_ms: u64) -> Result<(), ApiError> {
    let changes: Vec<&ParameterChange> = changes.iter().filter(|change| change.name == CLUSTER_CRYPTO_ALIAS).collect();
    let verdicts = Verdicts::new(state, now_ms);
    let mut faults = Vec::new();
    for (node, member) in state.members.iter() {
        let alias = after(state, &changes, *node);
        if alias == alias_of(state, *node) {
            continue;
        }
        let fault = match state.certificates.get(&(*node, alias.clone())) {
            None => Some(format!("has no certificate {alias}")),
            Some(record) => {
                verdicts.refusal(*node, record).map(|reason| format!("has a certificate {alias} that {reason}"))
            }
        };
        faults.extend(fault.map(|fault| format!("node {node} ({}) {fault}", member.name)));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let error = ApiError::new(Code::AliasUnusable, faults.join("; ")).at("value");
    Err(error.mend(
        "give each of these nodes a certificate with that alias: flotilla cert import --node ID, or cert generate",
    ))
}

/// The alias of a node after the changes: its own value goes before the cluster's, and that before the default.
fn after(state: &State, changes: &[&ParameterChange], node: NodeId) -> String {
    let value = |place: Option<NodeId>| {
        // Of several changes of one row the last one counts.
        match changes.iter().rev().find(|change| change.node == place) {
            Some(change) => change.value.clone(),
            None => state.parameters.get(&(CLUSTER_CRYPTO_ALIAS.to_owned(), place)).map(|row| row.value.clone()),
        }
    };
    value(Some(node)).or_else(|| value(None)).unwrap_or_else(|| Parameters(|_: &str| None).cluster_crypto_alias())
}
