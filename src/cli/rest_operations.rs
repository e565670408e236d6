//! Every operation of the REST interface that is documented has a command, or a reason why not.

use std::collections::BTreeSet;

use clap::CommandFactory;

use super::Cli;

const PAGE: &str = include_str!("../../docs/reference/rest.md");

/// Method and path, and the command that calls it.
const COMMANDS: &[(&str, &str)] = &[
    ("GET /cluster", "status"),
    ("GET /status", "status"),
    ("GET /cluster/secret", "taeh show-fingerprint"),
    ("POST /cluster/secret/export", "taeh export"),
    ("POST /cluster/secret/rotation", "taeh rotate"),
    ("POST /cluster/secret/rotation/finish", "taeh finish"),
    ("GET /cluster/primary", "primary show"),
    ("POST /cluster/primary/handover", "primary handover"),
    ("GET /servers", "servers list"),
    ("POST /servers", "servers add"),
    ("PUT /servers", "servers import"),
    ("PATCH /servers/{node}", "servers move"),
    ("DELETE /servers/{node}", "servers remove"),
    ("POST /servers/{node}/operations/leave", "servers remove"),
    ("POST /servers/{node}/operations/stay", "servers keep"),
    ("GET /transactionManager", "tm status"),
    ("POST /transactionManager/operations/stop", "tm stop"),
    ("POST /transactionManager/operations/start", "tm start"),
    ("GET /sync", "sync status"),
    ("POST /sync/operations/verify", "sync verify"),
    ("POST /sync/operations/repair", "sync repair"),
    ("GET /doctor", "doctor"),
    ("GET /certificates", "cert list"),
    ("POST /certificates", "cert generate"),
    ("POST /certificates/import", "cert import"),
    ("GET /certificates/{node}/{alias}", "cert show"),
    ("DELETE /certificates/{node}/{alias}", "cert delete"),
    ("POST /certificates/{node}/{alias}/export", "cert export"),
    ("POST /certificates/{node}/{alias}/renew", "cert renew"),
    ("GET /certificates/requests", "cert requests"),
    ("POST /certificates/requests", "cert csr"),
    ("DELETE /certificates/requests/{node}/{alias}", "cert csr"),
    ("POST /certificates/requests/reply", "cert import-reply"),
    ("GET /certificates/revocations", "cert revocations"),
    ("POST /certificates/revocations", "cert revoke"),
    ("GET /certificateAuthorities", "ca list"),
    ("POST /certificateAuthorities", "ca generate"),
    ("POST /certificateAuthorities/renew", "ca renew"),
    ("POST /certificateAuthorities/import", "ca import"),
    ("GET /certificateAuthorities/{name}", "ca show"),
    ("DELETE /certificateAuthorities/{name}", "ca remove"),
    ("GET /configurations/options", "param list"),
    ("PATCH /configurations/options", "param import"),
    ("GET /configurations/options/{name}", "param get"),
    ("PUT /configurations/options/{name}", "param set"),
    ("GET /configurations/options/{name}/history", "param history"),
    ("GET /accounts", "account list"),
    ("GET /accounts/{name}", "account show"),
    ("PUT /accounts/{name}", "account set"),
    ("DELETE /accounts/{name}", "account remove"),
    ("GET /accounts/{name}/sessions", "account session list"),
    ("DELETE /accounts/{name}/sessions/{id}", "account session end"),
    ("GET /accounts/{name}/uploads", "account upload list"),
    ("DELETE /accounts/{name}/uploads/{id}", "account upload cancel"),
    ("GET /administrators", "admin list"),
    ("GET /administrators/{name}", "admin show"),
    ("PUT /administrators/{name}", "admin role"),
    ("DELETE /administrators/{name}", "admin remove"),
    ("POST /administrators/{name}/operations/unlock", "admin unlock"),
    ("POST /administrators/{name}/operations/disable", "admin disable"),
    ("POST /administrators/{name}/operations/enable", "admin enable"),
    ("GET /administrators/{name}/certificates", "admin certificate list"),
    ("POST /administrators/{name}/certificates", "admin certificate add"),
    ("DELETE /administrators/{name}/certificates/{fingerprint}", "admin certificate remove"),
    ("POST /administrators/{name}/second-factor", "admin second-factor enrol"),
    ("DELETE /administrators/{name}/second-factor", "admin second-factor reset"),
    ("POST /administrators/{name}/second-factor/confirm", "admin second-factor confirm"),
    ("GET /sessions", "session list"),
    ("DELETE /sessions/{id}", "session end"),
    ("GET /api-tokens", "api-token list"),
    ("POST /api-tokens", "api-token create"),
    ("DELETE /api-tokens/{name}", "api-token revoke"),
    ("GET /routes", "route list"),
    ("GET /routes/{account}", "route show"),
    ("PUT /routes/{account}", "route set"),
    ("DELETE /routes/{account}", "route remove"),
    ("POST /routes/{account}/operations/dry-run", "route dry-run"),
    ("GET /logs/transfers", "transfers list"),
    ("GET /logs/transfers/{id}", "transfers show"),
    ("POST /logs/transfers/{id}/operations/resubmit", "transfers resubmit"),
    ("GET /logs/audit", "audit list"),
    ("GET /logs/audit/export", "audit export"),
    ("GET /logs/audit/{id}", "audit show"),
    ("GET /serverLog", "log"),
    ("GET /statistics", "statistics"),
    ("GET /statistics/history", "history"),
    ("GET /events", "queue list"),
    ("GET /events/ids", "queue retry"),
    ("GET /events/statistics", "queue stats"),
    ("GET /events/{id}", "queue show"),
    ("POST /events/operations/retry", "queue retry"),
    ("POST /events/operations/discard", "queue discard"),
    ("POST /events/operations/cancel", "queue cancel"),
    ("POST /events/operations/resolve", "queue resolve"),
    ("GET /lanes", "queue lanes"),
    ("GET /lanes/{name}", "queue lane"),
    ("PATCH /lanes/{name}", "queue weight"),
    ("POST /join-tokens", "token create"),
    ("POST /cluster/join", "join"),
    ("GET /readyz", "status"),
    ("GET /metrics", "metrics"),
];

