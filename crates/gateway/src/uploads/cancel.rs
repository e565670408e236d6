//! DELETE: what has come is not wanted any more.

use actix_web::HttpResponse;
use flotilla_model::{Command, UploadId};

use crate::access::authenticate;
use crate::commit::{Repeat, commit};
use crate::context::Context;
use crate::problem::Problem;
use crate::request::head::Head;

pub(super) async fn cancel(context: &Context, head: Head<'_>, id: UploadId) -> Result<HttpResponse, Problem> {
    let (account, _) = authenticate(context, head).await?;
    commit(context, Command::CancelUpload { account, id }, Repeat::Never).await?;
    Ok(HttpResponse::NoContent().finish())
}
