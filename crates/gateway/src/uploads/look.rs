//! HEAD: how far an upload has come. One of which all has come and which is no file yet is finished first: a client that reads that
//! the last byte is here would take the file for there.

use std::sync::Arc;

use actix_web::HttpResponse;
use flotilla_model::UploadId;

use crate::access::authenticate;
use crate::codes;
use crate::context::Context;
use crate::intake::{Source, slot};
use crate::problem::Problem;
use crate::request::conditions::http_date;
use crate::request::head::Head;
use crate::uploads::finish::finish;
use crate::uploads::found::find;
use crate::uploads::metadata;
use crate::uploads::protocol::{UPLOAD_EXPIRES, UPLOAD_LENGTH, UPLOAD_METADATA, UPLOAD_OFFSET};

pub(super) async fn look(context: &Arc<Context>, head: Head<'_>, id: UploadId) -> Result<HttpResponse, Problem> {
    let (account, _) = authenticate(context, head).await?;
    let (mut upload, state) = find(context, &account, id).await?;
    if upload.offset() == upload.length && upload.transfer.is_none() {
        let (of_task, source, owner) = (Arc::clone(context), Source::of(head), account.clone());
        let task = actix_web::rt::spawn(async move {
            let _slot = slot(&of_task, &state)?;
            finish(&of_task, &source, &owner, id).await
        });
        task.await.unwrap_or_else(|error| Err(Problem::new(&codes::INTERNAL, error)))?;
        (upload, _) = find(context, &account, id).await?;
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((UPLOAD_OFFSET, upload.offset().to_string()))
        .insert_header((UPLOAD_LENGTH, upload.length.to_string()))
        .insert_header((UPLOAD_METADATA, metadata::of(&upload.path)))
        .insert_header((UPLOAD_EXPIRES, http_date(upload.expires_ms)));
    if let Some(transfer) = upload.transfer {
        response.insert_header(("flotilla-transfer", transfer.to_string()));
    }
    Ok(response.finish())
}
