//! Folders as JSON and as HTML.

use serde_json::Value;

use crate::rig::{Rig, header, problem, rig};

async fn json(rig: &Rig, path: &str) -> Value {
    let response = rig.ask("GET", path).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, "application/json"), "{path}");
    response.json().await.unwrap()
}

fn names(listing: &Value) -> Vec<&str> {
    listing["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn json_in_pages() {
    let rig = rig().await;
    let empty = json(&rig, "/files/").await;
    assert!(names(&empty).is_empty() && empty["next"].is_null());
    for path in ["b", "a/x", "a/y/z", "c/1", "c/2", "d"] {
        assert_eq!(rig.put(&format!("/files/{path}"), "hello").await.status(), 201);
    }
    let all = json(&rig, "/files/").await;
    assert_eq!(names(&all), ["a", "b", "c", "d"]);
    assert_eq!((&all["entries"][0]["type"], &all["entries"][1]["type"]), (&"folder".into(), &"file".into()));
    assert_eq!(all["entries"][1]["length"], 5);
    assert!(all["entries"][1]["modified"].as_str().unwrap().ends_with('Z'));
    assert!(all["next"].is_null());

    let first = json(&rig, "/files/?limit=3").await;
    assert_eq!((names(&first), &first["next"]), (vec!["a", "b", "c"], &"c".into()));
    let rest = json(&rig, "/files/?limit=3&after=c").await;
    assert_eq!((names(&rest), rest["next"].is_null()), (vec!["d"], true));
    assert_eq!(names(&json(&rig, "/files/a/").await), ["x", "y"]);

    problem(rig.ask("GET", "/files/none/").send().await.unwrap(), 404, "not-found").await;
    for query in ["limit=0", "limit=5001", "limit=many", "unknown=1"] {
        problem(rig.ask("GET", &format!("/files/?{query}")).send().await.unwrap(), 400, "bad-query").await;
    }
    let response = rig.ask("GET", "/files/a").send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "location")), (301, "/files/a/"));
    let response = rig.ask("GET", "/files").send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "location")), (301, "/files/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn html_that_can_be_walked() {
    let rig = rig().await;
    let hostile = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E".replace("%2F", "");
    for path in ["in/a%20b.csv", &format!("in/{hostile}"), "in/%22%26'", "in/sub/x", "in/javascript%3Ax"] {
        assert_eq!(rig.put(&format!("/files/{path}"), "hello").await.status(), 201, "{path}");
    }
    let response = rig.ask("GET", "/files/in/").header("accept", "text/html,*/*").send().await.unwrap();
    assert_eq!(header(&response, "content-type"), "text/html; charset=utf-8");
    assert!(header(&response, "content-security-policy").contains("default-src 'none'"));
    let page = response.text().await.unwrap();
    assert!(!page.contains("<script>"), "{page}");
    let page = page.replace("<!doctype html>", "").replace("<meta charset=\"utf-8\">", "");
    let document = roxmltree::Document::parse(&page).unwrap();
    let links: Vec<&str> = document.descendants().filter_map(|node| node.attribute("href")).collect();
    assert_eq!(links.len(), 6);
    assert!(links.contains(&"../") && links.contains(&"sub/") && links.contains(&"javascript%3Ax"));
    for link in links.iter().filter(|link| !link.ends_with('/')) {
        assert_eq!(rig.get(&format!("/files/in/{link}")).await, "hello", "{link}");
    }
    let response = rig.ask("GET", "/files/in/").header("user-agent", "rclone/v1.60.1").send().await.unwrap();
    assert_eq!(header(&response, "content-type"), "application/json", "the client sent an Accept");
}
