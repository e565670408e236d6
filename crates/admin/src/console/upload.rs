//! A form with a file in it (RFC 7578): bounded and checked like any other form.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use multer::{Multipart, parse_boundary};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::Visitor;
use super::form::{invalid, read, visitor_of};
use super::refusal::Refusal;
use crate::error::ApiError;
use crate::server::read_body;

/// The name that the one file of a form has.
const FILE_FIELD: &str = "file";

/// The fields of a form whose hidden field `csrf` is right, and its file.
pub(super) struct Upload<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
    /// Empty if none was chosen.
    pub(super) file: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Upload<T> {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), read_body(request, payload, "multipart/form-data"));
        Box::pin(async move {
            let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let (fields, file) = parts_of(content_type.unwrap_or_default(), body.await?).await?;
            Ok(Self { visitor: visitor_of(&request, &fields).await?, fields: read(&fields)?, file })
        })
    }
}

/// The text fields as those of a form without a file, and the file.
async fn parts_of(content_type: &str, body: Bytes) -> Result<(String, Bytes), ApiError> {
    let boundary = parse_boundary(content_type).map_err(|error| invalid(&error))?;
    let whole = futures::stream::once(async move { Ok::<_, Infallible>(body) });
    let mut parts = Multipart::new(whole, boundary);
    let (mut fields, mut file) = (String::new(), Bytes::new());
    while let Some(part) = parts.next_field().await.map_err(|error| invalid(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE_FIELD {
            file = part.bytes().await.map_err(|error| invalid(&error))?;
            continue;
        }
        let text = part.text().await.map_err(|error| invalid(&error))?;
        let [name, text] = [&name, &text].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
        fields += &format!("{name}={text}&");
    }
    Ok((fields, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn fields_and_file_are_told_apart() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"alias\"\r\n\r\na&b=ü\r\n\
            --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.p12\"\r\n\
            Content-Type: application/octet-stream\r\n\r\n0\r\n--y\r\n--x--\r\n";
        let (fields, file) = parts_of("multipart/form-data; boundary=x", Bytes::from(body)).await.unwrap();
        assert_eq!((fields.as_str(), &file[..]), ("alias=a%26b%3D%C3%BC&", &b"0\r\n--y"[..]));
    }

    #[tokio::test]
    async fn what_is_broken_is_refused() {
        for (content_type, body) in [
            ("multipart/form-data", "--x--\r\n"),
            ("multipart/form-data; boundary=x", ""),
            ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb"),
        ] {
            assert!(parts_of(content_type, Bytes::from(body)).await.is_err(), "{content_type}: {body}");
        }
    }
}
