//! *Server Configuration*: the parameters, their values, and who set them.

mod file;

use actix_web::web;
use askama::Template;
use serde::Deserialize;

use crate::api::{ParameterChange, ParameterQuery, ParameterVersionView, ParameterView};
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Visitor, filters, page, see_other};
use crate::resources::parameters;
use crate::server::{Body, Precondition};

const PATH: &str = "/console/parameters";

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(file::configure)
        .service(web::resource("/parameters").get(list))
        .service(web::resource("/parameters/{name}").get(show).post(change));
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Search {
    search: String,
    /// Only those that were changed.
    changed: Option<String>,
}

#[derive(Template)]
#[template(path = "parameters.html")]
struct ParametersPage {
    frame: Frame,
    search: Search,
    parameters: Vec<ParameterView>,
    all: usize,
}

async fn list(visitor: Visitor, search: web::Query<Search>) -> Answer {
    let search = search.into_inner();
    let found = parameters::list(visitor.admin.clone(), visitor.read()?).await.into_inner().items;
    let all = found.len();
    let words: Vec<String> = search.search.split_whitespace().map(str::to_lowercase).collect();
    let is_wanted = |row: &ParameterView| {
        let text = format!("{} {}", row.name, row.help).to_lowercase();
        words.iter().all(|word| text.contains(word))
            && (search.changed.is_none() || !row.is_default || !row.nodes.is_empty())
    };
    Ok(page(&ParametersPage {
        frame: visitor.frame("Server Configuration", Section::Parameters),
        parameters: found.into_iter().filter(is_wanted).collect(),
        search,
        all,
    }))
}

#[derive(Template)]
#[template(path = "parameter.html")]
struct ParameterPage {
    frame: Frame,
    parameter: ParameterView,
    history: Vec<ParameterVersionView>,
}

async fn show(visitor: Visitor, name: web::Path<String>) -> Answer {
    let frame = visitor.frame(name.as_str(), Section::Parameters);
    let query = || web::Query(ParameterQuery::default());
    let admin = visitor.admin.clone();
    let history = parameters::history(admin.clone(), visitor.read()?, web::Path::from(name.clone()), query()).await?;
    let parameter = parameters::show(admin, visitor.read()?, name, query()).await?.document;
    Ok(page(&ParameterPage { frame, parameter, history: history.into_inner().items }))
}

#[derive(Deserialize)]
struct Change {
    value: String,
    /// Of the page that the form is on: if somebody else has changed it meanwhile, nothing is done.
    version: u64,
    reset: Option<String>,
}

async fn change(Form { visitor, fields }: Form<Change>, name: web::Path<String>) -> Answer {
    let value = if fields.reset.is_some() { None } else { Some(filled(&fields.value).unwrap_or_default()) };
    let (done, path) = (if value.is_some() { "parameter-set" } else { "parameter-reset" }, name.clone());
    let (admin, administer) = (visitor.admin.clone(), visitor.administer()?);
    let (query, expected) = (web::Query(ParameterQuery::default()), Precondition(Some(fields.version)));
    parameters::change(admin, administer, name, query, expected, Body(ParameterChange { value })).await?;
    Ok(see_other(&format!("{PATH}/{path}?done={done}")))
}
