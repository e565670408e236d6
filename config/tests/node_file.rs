//! Node files against golden texts of what they mean or of what is wrong with them.
//!
//! After a wanted change: `UPDATE_GOLDEN=1 cargo test -p flotilla-config`, then read the difference.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::{Path, PathBuf};

use flotilla_config::{HostPort, LogFormat, NodeConfig, NodeFile};

fn golden_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[track_caller]
fn assert_golden(name: &str, actual: &str) {
    let path = golden_path(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{}", path.display());
}

fn parse(name: &str, environment: &[(&str, &str)]) -> String {
    let text = std::fs::read_to_string(golden_path(name)).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    match NodeConfig::parse(&text, name, Path::new("/etc/flotilla"), environment) {
        Ok(config) => format!("{config:#?}\n"),
        Err(error) => format!("{error}\n"),
    }
}

#[test]
fn a_name_is_enough() {
    assert_golden("minimal.txt", &parse("minimal.toml", &[]));
}

#[test]
fn every_key_can_be_set() {
    assert_golden("full.txt", &parse("full.toml", &[]));
}

#[test]
fn every_mistake_is_reported_at_once() {
    let environment = [
        ("FLOTILLA_CLUSTER__LISTN", "0.0.0.0:44431"),
        ("FLOTILLA_LIMITS__ADMIN_CONNECTIONS_MAX", "3"),
        ("FLOTILLA_CONFIG", "a variable of the command line"),
        ("PATH", "/bin"),
    ];
    assert_golden("mistakes.txt", &parse("mistakes.toml", &environment));
}

#[test]
fn a_syntax_error_names_its_line() {
    assert_golden("syntax.txt", &parse("syntax.toml", &[]));
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_defaults() {
    let text = "[node]\nname = \"from-file\"\n[log]\nlevel = \"warn\"\n";
    let environment = [("FLOTILLA_NODE__NAME", "from-environment"), ("FLOTILLA_LIMITS__GATEWAY_CONNECTIONS_MAX", "7")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = NodeConfig::parse(text, "flotilla.toml", Path::new(""), environment).unwrap();
    assert_eq!(config.node.name, "from-environment");
    assert_eq!(config.cluster.advertise.to_string(), "from-environment:44431");
    assert_eq!(config.log.level, "warn");
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.limits.gateway_connections_max, 7);
    assert_eq!(config.node.data_dir, Path::new("data"));
}

#[test]
fn the_environment_alone_can_name_the_node() {
    let environment = [("FLOTILLA_NODE__NAME".to_owned(), "node-9".to_owned())];
    let config = NodeConfig::parse("", "flotilla.toml", Path::new(""), environment).unwrap();
    assert_eq!(config.node.name, "node-9");
}

#[test]
fn a_missing_file_says_how_to_make_one() {
    let error = NodeConfig::load_with(Path::new("/nonexistent/flotilla.toml"), []).unwrap_err();
    assert_eq!(error.problems.len(), 1);
    assert_eq!(error.problems[0].key, "/nonexistent/flotilla.toml");
    assert!(error.problems[0].mend.contains("flotilla init"));
}

#[test]
fn rendered_files_are_read_back() {
    let file = NodeFile::new("node-1.example.org")
        .data_dir("da\"ta \\ folder")
        .cluster_listen("127.0.0.1:45001".parse().unwrap())
        .cluster_advertise(&"[::1]:45001".parse::<HostPort>().unwrap())
        .admin_listen("127.0.0.1:45002".parse().unwrap())
        .admin_url("https://127.0.0.1:45002")
        .gateway_listen("127.0.0.1:45003".parse().unwrap())
        .gateway_url("https://127.0.0.1:45003")
        .log_format(LogFormat::Json);
    assert_golden("rendered.toml", &file.render());
    let config = NodeConfig::parse(&file.render(), "rendered", Path::new("/srv"), []).unwrap();
    assert_golden("rendered.txt", &format!("{config:#?}\n"));
}

#[test]
fn shipped_examples_work_and_are_what_the_renderer_writes() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    assert_golden("../../examples/flotilla.toml", &NodeFile::new("node-1.example.org").render());
    let config = NodeConfig::load_with(&examples.join("flotilla.toml"), []).unwrap();
    assert_eq!(config.admin.url, "https://node-1.example.org:8444");
    assert_eq!(config.node.data_dir, examples.join("data"));
    let servers = flotilla_config::servers::parse(&std::fs::read_to_string(examples.join("servers")).unwrap()).unwrap();
    assert_eq!(servers.len(), 3);
    assert_eq!(servers[0].admin_url, config.admin.url);
}
