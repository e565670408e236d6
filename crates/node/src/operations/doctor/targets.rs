//! Whom the cluster talks to: its members, and the receivers of its webhooks.

use std::collections::BTreeSet;

use flotilla_admin::nodes::TargetKind;
use flotilla_config::HostPort;
use flotilla_model::{NodeId, State, Step};

/// Far more integrations than a cluster has; the rest is not looked at.
const INTEGRATIONS_MAX: usize = 64;

/// Something to be reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) kind: TargetKind,
    pub(super) node: Option<NodeId>,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The members' ports, those of this node too, and the integrations.
pub(super) fn of(state: &State) -> Vec<Target> {
    let mut targets = Vec::new();
    for member in state.members.values() {
        let mut add = |kind, place: Option<(String, u16)>| {
            targets.extend(place.map(|(host, port)| Target { kind, node: Some(member.id), host, port }));
        };
        let mesh = member.mesh_address.parse::<HostPort>().ok().map(|address| (address.host, address.port));
        add(TargetKind::Cluster, mesh);
        add(TargetKind::Administration, place_of(&member.admin_url));
        if member.is_full() {
            add(TargetKind::Partners, place_of(&member.transfer_url));
        }
    }
    let routes = state.routes.values().chain(state.kind_routes.values());
    let urls = routes.flat_map(|route| &route.steps).filter_map(|step| match step {
        Step::Webhook { url, .. } => place_of(url),
        _ => None,
    });
    let integrations: BTreeSet<_> = urls.collect();
    let target = |(host, port)| Target { kind: TargetKind::Integration, node: None, host, port };
    targets.extend(integrations.into_iter().take(INTEGRATIONS_MAX).map(target));
    targets
}

fn place_of(url: &str) -> Option<(String, u16)> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    Some((host, url.port_or_known_default()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_urls() {
        for (url, expected) in [
            ("https://a.example.org:8444", Some(("a.example.org", 8444))),
            ("http://a.example.org/x?y", Some(("a.example.org", 80))),
            ("https://[2001:db8::1]:8443/", Some(("2001:db8::1", 8443))),
            ("nonsense", None),
            ("mailto:a@b", None),
        ] {
            assert_eq!(place_of(url), expected.map(|(host, port)| (host.to_owned(), port)), "{url}");
        }
    }
}
