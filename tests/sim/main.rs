//! The seeded simulation: consensus, log, model and network of three nodes in one deterministic process.
//!
//! Disks lose unsynced writes when a node is killed, messages are delayed and lost, links are cut, members leave and return.
//! At the end all is mended, the nodes must come to one state, and nothing that was acknowledged may be missing.
//!
//! There are two scenarios, which differ in what joins the nodes. Over wires made for the simulation each message is delayed
//! or lost by itself, which is the harder test of consensus and fast. Over the mesh (its handshakes, admission, lanes, frames
//! and back-off, on a network in memory) connections break, stall and are made anew, as in a real node.
//!
//! A seed decides everything: the same seed gives the same run, event by event, over the mesh too. That needed: selects that
//! are biased or take turns, no `watch` where several wait (tokio wakes them in random order), no order of a `HashMap`, a
//! seed for the pauses between dials, times counted from the start of each link. Keys, signatures and nonces are truly
//! random in each run, as TLS must have them, and change nothing that the trace shows: bytes are carried in pieces of up to
//! 16 KiB, the delay of a piece does not depend on its length, and a handshake's flight fits into one piece however long
//! its signatures are. Certificates are checked against the real clock; it decides nothing as long as they are valid.
//!
//! Deliberately absent: the actors (suspicion of dead nodes is drawn by lot) and the bulk lane with its files.
//!
//! `SIM_SEEDS` says how many seeds to run (50 over wires, 10 over the mesh), `SIM_FIRST_SEED` where to begin, `SIM_SEED`
//! names a single one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clients;
mod members;
mod nemesis;
mod oracles;
mod seeds;
mod setup;
mod simulation;
mod trace;
mod wires;
mod world;

use simulation::JoinedBy;

#[expect(clippy::print_stdout, reason = "the test's report")]
fn run_seeds(seeds_by_default: u64, joined_by: JoinedBy, test: &str) {
    let failed: Vec<_> = seeds::run_all(seeds_by_default, |seed| {
        // Shown with `--nocapture`: equal in every process.
        simulation::run(seed, joined_by).map(|trace| println!("seed {seed}: run {:016x}", trace.hash()))
    });
    for (seed, violation) in &failed {
        println!("seed {seed}: {violation}");
        println!("reproduce with: SIM_SEED={seed} cargo test -p flotilla-tests --test sim {test} -- --nocapture");
    }
    assert!(failed.is_empty(), "{} seeds failed", failed.len());
}

fn check_same(seeds: [u64; 2], joined_by: JoinedBy) {
    for seed in seeds {
        let first = simulation::run(seed, joined_by).unwrap();
        let second = simulation::run(seed, joined_by).unwrap();
        if let Some((line, one, other)) = first.difference(&second) {
            panic!("seed {seed} differs at event {line}:\n{one}\n{other}");
        }
    }
    let [one, other] = seeds.map(|seed| simulation::run(seed, joined_by).unwrap().hash());
    assert_ne!(one, other);
}

#[test]
fn nothing_acknowledged_is_lost_whatever_happens() {
    run_seeds(50, JoinedBy::Wires, "nothing_acknowledged_is_lost_whatever_happens");
}

#[test]
fn nothing_acknowledged_is_lost_over_the_mesh() {
    run_seeds(10, JoinedBy::Mesh, "nothing_acknowledged_is_lost_over_the_mesh");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    check_same([3, 4], JoinedBy::Wires);
}

#[test]
fn the_same_seed_gives_the_same_run_over_the_mesh() {
    check_same([3, 4], JoinedBy::Mesh);
}
