//! What can be read: the cluster, one node, health, metrics, the servers list.

use flotilla_admin::Login;
use flotilla_admin::api::NodeRole;
use flotilla_model::{Command, NodeId};

use crate::harness::{Harness, NOW_MS, PASSWORD, SESSION};

#[actix_web::test]
async fn the_cluster_shows_roles_lags_and_links() {
    let harness = Harness::start().await;
    let client = harness.local();
    let cluster = client.cluster().await.unwrap();
    assert_eq!((cluster.name.as_str(), cluster.mode.as_str(), cluster.term), ("harbour", "active", 3));
    assert_eq!((cluster.primary, cluster.answered_by), (Some(NodeId(1)), NodeId(1)));
    let [first, second] = cluster.nodes.as_slice() else { panic!("{cluster:?}") };
    assert_eq!((first.role, first.lag_entries, first.link.clone()), (NodeRole::Primary, Some(0), None));
    assert_eq!((second.role, second.lag_entries, second.is_up), (NodeRole::Secondary, Some(18), true));
    assert_eq!(second.link.as_ref().unwrap().round_trip_us, Some(250));
    let lost = Command::NodeLost { node: NodeId(2), session: SESSION, reason: "gone".to_owned(), now_ms: NOW_MS };
    harness.ledger.apply(lost);
    assert!(!client.cluster().await.unwrap().nodes[1].is_up);
    harness.stop().await;
}

#[actix_web::test]
async fn one_node_tells_everything_about_itself() {
    let harness = Harness::start().await;
    let status = harness.local().status().await.unwrap();
    assert_eq!((status.node, status.consensus.digest.as_str()), (NodeId(1), "00ff"));
    assert_eq!((status.actors[0].name.as_str(), status.actors[0].restarts), ("gmp-pool", 2));
    harness.stop().await;
}

#[actix_web::test]
async fn health_is_open_and_says_what_is_missing() {
    let harness = Harness::start().await;
    let live = harness.raw().get(format!("{}/livez", harness.url())).send().await.unwrap();
    assert_eq!(live.status(), 200);
    let ready = harness.raw().get(format!("{}/readyz", harness.url())).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let ready = harness.client(Login::None).ready().await.unwrap();
    assert_eq!((ready.is_ready, ready.reasons), (false, vec!["no primary".to_owned()]));
    harness.stop().await;
}

#[actix_web::test]
async fn metrics_are_open_metrics() {
    let harness = Harness::start().await;
    let text = harness.local().metrics().await.unwrap();
    for line in [
        "flotilla_term 3",
        "flotilla_log_applied_index 118",
        "flotilla_gmp_completed_total 9",
        "flotilla_members 2",
        "flotilla_members_up 1",
        "flotilla_actor_restarts{actor=\"gmp-pool\"} 2",
        "flotilla_link_up{node=\"2\"} 1",
        "flotilla_step_duration_seconds 7",
        "# EOF",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    harness.stop().await;
}

#[actix_web::test]
async fn the_servers_list_is_json_and_the_old_file() {
    let harness = Harness::start().await;
    let servers = harness.local().servers().await.unwrap();
    assert_eq!((servers[1].position, servers[1].host.as_str()), (1, "node-2"));
    let url = format!("{}{}/servers", harness.url(), flotilla_admin::api::BASE_PATH);
    let request = harness.raw().get(url).bearer_auth(harness.token.expose()).header("accept", "text/plain");
    let text = request.send().await.unwrap().text().await.unwrap();
    assert_eq!(text, "node-1\thttps://node-1:8444\nnode-2\thttps://node-2:8444\n");
    assert_eq!(flotilla_config::servers::parse(&text).unwrap().len(), 2);
    harness.stop().await;
}

#[actix_web::test]
async fn head_answers_like_get_without_a_body() {
    let harness = Harness::start().await;
    let ask = async |method: reqwest::Method, path: &str| {
        let url = format!("{}{}/{path}", harness.url(), flotilla_admin::api::BASE_PATH);
        harness.raw().request(method, url).basic_auth("root", Some(PASSWORD)).send().await.unwrap()
    };
    for path in ["cluster", "administrators/root", "administrators/nobody", "openapi.json", "logs/audit/export"] {
        let (get, head) = (ask(reqwest::Method::GET, path).await, ask(reqwest::Method::HEAD, path).await);
        assert_eq!(head.status(), get.status(), "{path}");
        for name in ["content-type", "etag"] {
            assert_eq!(head.headers().get(name), get.headers().get(name), "{path}: {name}");
        }
        assert!(head.bytes().await.unwrap().is_empty(), "{path}");
    }
    let changed = ask(reqwest::Method::HEAD, "changes").await;
    assert_eq!(changed.status(), 405, "a stream would begin for nobody");
    harness.stop().await;
}
