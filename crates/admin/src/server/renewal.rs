//! Puts the renewed cookie of a session into the answer, whichever handler makes it.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::SET_COOKIE;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};

use super::authenticate::RenewedCookie;

pub(super) async fn renew_cookie(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let renewed = response.request().extensions_mut().remove::<RenewedCookie>();
    // An answer that ends the session, or opens another, has said its own.
    if let Some(RenewedCookie(value)) = renewed.filter(|_| !response.headers().contains_key(SET_COOKIE)) {
        response.headers_mut().insert(SET_COOKIE, value);
    }
    Ok(response)
}
