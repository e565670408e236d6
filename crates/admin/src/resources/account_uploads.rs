//! `accounts/NAME/uploads`: files that come in parts.

use actix_web::web;
use flotilla_model::{Command, PartialUpload, UploadId};

use super::{accounts, done, name_in_path};
use crate::Admin;
use crate::api::{Done, Page, UploadView, from_ms};
use crate::error::ApiError;
use crate::interface::{Routes, Tag};
use crate::server::{OperateOf, ReadOf};

pub(super) fn add(routes: &mut Routes) {
    routes.chapter(Tag::Accounts);
    routes
        .get("/accounts/{name}/uploads", list)
        .named("listAccountUploads", "Uploads in parts of an account, oldest first")
        .explained("Those that are whole stay for a while, for clients that did not hear of the end.");
    routes
        .delete("/accounts/{name}/uploads/{id}", cancel)
        .named("cancelAccountUpload", "Gives an upload in parts up")
        .explained("What has come of it goes; a file that is whole stays.");
}

pub(crate) async fn list(
    admin: web::Data<Admin>,
    ReadOf(scope): ReadOf,
    name: web::Path<String>,
) -> Result<web::Json<Page<UploadView>>, ApiError> {
    let name = name_in_path(&name)?;
    scope.require(&name)?;
    let state = admin.view().state;
    accounts::find(&state, &name)?;
    let items = state.uploads_of(&name).map(|(id, row)| describe(id, row)).collect();
    Ok(web::Json(Page { items, next_cursor: None }))
}

pub(crate) async fn cancel(
    admin: web::Data<Admin>,
    OperateOf(caller, scope): OperateOf,
    path: web::Path<(String, String)>,
) -> Result<web::Json<Done>, ApiError> {
    let (name, id) = path.into_inner();
    let name = name_in_path(&name)?;
    scope.require(&name)?;
    let missing = || ApiError::not_found(format!("account {name} has no upload {id:.40}"));
    let id = UploadId::parse(&id).ok_or_else(missing)?;
    if admin.view().state.upload(&name, id).is_none() {
        return Err(missing());
    }
    Ok(done(&admin.change(&caller, Command::CancelUpload { account: name, id }).await?))
}

fn describe(id: UploadId, row: &PartialUpload) -> UploadView {
    UploadView {
        id: id.to_string(),
        path: row.path.to_string(),
        size_bytes: row.length,
        received_bytes: row.offset(),
        parts: row.parts.len() as u64,
        created_at: from_ms(row.created_ms),
        expires_at: from_ms(row.expires_ms),
        transfer: row.transfer.map(|transfer| transfer.0),
    }
}
