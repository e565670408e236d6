//! Sessions that somebody ends: one, or all of an administrator.

use actix_web::{HttpRequest, web};
use serde::Deserialize;

use super::{PATH, of_name};
use crate::console::{Answer, Form, see_other};
use crate::resources::sessions;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/sessions/end").post(end)).service(web::resource("/sessions/end-all").post(end_all));
}

#[derive(Deserialize)]
struct One {
    id: String,
}

async fn end(Form { visitor, fields }: Form<One>) -> Answer {
    sessions::end(visitor.admin.clone(), visitor.anybody()?, web::Path::from(fields.id)).await?;
    Ok(see_other(&format!("{PATH}?done=session-ended")))
}

#[derive(Deserialize)]
struct All {
    name: String,
}

async fn end_all(request: HttpRequest, Form { visitor, fields }: Form<All>) -> Answer {
    let found = sessions::list(visitor.admin.clone(), request, visitor.read()?).await.into_inner().items;
    for session in found.into_iter().filter(|session| session.administrator == fields.name) {
        sessions::end(visitor.admin.clone(), visitor.anybody()?, web::Path::from(session.id)).await?;
    }
    Ok(see_other(&of_name(&fields.name, "sessions-ended")))
}
