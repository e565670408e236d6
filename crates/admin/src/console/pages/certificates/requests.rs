//! Certificates of a CA of someone else: a request goes out, its reply comes back. The key stays on its node.

use actix_web::web;
use askama::Template;
use flotilla_model::NodeId;
use serde::Deserialize;

use super::PATH;
use super::making::names_in;
use crate::api::{CertificateQuery, ClusterNode, Hidden, ImportReply, RequestCertificate, RequestView};
use crate::console::download::download;
use crate::console::form::filled;
use crate::console::{Answer, Form, Frame, Section, Upload, Visitor, page, see_other};
use crate::error::ApiError;
use crate::resources::{certificates, cluster};
use crate::server::Body;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/certificates/requests").get(show).post(make))
        .service(web::resource("/certificates/requests/reply").post(reply))
        .service(web::resource("/certificates/requests/drop").post(give_up))
        .service(web::resource("/certificates/requests/{node}/{alias}").get(one));
}

#[derive(Template)]
#[template(path = "certificate_requests.html")]
struct RequestsPage {
    frame: Frame,
    node: NodeId,
    nodes: Vec<ClusterNode>,
    requests: Vec<RequestView>,
    algorithms: [&'static str; 6],
}

#[derive(Deserialize)]
struct Which {
    node: Option<NodeId>,
}

async fn of_node(visitor: &Visitor, node: NodeId) -> Result<Vec<RequestView>, ApiError> {
    let query = web::Query(CertificateQuery { node: Some(node) });
    Ok(certificates::requests(visitor.admin.clone(), visitor.read()?, query).await?.into_inner().items)
}

async fn show(visitor: Visitor, which: web::Query<Which>) -> Answer {
    let found = cluster::cluster(visitor.admin.clone(), visitor.read()?).await.into_inner();
    let node = which.node.unwrap_or(found.answered_by);
    Ok(page(&RequestsPage {
        frame: visitor.frame("Certificate requests", Section::Certificates),
        requests: of_node(&visitor, node).await?,
        node,
        nodes: found.nodes,
        algorithms: flotilla_pki::KeyAlgorithm::ALL.map(|algorithm| algorithm.as_str()),
    }))
}

#[derive(Deserialize)]
struct Request {
    node: NodeId,
    alias: String,
    #[serde(default)]
    common_name: String,
    #[serde(default)]
    names: String,
    algorithm: String,
}

fn of(node: NodeId, done: &str) -> String {
    format!("{PATH}/requests?node={node}&done={done}")
}

async fn make(Form { visitor, fields }: Form<Request>) -> Answer {
    let algorithm = fields.algorithm.parse();
    let body = Body(RequestCertificate {
        alias: fields.alias.trim().to_owned(),
        node: Some(fields.node),
        common_name: filled(&fields.common_name),
        names: names_in(&fields.names),
        algorithm: algorithm
            .map_err(|error: flotilla_pki::KeyAlgorithmError| ApiError::invalid("algorithm", error.to_string()))?,
    });
    certificates::request(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&of(fields.node, "request-made")))
}

async fn one(visitor: Visitor, place: web::Path<(NodeId, String)>) -> Answer {
    let (node, alias) = place.into_inner();
    let found = of_node(&visitor, node).await?.into_iter().find(|row| row.alias == alias);
    let found = found.ok_or_else(|| ApiError::not_found(format!("node {node} has no request {alias}")))?;
    Ok(download(&format!("{alias}.csr"), "application/pkcs10", found.request_pem.into_bytes()))
}

#[derive(Deserialize)]
struct Reply {
    node: NodeId,
    alias: String,
    /// Pasted, in place of a file.
    #[serde(default)]
    text: String,
}

async fn reply(Upload { visitor, fields, file }: Upload<Reply>) -> Answer {
    let file = if file.is_empty() { fields.text.into_bytes() } else { file.to_vec() };
    if file.is_empty() {
        return Err(ApiError::invalid("file", "choose the file that the CA sent, or paste its text").into());
    }
    let body = Body(ImportReply { alias: fields.alias.clone(), node: Some(fields.node), file: Hidden::new(file) });
    certificates::import_reply(visitor.admin.clone(), visitor.administer()?, body).await?;
    Ok(see_other(&format!("{PATH}/{}/{}?done=certificate-imported", fields.node, fields.alias)))
}

#[derive(Deserialize)]
struct Drop {
    node: NodeId,
    alias: String,
}

async fn give_up(Form { visitor, fields }: Form<Drop>) -> Answer {
    let place = web::Path::from((fields.node, fields.alias));
    certificates::delete_request(visitor.admin.clone(), visitor.administer()?, place).await?;
    Ok(see_other(&of(fields.node, "request-dropped")))
}
