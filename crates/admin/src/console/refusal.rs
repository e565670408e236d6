//! What is answered instead of a page.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::assets::{ASSETS, Assets};
use super::{LOGIN_PATH, PASSWORD_PATH, see_other};
use crate::error::ApiError;
use crate::problems::Code;

#[derive(Debug)]
pub(super) enum Refusal {
    /// To the log-in, and back to this path afterwards.
    LogIn {
        then: String,
    },
    /// A password that was given out has to be changed first.
    SetPassword,
    /// A link on another site's page led here: the browser sends the session's cookie when our own page asks again.
    AskAgain,
    Problem(ApiError),
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self::Problem(error)
    }
}

impl Refusal {
    /// For a page that somebody wanted to see.
    pub(super) fn of_page(request: &HttpRequest, error: ApiError) -> Self {
        let is_get = request.method() == Method::GET;
        match error.code {
            Code::NoCredentials | Code::SessionOver => {
                // A form is lost then; what it would have done has not happened.
                // Over HTTP/2 the request's URI names scheme and host besides.
                let path = request.uri().path_and_query().map(ToString::to_string);
                let then = path.filter(|_| is_get).unwrap_or_default();
                Self::LogIn { then }
            }
            Code::PasswordChangeRequired => Self::SetPassword,
            Code::CrossSite if is_get => Self::AskAgain,
            _ => Self::Problem(error),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LogIn { .. } => formatter.write_str("log in first"),
            Self::SetPassword => formatter.write_str("set a password first"),
            Self::AskAgain => formatter.write_str("ask again"),
            Self::Problem(error) => error.fmt(formatter),
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    assets: &'static Assets,
    status: u16,
    title: &'a str,
    error: &'a ApiError,
}

#[derive(Template)]
#[template(path = "ask_again.html")]
struct AskAgainPage;

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::LogIn { .. } | Self::SetPassword => StatusCode::SEE_OTHER,
            Self::AskAgain => StatusCode::OK,
            Self::Problem(error) => error.status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::LogIn { then } if then.is_empty() => see_other(LOGIN_PATH),
            Self::LogIn { then } => {
                let then = percent_encoding::utf8_percent_encode(then, percent_encoding::NON_ALPHANUMERIC);
                see_other(&format!("{LOGIN_PATH}?next={then}"))
            }
            Self::SetPassword => see_other(PASSWORD_PATH),
            Self::AskAgain => html(StatusCode::OK, &AskAgainPage),
            Self::Problem(error) => {
                if error.status.is_server_error() {
                    tracing::warn!(code = error.code.name(), detail = %error.detail, "a page could not be shown");
                }
                let title = error.code.title();
                html(error.status, &ProblemPage { assets: &ASSETS, status: error.status.as_u16(), title, error })
            }
        }
    }
}

/// A page, or in the worst case a line of text.
pub(super) fn html(status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(body) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(body),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            HttpResponse::InternalServerError().content_type("text/plain").body("the page could not be rendered\n")
        }
    }
}
