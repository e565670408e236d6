//! To a script of a page, a browser's own window that asks for name and password is only in the way: the page has a form for that, and
//! what is typed into the window would be sent with every request from then on. So scripts are not asked for HTTP Basic.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::middleware::Next;

const SESSION: HeaderValue = HeaderValue::from_static("Session realm=\"flotilla\"");

pub(super) async fn challenge_for_scripts(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    // Browsers say how a request came about, and scripts cannot change that (Fetch Metadata).
    let is_script = request.headers().get("sec-fetch-mode").is_some_and(|mode| mode != "navigate");
    let mut response = next.call(request).await?;
    if is_script && response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, SESSION);
    }
    Ok(response)
}
