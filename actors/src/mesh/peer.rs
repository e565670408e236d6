//! One peer's link over time.

use flotilla_model::NodeId;
use serde::Serialize;

use crate::ports::{LinkLevel, LinkView};
use crate::supervision::{Ctx, Published, Receive, Supervised};

/// What everyone may know about the link to a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeerLinkStatus {
    /// How it stands.
    #[serde(flatten)]
    pub link: LinkView,
    /// Times that it went from connected to anything else.
    pub losses: u64,
}

pub(crate) struct PeerLink {
    pub(crate) node: NodeId,
    pub(crate) status: Published<Option<PeerLinkStatus>>,
}

impl Supervised for PeerLink {}

/// How the link stands now. Equal ones may follow each other.
pub(crate) struct Stands(pub(crate) LinkView);

impl Receive<Stands> for PeerLink {
    type Reply = ();

    fn receive(&mut self, Stands(link): Stands, _ctx: &mut Ctx<'_, Self>) {
        let before = self.status.observer().get();
        let was_connected =
            before.as_ref().is_some_and(|before| matches!(before.link.level, LinkLevel::Connected { .. }));
        let is_connected = matches!(link.level, LinkLevel::Connected { .. });
        let losses = before.as_ref().map_or(0, |before| before.losses) + u64::from(was_connected && !is_connected);
        if before.as_ref().is_none_or(|before| before.link.level != link.level) {
            tracing::info!(node = %self.node, level = ?link.level, error = link.last_error.as_deref(), "the link to a peer changed");
        }
        self.status.set(Some(PeerLinkStatus { link, losses }));
    }
}
