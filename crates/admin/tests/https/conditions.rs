//! Conditions on versions, and merge patches.

use flotilla_admin::api::{BASE_PATH, Done, Problem};
use reqwest::{Method, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::harness::Harness;

const JSON: &str = "application/json";
const PATCH: &str = "application/merge-patch+json";

struct Asking<'a> {
    harness: &'a Harness,
}

impl Asking<'_> {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, Value)>,
    ) -> Response {
        let url = format!("{}{BASE_PATH}{path}", self.harness.url());
        let mut request = self.harness.raw().request(method, url).bearer_auth(self.harness.token.expose());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some((content_type, body)) = body {
            request = request.header("content-type", content_type).body(body.to_string());
        }
        request.send().await.unwrap()
    }

    async fn put(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        self.send(Method::PUT, path, headers, Some((JSON, body))).await
    }

    async fn patch(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        self.send(Method::PATCH, path, headers, Some((PATCH, body))).await
    }

    async fn get(&self, path: &str) -> (String, Value) {
        let answer = self.send(Method::GET, path, &[], None).await;
        assert_eq!(answer.status(), 200, "{path}");
        (tag(&answer), read(answer).await)
    }
}

fn tag(answer: &Response) -> String {
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

async fn read<T: DeserializeOwned>(answer: Response) -> T {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

async fn refused(answer: Response, status: u16, code: &str) {
    assert_eq!(answer.status(), status);
    let problem: Problem = read(answer).await;
    assert_eq!(problem.code, code, "{problem:?}");
}

#[actix_web::test]
async fn what_has_a_version_is_changed_only_in_the_version_that_is_meant() {
    let harness = Harness::start().await;
    let asking = Asking { harness: &harness };
    let route = json!({"steps": [{"type": "log", "message": "came in"}]});
    for (path, body) in [
        ("/accounts/ann", json!({"password": "good password"})),
        ("/routes/ann", route.clone()),
        ("/routes/ann?kind=order.*", route),
        ("/administrators/eve", json!({"password": "good password"})),
        ("/configurations/options/Files.replicas", json!({"value": "1"})),
    ] {
        let is_parameter = path.starts_with("/configurations");
        // Parameters have a row from the beginning.
        let none: &[(&str, &str)] = if is_parameter { &[] } else { &[("if-none-match", "*")] };
        let made = asking.put(path, none, body.clone()).await;
        assert_eq!(made.status(), 200, "{path}");
        let first = tag(&made);
        let done: Done = read(made).await;
        assert_eq!(first, format!("\"{}\"", done.version.unwrap()), "{path}");
        refused(asking.put(path, &[("if-none-match", "*")], body.clone()).await, 412, "version-conflict").await;

        let (shown, document) = asking.get(path).await;
        assert_eq!((&shown, document["version"].as_u64()), (&first, done.version), "{path}");
        let same = asking.send(Method::GET, path, &[("if-none-match", &shown)], None).await;
        assert_eq!((same.status().as_u16(), tag(&same)), (304, first.clone()), "{path}");
        assert!(same.bytes().await.unwrap().is_empty());

        let changed = asking.put(path, &[("if-match", &first)], body.clone()).await;
        assert_eq!(changed.status(), 200, "{path}");
        let second = tag(&changed);
        assert_ne!(first, second, "{path}");
        refused(asking.put(path, &[("if-match", &first)], body).await, 412, "version-conflict").await;
        let (shown, _) = asking.get(path).await;
        assert_eq!(shown, second, "{path}");
        if !is_parameter {
            refused(asking.patch(path, &[("if-match", &first)], json!({})).await, 412, "version-conflict").await;
            let old = asking.send(Method::DELETE, path, &[("if-match", &first)], None).await;
            refused(old, 412, "version-conflict").await;
        }
    }
    for path in ["/routes/ann?kind=order.*", "/routes/ann", "/accounts/ann", "/administrators/eve"] {
        let (shown, _) = asking.get(path).await;
        let gone = asking.send(Method::DELETE, path, &[("if-match", &shown)], None).await;
        assert_eq!(gone.status(), 200, "{path}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn a_patch_changes_what_it_names_of_what_is_there() {
    let harness = Harness::start().await;
    let asking = Asking { harness: &harness };
    refused(asking.patch("/accounts/ann", &[], json!({"password": "good password"})).await, 404, "not-found").await;
    let body = json!({"password": "good password", "quota_bytes": 7, "quota_files": 9});
    assert_eq!(asking.put("/accounts/ann", &[], body).await.status(), 200);
    let patched = asking.patch("/accounts/ann", &[], json!({"quota_bytes": null, "is_enabled": false})).await;
    assert_eq!(patched.status(), 200);
    let (_, account) = asking.get("/accounts/ann").await;
    assert_eq!((&account["quota_bytes"], &account["quota_files"]), (&Value::Null, &json!(9)));
    assert_eq!(account["is_enabled"], json!(false));
    refused(asking.patch("/accounts/ann", &[], json!({"password": null})).await, 400, "invalid-value").await;
    let undeclared = asking.send(Method::PATCH, "/accounts/ann", &[], Some((JSON, json!({})))).await;
    refused(undeclared, 415, "invalid-body").await;

    let steps = json!([{"type": "webhook", "url": "https://example.org/x", "key": "hush hush"}]);
    let route = json!({"steps": steps, "lane": "bulk", "priority": 7});
    assert_eq!(asking.put("/routes/ann", &[], route).await.status(), 200);
    let patched = asking.patch("/routes/ann", &[], json!({"lane": null, "priority": 2})).await;
    assert_eq!(patched.status(), 200);
    let (_, route) = asking.get("/routes/ann").await;
    assert_eq!((&route["lane"], &route["priority"]), (&Value::Null, &json!(2)));
    assert_eq!(route["steps"][0]["has_key"], json!(true), "the key stays");
    refused(asking.patch("/routes/ann", &[], json!({"steps": []})).await, 400, "invalid-value").await;
    refused(asking.patch("/routes/nobody", &[], json!({"priority": 2})).await, 404, "not-found").await;

    let patched = asking.patch("/administrators/auditor", &[], json!({"role": "operator"})).await;
    assert_eq!(patched.status(), 200);
    assert_eq!(asking.get("/administrators/auditor").await.1["role"], json!("operator"));
    refused(asking.patch("/administrators/nobody", &[], json!({"role": "operator"})).await, 404, "not-found").await;
    harness.stop().await;
}

#[actix_web::test]
async fn lanes_and_the_order_of_promotion_have_tags_of_what_can_be_changed() {
    let harness = Harness::start().await;
    crate::queue::add_publisher(&harness.ledger, "ann", None);
    crate::queue::publish(&harness.ledger, "ann", vec![crate::queue::event("x")], 0);
    let asking = Asking { harness: &harness };
    let change = async |path: &str, tag: &str, body: Value| {
        asking.send(Method::PATCH, path, &[("if-match", tag)], Some((JSON, body))).await
    };
    let (lane, _) = asking.get("/lanes/ann").await;
    assert_eq!(change("/lanes/ann", &lane, json!({"weight": 7})).await.status(), 200);
    refused(change("/lanes/ann", &lane, json!({"weight": 8})).await, 412, "version-conflict").await;
    // Figures come and go, the settings are as they were.
    let (seen, _) = asking.get("/lanes/ann").await;
    crate::queue::publish(&harness.ledger, "ann", vec![crate::queue::event("x")], 0);
    assert_eq!(asking.get("/lanes/ann").await.0, seen);

    let (order, _) = asking.get("/servers").await;
    assert_eq!(change("/servers/2", &order, json!({"position": 0})).await.status(), 200);
    refused(change("/servers/1", &order, json!({"position": 0})).await, 412, "version-conflict").await;
    assert_ne!(asking.get("/servers").await.0, order);
    harness.stop().await;
}
