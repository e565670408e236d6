//! What a cluster costs as it grows: the sizing model of `docs/performance.md`, held against the real consensus, log and state of
//! 5 to 100 members in one deterministic process, over links of 1, 10 and 80 ms.
//!
//! Time is simulated, so that processors do not count: what is checked is how long a commit waits, how many messages it takes
//! and how many bytes. `--nocapture` shows the table of the book. `SIZING_MEMBERS` says how many members (5 and 7; each doubling
//! takes four times as long): `cargo xtask sizing` is for all of the book.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod cluster;
mod counted;
mod load;
mod model;

use std::time::Duration;

use flotilla_consensus::seed_randomness;
use model::{Expected, Shape};

const MEMBERS: &str = "5,7";
const LINKS_MS: [u64; 3] = [1, 10, 80];

#[test]
fn the_sizing_model_holds() {
    println!(
        "members voters one way | commit: ms, expected | messages a second, expected | bytes a transfer, expected"
    );
    let mut wrong = Vec::new();
    let members = std::env::var("SIZING_MEMBERS").unwrap_or(MEMBERS.to_owned());
    for members in members.split(',').map(|members| members.parse().unwrap()) {
        for link_ms in LINKS_MS {
            let shape = Shape { members, one_way: Duration::from_millis(link_ms) };
            let (measured, expected) = (measure(shape), Expected::of(shape));
            println!(
                "{members:>7} {:>6} {link_ms:>4} ms | {:>7.1} {:>7.1} | {:>9.0} {:>9.0} | {:>9.0} {:>9.0}",
                shape.voters(),
                measured.commit_ms,
                expected.commit_ms,
                measured.messages_per_s,
                expected.messages_per_s,
                measured.bytes_per_transfer,
                expected.bytes_per_transfer,
            );
            wrong.extend(
                expected.contradictions(&measured).map(|what| format!("{members} members, {link_ms} ms: {what}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn measure(shape: Shape) -> load::Measured {
    seed_randomness(shape.members);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let cluster = cluster::Cluster::form(shape).await;
        load::measure(&cluster, shape).await
    })
}
