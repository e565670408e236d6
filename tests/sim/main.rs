//! The seeded simulation: consensus, log, model and network of three nodes in one deterministic process.
//!
//! Disks lose unsynced writes when a node is killed, messages are delayed and lost, links are cut. At the end all is mended,
//! the nodes must come to one state, and nothing that was acknowledged may be missing. A seed decides everything: the same
//! seed gives the same run, event by event.
//!
//! `SIM_SEEDS` says how many seeds to run (50), `SIM_FIRST_SEED` where to begin, `SIM_SEED` names a single one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clients;
mod nemesis;
mod oracles;
mod seeds;
mod setup;
mod simulation;
mod trace;
mod world;

#[test]
fn nothing_acknowledged_is_lost_whatever_happens() {
    let failed: Vec<_> = seeds::run_all(|seed| simulation::run(seed).map(|_| ()));
    for (seed, violation) in &failed {
        println!("seed {seed}: {violation}");
        println!("reproduce with: SIM_SEED={seed} cargo test -p flotilla-tests --test sim -- --nocapture");
    }
    assert!(failed.is_empty(), "{} seeds failed", failed.len());
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in [3, 4] {
        let first = simulation::run(seed).unwrap();
        let second = simulation::run(seed).unwrap();
        if let Some((line, one, other)) = first.difference(&second) {
            panic!("seed {seed} differs at event {line}:\n{one}\n{other}");
        }
    }
    assert_ne!(simulation::run(3).unwrap().hash(), simulation::run(4).unwrap().hash());
}
