//! Who looks at a page.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use flotilla_model::AdministratorRole;

use super::refusal::Refusal;
use super::{Frame, Section, notice};
use crate::Admin;
use crate::error::ApiError;
use crate::server::{
    Administer, AdministerOf, Anybody, Caller, Operate, OperateOf, Read, ReadOf, identify, session_of,
};

/// An administrator who is logged in. Anybody else is led to the log-in.
pub(super) struct Visitor {
    pub(super) admin: web::Data<Admin>,
    pub(super) caller: Caller,
    csrf: String,
    notice: Option<&'static str>,
}

impl Visitor {
    pub(super) fn new(request: &HttpRequest, caller: Caller) -> Result<Self, ApiError> {
        let admin = request.app_data::<web::Data<Admin>>();
        let admin = admin.ok_or_else(|| ApiError::internal("the server has no context"))?.clone();
        let csrf = session_of(&admin, request).map(|opened| opened.cookie.csrf_text()).unwrap_or_default();
        Ok(Self { admin, caller, csrf, notice: notice::of(request.query_string()) })
    }

    pub(super) fn frame(&self, title: impl Into<String>, section: Section) -> Frame {
        let (state, facts) = (self.admin.view().state, self.admin.parts().facts.status());
        Frame {
            title: title.into(),
            section,
            cluster: state.cluster().name.clone(),
            node: format!("node {} · {}", facts.node, facts.name),
            has_lost_quorum: facts.consensus.has_lost_quorum() || facts.consensus.primary.is_none(),
            who: self.caller.name.clone(),
            role: self.caller.role.name(),
            may_operate: OperateOf::of(self.caller.clone(), &state).is_ok(),
            may_administer: Administer::of(self.caller.clone(), &state).is_ok(),
            is_delegate: self.caller.role == AdministratorRole::Delegate,
            csrf: self.csrf.clone(),
            notice: self.notice,
        }
    }

    pub(super) fn anybody(&self) -> Result<Anybody, ApiError> {
        Anybody::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn read(&self) -> Result<Read, ApiError> {
        Read::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn operate(&self) -> Result<Operate, ApiError> {
        Operate::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn administer(&self) -> Result<Administer, ApiError> {
        Administer::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn read_of(&self) -> Result<ReadOf, ApiError> {
        ReadOf::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn operate_of(&self) -> Result<OperateOf, ApiError> {
        OperateOf::of(self.caller.clone(), &self.admin.view().state)
    }

    pub(super) fn administer_of(&self) -> Result<AdministerOf, ApiError> {
        AdministerOf::of(self.caller.clone(), &self.admin.view().state)
    }
}

impl FromRequest for Visitor {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = identify(&request).await.map_err(|error| Refusal::of_page(&request, error))?;
            Ok(Self::new(&request, caller)?)
        })
    }
}
