//! One operation, as it is described.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::{Method, StatusCode};
use utoipa::ToSchema;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema};

use super::{Access, Tag};
use crate::problems::Code;

/// What is known of an operation; everything that its handler's types do not tell is added where it is routed.
pub(crate) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) tag: Tag,
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) access: Access,
    /// Its answer has no end.
    pub(super) is_stream: bool,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answers: BTreeMap<StatusCode, Response>,
    pub(super) refusals: BTreeSet<(StatusCode, Code)>,
    /// Whether `schemas` are made.
    is_described: bool,
    /// The schemas to which the others refer, by name.
    pub(super) schemas: BTreeMap<String, RefOr<Schema>>,
}

impl Operation {
    pub(super) fn new(method: Method, path: String, tag: Tag, is_described: bool) -> Self {
        let mut operation = Self {
            method,
            path,
            tag,
            id: "",
            summary: "",
            description: None,
            access: Access::Public,
            is_stream: false,
            parameters: Vec::new(),
            body: None,
            answers: BTreeMap::new(),
            refusals: BTreeSet::new(),
            is_described,
            schemas: BTreeMap::new(),
        };
        operation.refuses(&[Code::Internal]);
        if operation.changes() {
            operation.refuses(&[Code::Unavailable, Code::OutcomeUnknown]);
        }
        operation
    }

    /// Whether it changes something, which more than looking can prevent.
    pub(crate) fn changes(&self) -> bool {
        !self.method.is_safe()
    }

    /// Its name for programs, and what it does in a line.
    pub(crate) fn named(&mut self, id: &'static str, summary: &'static str) -> &mut Self {
        (self.id, self.summary) = (id, summary);
        self
    }

    /// What a line does not hold.
    pub(crate) fn explained(&mut self, description: &'static str) -> &mut Self {
        self.description = Some(description);
        self
    }

    /// Refusals besides those that follow from what it takes.
    pub(crate) fn refuses(&mut self, codes: &[Code]) -> &mut Self {
        let pairs = codes.iter().flat_map(|code| code.statuses().iter().map(|status| (*status, *code)));
        self.refusals.extend(pairs);
        self
    }

    pub(crate) fn takes(&mut self, parameter: Parameter) -> &mut Self {
        self.parameters.push(parameter);
        self
    }

    /// A header that may be left out.
    pub(crate) fn takes_header(&mut self, name: &str, description: &str) -> &mut Self {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let header = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(RefOr::T(Schema::from(text))));
        self.takes(header.build())
    }

    pub(crate) fn takes_body<T: ToSchema>(&mut self, content_type: &str) -> &mut Self {
        let content = ContentBuilder::new().schema(Some(self.schema_of::<T>())).build();
        let body = self.body.get_or_insert_with(RequestBody::new);
        body.required = Some(Required::True);
        body.content.insert(content_type.to_owned(), RefOr::T(content));
        self
    }

    pub(crate) fn open_to(&mut self, access: Access) -> &mut Self {
        self.access = access;
        self
    }

    /// An answer of another kind than JSON, beside what is known already for this status.
    pub(crate) fn answers_as(&mut self, status: StatusCode, content_type: &str, description: &str) -> &mut Self {
        let text = Schema::from(ObjectBuilder::new().schema_type(Type::String).build());
        self.answers_with(status, content_type, description, ContentBuilder::new().schema(Some(RefOr::T(text))).build())
    }

    /// An answer that goes on and on, which no schema describes as a whole.
    pub(crate) fn answers_stream(&mut self, content_type: &str, description: &str) -> &mut Self {
        self.is_stream = true;
        self.answers_with(StatusCode::OK, content_type, description, ContentBuilder::new().build())
    }

    /// An answer without a body.
    pub(crate) fn answers_nothing(&mut self, status: StatusCode, description: &str) -> &mut Self {
        self.answers.insert(status, ResponseBuilder::new().description(description).build());
        self
    }

    pub(crate) fn answers_json<T: ToSchema>(&mut self, status: StatusCode, description: &str) -> &mut Self {
        let schema = self.schema_of::<T>();
        let content = ContentBuilder::new().schema(Some(schema)).build();
        self.answers_with(status, "application/json", description, content)
    }

    fn answers_with(
        &mut self,
        status: StatusCode,
        content_type: &str,
        description: &str,
        content: Content,
    ) -> &mut Self {
        let answer = self.answers.entry(status).or_insert_with(|| ResponseBuilder::new().build());
        answer.description = description.to_owned();
        answer.content.insert(content_type.to_owned(), RefOr::T(content));
        self
    }

    /// A header of the answer with this status.
    pub(crate) fn answers_header(&mut self, status: StatusCode, name: &str, description: &str) -> &mut Self {
        let answer = self.answers.entry(status).or_insert_with(|| ResponseBuilder::new().build());
        answer.headers.insert(name.to_owned(), RefOr::T(header(description)));
        self
    }

    /// A reference to the schema of a document, which is described once for all operations.
    pub(crate) fn schema_of<T: ToSchema>(&mut self) -> RefOr<Schema> {
        if self.is_described {
            let mut needed = vec![(T::name().into_owned(), T::schema())];
            T::schemas(&mut needed);
            self.schemas.extend(needed);
        }
        Ref::from_schema_name(T::name()).into()
    }
}

pub(super) fn header(description: &str) -> Header {
    let mut header = Header::default();
    header.schema = Some(RefOr::T(Schema::from(ObjectBuilder::new().schema_type(Type::String).build())));
    header.description = Some(description.to_owned());
    header
}
