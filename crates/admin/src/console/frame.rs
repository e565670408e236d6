//! What is around every page.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::assets::{ASSETS, Assets};
use super::refusal::html;
use super::{DELEGATES_START_PATH, START_PATH};

/// The entry of the menu to which a page belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Cluster,
    Queue,
    Files,
    Statistics,
    Control,
    Parameters,
    Certificates,
    Accounts,
    Routes,
    Administrators,
    Audit,
    Log,
    Doctor,
    Password,
    Setup,
}

/// In the order of the menu, by group.
const MENU: [(&str, &[Entry]); 3] = [
    (
        "Operations",
        &[
            Entry(Section::Cluster, "/console/cluster", "Cluster"),
            Entry(Section::Queue, "/console/queue", "Event Queue"),
            Entry(Section::Files, "/console/files", "File Tracking"),
            Entry(Section::Statistics, "/console/statistics", "Statistics"),
            Entry(Section::Control, "/console/control", "Server Control"),
        ],
    ),
    (
        "Set-up",
        &[
            Entry(Section::Setup, "/console/setup", "Checklist"),
            Entry(Section::Parameters, "/console/parameters", "Server Configuration"),
            Entry(Section::Certificates, "/console/certificates", "Certificates"),
            Entry(Section::Accounts, "/console/accounts", "Accounts"),
            Entry(Section::Routes, "/console/routes", "Routes"),
            Entry(Section::Administrators, "/console/administrators", "Administrators"),
        ],
    ),
    (
        "Evidence",
        &[
            Entry(Section::Audit, "/console/audit", "Audit Log"),
            Entry(Section::Log, "/console/log", "Server Log"),
            Entry(Section::Doctor, "/console/doctor", "Doctor"),
        ],
    ),
];

/// What belongs to accounts; the rest of the cluster is none of a delegate's business.
const MENU_OF_DELEGATES: [(&str, &[Entry]); 2] = [
    (
        "Operations",
        &[
            Entry(Section::Queue, "/console/queue/events", "Events"),
            Entry(Section::Files, DELEGATES_START_PATH, "File Tracking"),
            Entry(Section::Statistics, "/console/statistics", "Statistics"),
        ],
    ),
    (
        "Set-up",
        &[
            Entry(Section::Accounts, "/console/accounts", "Accounts"),
            Entry(Section::Routes, "/console/routes", "Routes"),
        ],
    ),
];

/// Section, address and name.
pub(super) struct Entry(pub(super) Section, pub(super) &'static str, pub(super) &'static str);

pub(super) struct Frame {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) cluster: String,
    /// The node that answers.
    pub(super) node: String,
    pub(super) has_lost_quorum: bool,
    pub(super) who: String,
    pub(super) role: &'static str,
    pub(super) may_operate: bool,
    pub(super) may_administer: bool,
    pub(super) is_delegate: bool,
    pub(super) csrf: String,
    pub(super) notice: Option<&'static str>,
}

impl Frame {
    pub(super) fn assets(&self) -> &'static Assets {
        &ASSETS
    }

    pub(super) fn menu(&self) -> &'static [(&'static str, &'static [Entry])] {
        if self.is_delegate { &MENU_OF_DELEGATES } else { &MENU }
    }

    /// Where the name of the product leads.
    pub(super) fn start(&self) -> &'static str {
        if self.is_delegate { DELEGATES_START_PATH } else { START_PATH }
    }
}

pub(super) fn page(template: &impl Template) -> HttpResponse {
    html(StatusCode::OK, template)
}
