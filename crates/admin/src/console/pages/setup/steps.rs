//! The steps, judged. Each says how things stand in words that name nodes.

use flotilla_config::parameters::CLUSTER_CRYPTO_ALIAS;

use super::facts::Facts;
use crate::api::{CertificateView, ClusterNode, ManagerState, NodeRole};

const THREADS: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads";
const SIZING: &str = "Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.sizing";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Done,
    /// It is somebody's turn.
    Open,
    Failed,
}

pub(super) struct Step {
    /// Of the procedure.
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    pub(super) tone: Tone,
    pub(super) finding: String,
    /// Where it is done, and what the button says.
    pub(super) page: (&'static str, &'static str),
}

impl Tone {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Open => "warn",
            Self::Failed => "bad",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Open => "open",
            Self::Failed => "failed",
        }
    }

    fn of(is_done: bool) -> Self {
        if is_done { Self::Done } else { Self::Open }
    }
}

fn names_of<'a>(nodes: impl Iterator<Item = &'a ClusterNode>) -> String {
    nodes.map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// `None`: nobody may ask the doctor.
pub(super) fn names(failed: Option<Vec<String>>) -> Step {
    let (tone, finding) = match failed {
        None => (Tone::Open, "The doctor tells: an operator may ask it.".to_owned()),
        Some(failed) if failed.is_empty() => {
            (Tone::Done, "Every node resolves and reaches all that it talks to, forward and back.".to_owned())
        }
        Some(failed) => (Tone::Failed, failed.join("; ")),
    };
    let title = "Every host resolves every server that it talks to";
    Step { number: "1", title, tone, finding, page: ("/console/doctor", "Doctor") }
}

pub(super) fn all(facts: &Facts) -> Vec<Step> {
    vec![
        primary(facts),
        shared_secret(facts),
        secondaries(facts),
        own_authorities(facts),
        exchanged_authorities(facts),
        stopped(facts),
        servers(facts),
        certificate(facts),
        on_every_node(facts),
        alias(facts),
        mode(facts),
        started(facts),
        synchronised(facts),
        under_load(facts),
    ]
}

fn primary(facts: &Facts) -> Step {
    let leader = facts.cluster.nodes.iter().find(|node| Some(node.node) == facts.cluster.primary);
    let is_first = facts.cluster.nodes.first().map(|node| node.node) == facts.cluster.primary;
    let (tone, finding) = match leader {
        None => (Tone::Failed, "No node leads: a majority of them has to be up.".to_owned()),
        Some(node) if is_first => (Tone::Done, format!("{} leads, and is the first of the order.", node.name)),
        Some(node) => (Tone::Done, format!("{} leads; the first of the order would be another.", node.name)),
    };
    Step { number: "2", title: "A primary is chosen", tone, finding, page: ("/console/cluster", "Cluster") }
}

fn shared_secret(facts: &Facts) -> Step {
    let missing = facts.secret.rotation.as_ref().filter(|row| row.finished_at.is_none()).map(|row| &row.missing);
    let fingerprint = &facts.secret.fingerprint;
    let (tone, finding) = match missing {
        Some(missing) if !missing.is_empty() => {
            let nodes: Vec<_> = missing.iter().map(ToString::to_string).collect();
            (
                Tone::Open,
                format!("It is being changed to {fingerprint}: nodes {} do not have it yet.", nodes.join(", ")),
            )
        }
        _ => (
            Tone::Done,
            format!("All nodes have the secret {fingerprint}; a server that joins brings it or is given it."),
        ),
    };
    let title = "The shared secret (taeh) is on every server";
    Step { number: "3", title, tone, finding, page: ("/console/secret", "Cluster secret") }
}

fn secondaries(facts: &Facts) -> Step {
    let nodes = &facts.cluster.nodes;
    let down: Vec<_> = nodes.iter().filter(|node| !node.is_up || node.role == NodeRole::Down).collect();
    let (tone, finding) = if nodes.len() < 2 {
        (Tone::Open, "This server is alone: nothing survives its loss.".to_owned())
    } else if down.is_empty() {
        (Tone::Done, format!("{} servers are members and up. No licence is needed.", nodes.len()))
    } else {
        (Tone::Failed, format!("Down: {}.", names_of(down.into_iter())))
    };
    let title = "The secondaries are installed";
    Step { number: "4", title, tone, finding, page: ("/console/cluster/add", "Add a server") }
}

fn own_authorities(facts: &Facts) -> Step {
    let has_own = |node: &&ClusterNode| {
        facts.authorities.iter().any(|authority| authority.is_current && authority.node == Some(node.node))
    };
    let without: Vec<_> = facts.cluster.nodes.iter().filter(|node| !has_own(node)).collect();
    let finding = if without.is_empty() {
        "Each has one, made by init or join.".to_owned()
    } else {
        format!("Without one: {}.", names_of(without.iter().copied()))
    };
    let title = "An internal CA is on each server";
    Step { number: "5", title, tone: Tone::of(without.is_empty()), finding, page: CERTIFICATES }
}

const CERTIFICATES: (&str, &str) = ("/console/certificates", "Certificates");

/// The certificates that nodes show.
fn shown(facts: &Facts) -> impl Iterator<Item = &CertificateView> {
    facts.certificates.iter().filter(|row| row.is_in_use)
}

fn exchanged_authorities(facts: &Facts) -> Step {
    let stranger = shown(facts).find(|row| row.authority.is_none());
    let (tone, finding) = match stranger {
        None => {
            (Tone::Done, format!("{} CAs are trusted by all nodes: the list is replicated.", facts.authorities.len()))
        }
        Some(row) => {
            let node = row.node.map_or_else(String::new, |node| format!(" of node {node}"));
            (Tone::Failed, format!("Nobody trusts the CA of {}{node}: import it.", row.alias))
        }
    };
    let title = "CA certificates are exchanged between all servers";
    Step { number: "6", title, tone, finding, page: ("/console/certificates#trust", "Certificates") }
}

fn stopped(facts: &Facts) -> Step {
    let stopped = facts.managers.iter().filter(|row| row.state == ManagerState::Stopped).count();
    let finding = format!(
        "Not needed here: no change of the set-up wants it. {stopped} of {} are stopped.",
        facts.managers.len()
    );
    let title = "The Transaction Managers are stopped";
    Step { number: "7", title, tone: Tone::Done, finding, page: ("/console/control", "Server Control") }
}

fn servers(facts: &Facts) -> Step {
    let order = names_of(facts.cluster.nodes.iter());
    let finding = format!("Equal on all nodes by itself, in the order of promotion: {order}.");
    let title = "The servers file names every server, the primary first";
    Step { number: "8–13", title, tone: Tone::Done, finding, page: ("/console/cluster", "Cluster") }
}

fn certificate(facts: &Facts) -> Step {
    let alias = facts.value(CLUSTER_CRYPTO_ALIAS);
    let (tone, finding) = match shown(facts).min_by_key(|row| row.not_after) {
        Some(first) => {
            let until = first.not_after.strftime("%Y-%m-%d");
            (
                Tone::Done,
                format!("{alias}; the first of them ends on {until}, and is renewed before if its CA is a node's."),
            )
        }
        None => (Tone::Failed, format!("No node has a certificate with the alias {alias}.")),
    };
    let title = "A local certificate for cluster traffic";
    Step { number: "14", title, tone, finding, page: ("/console/certificates#generate", "Certificates") }
}

fn on_every_node(facts: &Facts) -> Step {
    let lacks = |node: &&ClusterNode| !shown(facts).any(|row| row.node == Some(node.node));
    let without: Vec<_> = facts.cluster.nodes.iter().filter(lacks).collect();
    let refused = shown(facts).find(|row| row.refusal.is_some());
    let (tone, finding) = match refused {
        _ if !without.is_empty() => {
            (Tone::Open, format!("Missing on {}: export it, and import it there.", names_of(without.into_iter())))
        }
        Some(row) => {
            let node = row.node.map_or_else(String::new, |node| format!(" of node {node}"));
            (Tone::Failed, format!("{}{node} {}.", row.alias, row.refusal.as_deref().unwrap_or_default()))
        }
        None => (Tone::Done, "Every node has its own or the shared one, and the others accept it.".to_owned()),
    };
    let title = "Exported, and imported on each secondary";
    Step { number: "15–16", title, tone, finding, page: ("/console/certificates#import", "Certificates") }
}

fn alias(facts: &Facts) -> Step {
    let alias = facts.value(CLUSTER_CRYPTO_ALIAS);
    let finding = format!("{alias}, one parameter for all nodes. A value that would cut a node off is refused.");
    let page = ("/console/parameters/Cluster.Crypto.Alias", "Change");
    Step {
        number: "17",
        title: "Cluster.Crypto.Alias names that certificate",
        tone: Tone::of(!alias.is_empty()),
        finding,
        page,
    }
}

fn mode(facts: &Facts) -> Step {
    let mode = facts.cluster.mode.as_str();
    let finding = match mode {
        "active" => "active: all nodes serve partners and work.",
        "passive" => "passive: the primary alone works, the others stand by.",
        _ => "disabled: this server stays alone.",
    };
    let page = ("/console/parameters/Cluster.mode", "Change");
    Step {
        number: "18",
        title: "Cluster.mode is active",
        tone: Tone::of(mode == "active"),
        finding: finding.to_owned(),
        page,
    }
}

fn started(facts: &Facts) -> Step {
    let is_waiting = |state| matches!(state, ManagerState::Stopped | ManagerState::Draining);
    let waiting: Vec<_> =
        facts.managers.iter().filter(|row| is_waiting(row.state)).map(|row| row.name.as_str()).collect();
    let unknown: Vec<_> =
        facts.managers.iter().filter(|row| row.state == ManagerState::Unknown).map(|row| row.name.as_str()).collect();
    let (tone, finding) = if !unknown.is_empty() {
        (Tone::Failed, format!("Not reached: {}.", unknown.join(", ")))
    } else if waiting.is_empty() {
        (Tone::Done, "All run; any order of starting them is safe.".to_owned())
    } else {
        (Tone::Open, format!("Stopped on {}.", waiting.join(", ")))
    };
    let title = "The Transaction Managers are started";
    Step { number: "19", title, tone, finding, page: ("/console/control", "Server Control") }
}

fn synchronised(facts: &Facts) -> Step {
    let differs = facts.sync.nodes.iter().find(|row| row.differs_at_index.is_some());
    let agreed = facts.sync.nodes.iter().filter_map(|row| row.agreed_index).min();
    let (tone, finding) = match (differs, agreed) {
        (Some(row), _) => (Tone::Failed, format!("The state of {} differs: repair it.", row.name)),
        (None, Some(index)) => {
            (Tone::Done, format!("It is continuous; all were found equal at log index {index} while running."))
        }
        (None, None) => (Tone::Done, "It is continuous; a verification proves it.".to_owned()),
    };
    let title = "The secondaries are synchronised";
    Step { number: "20", title, tone, finding, page: ("/console/cluster/sync", "Synchronisation") }
}

fn under_load(facts: &Facts) -> Step {
    let (threads, sizing) = (facts.value(THREADS), facts.value(SIZING));
    let finding = match sizing {
        "auto" => format!("auto: each node sizes itself, up to {threads}."),
        _ => format!("fixed: {threads} on each node. Under load set 100, or sizing to auto; it changes live."),
    };
    let page = ("/console/parameters/Cluster.ThreadPools.ThreadPool.GeneralMessageProcessing.maxThreads", "Change");
    Step { number: "+", title: "GMP threads are sized for the load", tone: Tone::Done, finding, page }
}
