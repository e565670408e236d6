//! The OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use serde_json::Value;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{HttpMethod, Operation as Described};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response, ResponseBuilder,
    tag::TagBuilder,
};

use super::operation::header;
use super::{Access, Operation, Routes, Tag};
use crate::api::Problem;
use crate::problems::Code;
use crate::resources;
use crate::session::COOKIE;

const DESCRIPTION: &str = "Administration of a Flotilla cluster. Any node answers; a change is committed in the replicated log before \
    it is answered. Errors are problem documents (RFC 9457). `x-role` names the role that an operation takes: an `auditor` reads, an \
    `operator` steers work, an `administrator` may do all; `any` of them does what is their own. With `x-delegate` a `delegate` may, too, for \
    what belongs to their accounts.";

/// Names of the security schemes.
const BASIC: &str = "basic";
const BEARER: &str = "bearer";
const SESSION: &str = "session";
const CSRF: &str = "csrf";
const CERTIFICATE: &str = "certificate";

/// The description of the interface, made once.
pub(crate) struct Document {
    pub(crate) tree: Value,
    /// As it is served.
    pub(crate) json: Bytes,
}

pub(crate) fn document() -> &'static Document {
    static DOCUMENT: OnceLock<Document> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        // By way of a tree, whose keys are in order: the same program writes the same text.
        let mut tree = serde_json::to_value(describe(operations())).unwrap_or_default();
        tell_unsigned(&mut tree);
        let json = serde_json::to_string_pretty(&tree).unwrap_or_default() + "\n";
        Document { tree, json: json.into() }
    })
}

fn operations() -> Vec<Operation> {
    let mut routes = Routes::to_describe();
    resources::add(&mut routes);
    routes.into_operations()
}

/// The formats that are given to numbers without a sign have one; by them the upper half would be refused.
fn tell_unsigned(tree: &mut Value) {
    match tree {
        Value::Object(fields) => {
            let unsigned = match fields.get("format").and_then(Value::as_str) {
                Some("int64") => Some("uint64"),
                Some("int32") => Some("uint32"),
                _ => None,
            };
            if let Some(format) = unsigned.filter(|_| fields.get("minimum").is_some_and(|least| *least == 0)) {
                fields.insert("format".to_owned(), format.into());
            }
            fields.values_mut().for_each(tell_unsigned);
        }
        Value::Array(items) => items.iter_mut().for_each(tell_unsigned),
        _ => {}
    }
}

fn describe(operations: Vec<Operation>) -> OpenApi {
    let (mut paths, mut components) = (Paths::new(), Components::new());
    for operation in operations {
        let method = http_method(&operation.method);
        let path = operation.path.clone();
        let described = described(operation, &mut components);
        paths.add_path_operation(path, vec![method], described);
    }
    for (name, scheme) in security_schemes() {
        components.security_schemes.insert(name.to_owned(), RefOr::T(scheme));
    }
    let tags =
        Tag::ALL.iter().map(|tag| TagBuilder::new().name(tag.name()).description(Some(tag.description())).build());
    let info = InfoBuilder::new()
        .title("Flotilla") // Of the interface. Which program it is, is told to those who have logged in.
        .version("2.0")
        .description(Some(DESCRIPTION))
        .build();
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).tags(Some(tags)).build()
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn described(mut operation: Operation, components: &mut Components) -> Described {
    operation.schema_of::<Problem>();
    components.schemas.append(&mut operation.schemas);
    let mut described = Described::new();
    described.tags = Some(vec![operation.tag.name().to_owned()]);
    described.operation_id = Some(operation.id.to_owned());
    described.summary = Some(operation.summary.to_owned());
    described.description = operation.description.map(str::to_owned);
    described.security = Some(security(&operation));
    let mut extensions = ExtensionsBuilder::new().add("x-role", operation.access.name());
    if operation.access.admits_delegates() {
        extensions = extensions.add("x-delegate", true);
    }
    described.extensions = Some(extensions.build());
    let parameters: Vec<_> = operation.parameters.into_iter().map(RefOr::T).collect();
    described.parameters = Some(parameters).filter(|parameters| !parameters.is_empty());
    described.request_body = operation.body.map(RefOr::T);
    for (status, answer) in operation.answers {
        described.responses.responses.insert(status.as_str().to_owned(), RefOr::T(answer));
    }
    let mut refusals: BTreeMap<StatusCode, BTreeSet<Code>> = BTreeMap::new();
    for (status, code) in operation.refusals {
        refusals.entry(status).or_default().insert(code);
    }
    for (status, codes) in refusals {
        let name = refusal_name(status, &codes);
        let answer = components.responses.entry(name.clone()).or_insert_with(|| RefOr::T(refusal(status, &codes)));
        let _ = answer;
        described.responses.responses.insert(status.as_str().to_owned(), Ref::from_response_name(name).into());
    }
    described
}

/// Operations that refuse with the same codes share a description: `409.account-in-use`.
fn refusal_name(status: StatusCode, codes: &BTreeSet<Code>) -> String {
    let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
    format!("{}.{}", status.as_str(), names.join("."))
}

fn refusal(status: StatusCode, codes: &BTreeSet<Code>) -> Response {
    let words: Vec<String> = codes.iter().map(|code| format!("`{}`: {}.", code.name(), code.title())).collect();
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let mut response = ResponseBuilder::new().description(words.join(" ")).content(Problem::CONTENT_TYPE, content);
    match status {
        StatusCode::UNAUTHORIZED => {
            response = response.header("WWW-Authenticate", header("How to show who you are"));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            response = response.header("Retry-After", header("Seconds to wait"));
        }
        _ => {}
    }
    response.build()
}

/// One of them is enough; none for what is open to all.
fn security(operation: &Operation) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    match operation.access {
        Access::Public | Access::JoinToken => Vec::new(),
        Access::Role(_) | Access::RoleOrDelegate(_) | Access::Anybody => {
            let session = SecurityRequirement::new(SESSION, none);
            let session = if operation.changes() { session.add(CSRF, none) } else { session };
            let named = [BASIC, BEARER, CERTIFICATE].map(|name| SecurityRequirement::new(name, none));
            named.into_iter().chain([session]).collect()
        }
    }
}

fn security_schemes() -> [(&'static str, SecurityScheme); 5] {
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("Name and password of an administrator without a second factor."));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API token, or the token in a node's own folder, which is good for that node only."));
    let session = ApiKeyValue::with_description(COOKIE.name(), "The cookie of `POST sessions`; good on every node.");
    let certificate = "A client certificate that is registered for an administrator.";
    let csrf = ApiKeyValue::with_description("X-CSRF-Token", "`csrf_token` of the session, beside its cookie.");
    [
        (BASIC, SecurityScheme::Http(basic.build())),
        (BEARER, SecurityScheme::Http(bearer.build())),
        (SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(session))),
        (CSRF, SecurityScheme::ApiKey(ApiKey::Header(csrf))),
        (
            CERTIFICATE,
            SecurityScheme::MutualTls { description: Some(certificate.to_owned()), deprecated: None, extensions: None },
        ),
    ]
}