/// Method and path, and why no command calls it.
const WITHOUT: &[(&str, &str)] = &[
    ("POST /sessions", "a cookie for browsers; commands log in with each request"),
    ("GET /sessions/current", "the session of a browser's cookie"),
    ("DELETE /sessions/current", "as above"),
    ("GET /changes", "a stream for programs and pages; people watch the things themselves: --watch, top"),
    (
        "GET /serverLog/stream",
        "log --follow asks GET /serverLog with the position that it has, and so goes on through another node",
    ),
    ("PATCH /accounts/{name}", "what account set does: it leaves as it is what it is not told"),
    ("PATCH /administrators/{name}", "as above: admin role and admin password"),
    ("PATCH /routes/{account}", "route set sets the whole route, which it has on its command line"),
    ("GET /", "a page for people; --help and man tell of the commands"),
    ("GET /openapi.json", "for programs that make a client of it"),
    ("GET /problems/{code}", "a page for people; commands print the problem's own words and its mend"),
    ("GET /reader.css", "of those pages"),
    ("GET /livez", "for load balancers: whether the process answers, which every command tells"),
    ("POST /events/{id}/operations/retry", "what the same for many does with one id: queue retry"),
    ("POST /events/{id}/operations/discard", "as above: queue discard"),
    ("POST /events/{id}/operations/cancel", "as above: queue cancel"),
    ("POST /events/{id}/operations/resolve", "as above: queue resolve"),
];

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// What the tables of the page name; a row with no path is of the path above.
fn documented(page: &str) -> BTreeSet<String> {
    let mut operations = BTreeSet::new();
    let mut path = "";
    for line in page.lines() {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (Some(first), Some(method)) = (cells.next(), cells.next()) else { continue };
        if !METHODS.contains(&method) {
            continue;
        }
        if !first.is_empty() {
            path = first.trim_matches('`');
        }
        operations.insert(format!("{method} {path}"));
    }
    operations
}

#[test]
fn every_operation_has_a_command_or_a_reason() {
    let documented = documented(PAGE);
    assert!(documented.len() > 80, "the tables of the page are not found: {documented:?}");
    let listed: Vec<&str> = COMMANDS.iter().chain(WITHOUT).map(|(operation, _)| *operation).collect();
    let known: BTreeSet<String> = listed.iter().map(|operation| (*operation).to_owned()).collect();
    let lacking: Vec<_> = documented.difference(&known).collect();
    assert!(lacking.is_empty(), "no command and no reason: {lacking:?}");
    let gone: Vec<_> = known.difference(&documented).collect();
    assert!(gone.is_empty(), "not on the page: {gone:?}");
    assert_eq!(listed.len(), known.len(), "an operation is listed twice");
    assert!(WITHOUT.iter().all(|(_, reason)| !reason.is_empty()));
}

#[test]
fn the_commands_are_there_and_answer_in_json() {
    let mut all = Cli::command();
    all.build();
    for (operation, words) in COMMANDS {
        let mut command = &all;
        for word in words.split(' ') {
            command = command.find_subcommand(word).unwrap_or_else(|| panic!("{operation}: no {word} of {words}"));
        }
        assert!(!command.has_subcommands(), "{operation}: {words} does nothing itself");
        assert!(command.get_arguments().any(|argument| argument.get_id() == "json"), "{words} has no --json");
    }
}

#[test]
fn a_row_without_a_path_is_of_the_one_above() {
    let page = "| `/a` | GET | R | x |\n| | PUT | A | `{}` |\n| text | more |\n|---|---|\n";
    assert_eq!(documented(page), ["GET /a", "PUT /a"].map(str::to_owned).into());
}
