//! A file that a page gives away.

use actix_web::HttpResponse;

/// The browser keeps it under this name, and the page stays.
pub(super) fn download(name: &str, media_type: &'static str, contents: Vec<u8>) -> HttpResponse {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .body(contents)
}
