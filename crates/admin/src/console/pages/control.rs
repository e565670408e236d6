//! *Server Control*: the Transaction Manager of each node.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use serde::Deserialize;

use crate::api::{ManagerOperation, ManagerState, ManagerView};
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::error::ApiError;
use crate::resources::transaction_manager;
use crate::server::Body;

const PATH: &str = "/console/control";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/control").get(show))
        .service(web::resource("/control/live").get(live))
        .service(web::resource("/control/manager").post(change));
}

#[derive(Template)]
#[template(path = "control.html")]
struct ControlPage {
    frame: Frame,
    live: Live,
}

#[derive(Template)]
#[template(path = "control_live.html")]
struct Live {
    managers: Vec<ManagerView>,
    may_operate: bool,
    csrf: String,
}

impl ManagerView {
    fn tone(&self) -> &'static str {
        match self.state {
            ManagerState::Running => "ok",
            ManagerState::Draining => "busy",
            ManagerState::Stopped | ManagerState::Standby => "warn",
            ManagerState::None => "",
            ManagerState::Unknown => "bad",
        }
    }

    fn can_stop(&self) -> bool {
        matches!(self.state, ManagerState::Running | ManagerState::Standby)
    }

    fn can_start(&self) -> bool {
        matches!(self.state, ManagerState::Stopped | ManagerState::Draining)
    }
}

async fn read(visitor: &Visitor, frame: &Frame) -> Result<Live, ApiError> {
    let managers = transaction_manager::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    Ok(Live { managers, may_operate: frame.may_operate, csrf: frame.csrf.clone() })
}

async fn show(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Server Control", Section::Control);
    let live = read(&visitor, &frame).await?;
    Ok(page(&ControlPage { frame, live }))
}

async fn live(visitor: Visitor) -> Answer {
    let frame = visitor.frame("Server Control", Section::Control);
    Ok(page(&read(&visitor, &frame).await?))
}

#[derive(Deserialize)]
struct Change {
    /// Absent: all nodes.
    node: Option<NodeId>,
    is_stopped: bool,
}

async fn change(Form { visitor, fields }: Form<Change>) -> Answer {
    let (admin, operate) = (visitor.admin.clone(), visitor.operate()?);
    let operation = Body(ManagerOperation { node: fields.node });
    let done = if fields.is_stopped {
        transaction_manager::stop(admin, operate, operation).await?;
        "manager-stopped"
    } else {
        transaction_manager::start(admin, operate, operation).await?;
        "manager-started"
    };
    Ok(see_other(&format!("{PATH}?done={done}")))
}
