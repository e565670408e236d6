//! Commands in the log of an older version must stay readable: a sample of each, kept as bytes.
//!
//! A new variant adds a line (`UPDATE_GOLDEN=1` writes the missing ones); a line that is there never changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use flotilla_model::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::common::{CREATED_MS, account, admit, key, kind_route, name, new_event};
use crate::drawn::any_command;
use crate::people_of_accounts::{add_certificate, delegate};

fn variant(command: &Command) -> String {
    format!("{command:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
}

fn samples() -> BTreeMap<String, Command> {
    let mut samples = vec![
        admit(1, None),
        account("a"),
        Command::CreateCluster {
            id: 7,
            name: "test".to_owned(),
            parameters: vec![("a".to_owned(), "1".to_owned())],
            now_ms: CREATED_MS,
        },
        Command::CreateJoinToken {
            secret_hash: Sha256([1; 32]),
            expires_ms: CREATED_MS,
            created_by: "admin".to_owned(),
            now_ms: CREATED_MS,
        },
        Command::PutAdministrator {
            name: name("admin"),
            password_hash: Some("$argon2id$".to_owned()),
            role: Some(AdministratorRole::Administrator),
            must_change_password: true,
            now_ms: CREATED_MS,
        },
        Command::RemoveAdministrator { name: name("admin") },
        Command::Once {
            key: Sha256([1; 32]),
            request: Sha256([2; 32]),
            answer: Sealed(vec![3, 4]),
            command: EncodedCommand::new(&account("a")),
        },
        Command::IfVersion {
            row: VersionedRow::Administrator(name("admin")),
            expected_version: 300,
            command: EncodedCommand::new(&Command::RemoveAdministrator { name: name("admin") }),
        },
        add_certificate(1, "admin"),
        Command::RemoveAdministratorCertificate { administrator: name("admin"), fingerprint: Sha256([1; 32]) },
        delegate("dora", &["a", "b"]),
        Command::PutRoute {
            account: name("a"),
            steps: vec![
                Step::Checksum,
                Step::Publish { account: name("b"), folder: "in".to_owned() },
                Step::Webhook {
                    url: "https://x/".to_owned(),
                    key: Some(Sealed(vec![1, 2])),
                    timeout_ms: 9,
                    idempotent: true,
                },
            ],
            expected_version: Some(3),
        },
        Command::PublishEvents {
            account: name("a"),
            node: NodeId(2),
            events: vec![
                new_event("order.created"),
                NewEvent {
                    data: Payload::new(br#"{"order":7}"#),
                    ordering_key: key("k"),
                    idempotency_key: key("i"),
                    priority: Priority::new(9),
                    not_before_ms: Some(CREATED_MS),
                    expires_ms: Some(CREATED_MS + 1),
                    trace_id: Some(3),
                    ..new_event("order.paid")
                },
            ],
            now_ms: CREATED_MS,
        },
        Command::ChangeEvents {
            events: vec![EventId(1), EventId(300)],
            action: EventAction::Retry { steps: Some(vec![Step::Checksum]) },
            now_ms: CREATED_MS,
        },
        kind_route("a", "order.*", Some("bulk")),
        Command::TrustAuthority {
            authority: Authority {
                fingerprint: "ca".to_owned(),
                certificate_pem: "PEM".to_owned(),
                node: Some(NodeId(1)),
                added_ms: CREATED_MS,
            },
        },
    ];
    let mut runner = TestRunner::deterministic();
    samples.extend((0..2000).map(|_| any_command().new_tree(&mut runner).unwrap().current()));
    samples.into_iter().rev().map(|command| (variant(&command), command)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn commands_of_version_1_are_read() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/commands-v1.txt");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut kept: BTreeMap<String, (String, String)> = text
        .lines()
        .map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut next = || parts.next().unwrap().to_owned();
            (next(), (next(), next()))
        })
        .collect();
    for (variant, (bytes, shown)) in &kept {
        let command: Command = postcard::from_bytes(&unhex(bytes)).unwrap_or_else(|e| panic!("{variant}: {e}"));
        assert_eq!(&format!("{command:?}"), shown, "{variant} is read as something else");
        assert_eq!(&hex(&postcard::to_stdvec(&command).unwrap()), bytes, "{variant} is written otherwise");
    }
    let missing: Vec<_> = samples().into_iter().filter(|(variant, _)| !kept.contains_key(variant)).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for (variant, command) in &missing {
            kept.insert(variant.clone(), (hex(&postcard::to_stdvec(command).unwrap()), format!("{command:?}")));
        }
        let lines: Vec<_> =
            kept.iter().map(|(variant, (bytes, shown))| format!("{variant} {bytes} {shown}\n")).collect();
        std::fs::write(&file, lines.concat()).unwrap();
    } else {
        assert!(missing.is_empty(), "no golden sample of {missing:?}: run the test with UPDATE_GOLDEN=1");
    }
    assert!(kept.len() >= 68, "{} samples are fewer than there are commands", kept.len());
}
