//! The table of routes. An operation gets in with its description or not at all.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::{FromRequest, Handler, HttpRequest, HttpResponse, Responder, ResponseError, Route, web};

use super::{Answer, Input, Operation, Tag};
use crate::api::BASE_PATH;
use crate::error::ApiError;
use crate::problems::Code;

/// All operations, in the order in which requests are compared with them.
pub(crate) struct Routes {
    /// Whether operations tell what their types say. Their schemas are megabytes of small pieces, which each thread that serves would hold.
    is_described: bool,
    prefix: &'static str,
    tag: Tag,
    resources: Vec<Resource>,
    operations: Vec<Operation>,
}

struct Resource {
    path: String,
    routes: Vec<(Method, Route)>,
}

impl Routes {
    /// For [`Routes::register`]: without the schemas.
    pub(crate) fn to_serve() -> Self {
        Self::new(false)
    }

    /// For the document.
    pub(super) fn to_describe() -> Self {
        Self::new(true)
    }

    fn new(is_described: bool) -> Self {
        Self { is_described, prefix: BASE_PATH, tag: Tag::Cluster, resources: Vec::new(), operations: Vec::new() }
    }

    /// What follows is below [`BASE_PATH`], in this chapter.
    pub(crate) fn chapter(&mut self, tag: Tag) {
        (self.prefix, self.tag) = (BASE_PATH, tag);
    }

    /// What follows is at the top, where other programs look for it.
    pub(crate) fn chapter_at_top(&mut self, tag: Tag) {
        (self.prefix, self.tag) = ("", tag);
    }

    pub(crate) fn get<F, A>(&mut self, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        self.add(Method::GET, path, handler)
    }

    pub(crate) fn post<F, A>(&mut self, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        self.add(Method::POST, path, handler)
    }

    pub(crate) fn put<F, A>(&mut self, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        self.add(Method::PUT, path, handler)
    }

    pub(crate) fn patch<F, A>(&mut self, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        self.add(Method::PATCH, path, handler)
    }

    pub(crate) fn delete<F, A>(&mut self, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        self.add(Method::DELETE, path, handler)
    }

    fn add<F, A>(&mut self, method: Method, path: &str, handler: F) -> &mut Operation
    where
        F: Handler<A>,
        A: FromRequest + Input + 'static,
        F::Output: Responder + Answer + 'static,
    {
        let path = format!("{}{path}", self.prefix);
        // What can be read answers HEAD alike; the server leaves the body out.
        let head = (method == Method::GET).then(|| (Method::HEAD, web::head().to(handler.clone())));
        let route = (method.clone(), web::method(method.clone()).to(handler));
        let routes = std::iter::once(route).chain(head);
        match self.resources.iter_mut().find(|resource| resource.path == path) {
            Some(resource) => resource.routes.extend(routes),
            None => self.resources.push(Resource { path: path.clone(), routes: routes.collect() }),
        }
        let mut operation = Operation::new(method, path, self.tag, self.is_described);
        if self.is_described {
            A::describe(&mut operation);
            F::Output::describe(&mut operation);
        }
        self.operations.push(operation);
        let last = self.operations.len() - 1;
        &mut self.operations[last]
    }

    pub(super) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    /// Serves them.
    pub(crate) fn register(self, config: &mut web::ServiceConfig) {
        // A stream would begin for nobody.
        let streams: Vec<String> =
            self.operations.into_iter().filter(|one| one.is_stream).map(|one| one.path).collect();
        for Resource { path, mut routes } in self.resources {
            routes.retain(|(method, _)| *method != Method::HEAD || !streams.contains(&path));
            let methods: Vec<String> = routes.iter().map(|(method, _)| method.to_string()).collect();
            let allowed = methods.join(", ");
            let resource = routes.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
            let other = move |request: HttpRequest| {
                let answer = method_not_allowed(&request, &allowed);
                async move { answer }
            };
            config.service(resource.default_service(web::to(other)));
        }
    }
}

fn method_not_allowed(request: &HttpRequest, allowed: &str) -> HttpResponse {
    let detail = format!("{} is not understood here", request.method());
    let error = ApiError::new(Code::MethodNotAllowed, detail).mend(format!("send {allowed}"));
    let mut response = error.error_response();
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}
