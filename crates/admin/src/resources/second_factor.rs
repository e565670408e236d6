//! `administrators/NAME/second-factor`: one-time codes beside the password.

use actix_web::web;
use flotilla_model::{AccountName, Command};

use super::{done, name_in_path};
use crate::Admin;
use crate::api::{Done, SecondFactorConfirmation, SecondFactorEnrolment};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::problems::Code;
use crate::second_factor::{Enrolment, step_of};
use crate::server::{Administer, Anybody, Body, Caller, Credential, now_ms};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Administrators);
    routes
        .post("/administrators/{name}/second-factor", enrol)
        .named("enrolSecondFactor", "One's own second factor: shown this once")
        .refuses(&[Code::Forbidden, Code::WrongState]);
    routes
        .delete("/administrators/{name}/second-factor", reset)
        .named("resetSecondFactor", "Takes another's second factor away");
    routes
        .post("/administrators/{name}/second-factor/confirm", confirm)
        .named("confirmSecondFactor", "Shows that the authenticator has it: from now on a code is needed")
        .refuses(&[Code::Forbidden, Code::WrongState]);
}

/// One's own only: whoever enrols it holds it.
pub(crate) async fn enrol(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
) -> Result<web::Json<SecondFactorEnrolment>, ApiError> {
    let name = own(&caller, &name)?;
    let issuer = admin.view().state.cluster().name.clone();
    let made = Enrolment::draw(&name, &issuer, &admin.parts().secrets.current())
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let command = Command::EnrolSecondFactor {
        name,
        secret: made.sealed,
        recovery_codes: made.recovery_code_hashes,
        now_ms: now_ms(),
    };
    admin.change(&caller, command).await?;
    let Enrolment { uri, secret, recovery_codes, .. } = made;
    Ok(web::Json(SecondFactorEnrolment { uri, secret, recovery_codes }))
}

pub(crate) async fn confirm(
    admin: web::Data<Admin>,
    Anybody(caller): Anybody,
    name: web::Path<String>,
    Body(confirmation): Body<SecondFactorConfirmation>,
) -> Result<web::Json<Done>, ApiError> {
    let name = own(&caller, &name)?;
    let (state, now_ms) = (admin.fresh_view().await?.state, now_ms());
    let factor = state.second_factors.get(&name).ok_or_else(|| {
        ApiError::not_found(format!("{name} has no second factor")).mend("enrol one: POST second-factor")
    })?;
    let secrets = admin.parts().secrets.current();
    let step = step_of(&name, &factor.secret, &confirmation.code, &secrets, now_ms).ok_or_else(|| {
        ApiError::invalid("code", "this is not the code of now")
            .mend("compare the clocks of the device and of this node, and send the next one")
    })?;
    let command = Command::ConfirmSecondFactor { name, secret: factor.secret.clone(), step, now_ms };
    Ok(done(&admin.change(&caller, command).await?))
}

/// By somebody else: who has only the password of an administrator must not get rid of what it lacks.
pub(crate) async fn reset(
    admin: web::Data<Admin>,
    Administer(caller): Administer,
    name: web::Path<String>,
) -> Result<web::Json<Done>, ApiError> {
    let name = name_in_path(&name)?;
    if caller.name == name.as_str() && caller.credential != Credential::LocalToken {
        let detail = format!("{name} does not reset their own second factor");
        let error = ApiError::new(Code::Forbidden, detail);
        return Err(error.mend("have another administrator do it, or go to a node: its local token may"));
    }
    Ok(done(&admin.change(&caller, Command::RemoveSecondFactor { name }).await?))
}

fn own(caller: &Caller, name: &str) -> Result<AccountName, ApiError> {
    let name = name_in_path(name)?;
    if caller.is_in_person(&name) {
        return Ok(name);
    }
    let detail = format!("only {name} in person enrols a second factor of theirs");
    Err(ApiError::new(Code::Forbidden, detail).mend("log in with their name and password"))
}
