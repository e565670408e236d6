//! The chores of this repository, one command each: `cargo xtask --help`.
//!
//! `cargo xtask test` is what a fresh machine and CI run. Every chore is a list of ordinary commands; they are printed, so
//! that any of them can be repeated by hand.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for a terminal")]

mod api_test;
mod axe;
mod demo;
mod deny;
mod docs;
mod packages;
mod parts;
mod step;
mod suite;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The chores of this repository")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that must pass: format, lints, dependencies, documentation, demo, all tests
    Test,
    /// Format all code (--check only looks)
    Fmt {
        #[arg(long)]
        check: bool,
    },
    /// Clippy on all targets, warnings denied
    Lint,
    /// Licences, bans and sources of the dependencies
    Deny,
    /// Writes the parts of the book that the program knows itself (--check only compares)
    Docs {
        #[arg(long)]
        check: bool,
    },
    /// The demo cluster from start to end, and its JSON report
    Demo,
    /// REST against its description: a real node, asked by schemathesis
    ApiTest {
        /// Hundreds of requests for each operation instead of a few
        #[arg(long)]
        long: bool,
        /// The same seed asks the same
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// The seeded simulation
    Sim {
        /// How many seeds to run
        #[arg(long, default_value_t = 50)]
        seeds: u32,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        first: u64,
    },
    /// The sizing model of the book against 5, 7, 20 and 100 simulated members
    Sizing,
    /// How fast the parts are, as ratios to fixed work; the ratios of a short run are held against recorded ones
    Parts {
        /// A moment each, built as the tests are
        #[arg(long)]
        short: bool,
        /// Record the ratios of a short run instead of judging them
        #[arg(long, requires = "short")]
        record: bool,
    },
    /// The load harness, in release; arguments go to it: figures, events, compare, run SCENARIO
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = step::enter_repository().and_then(|()| match Arguments::parse().chore {
        Chore::Test => suite::test(),
        Chore::Fmt { check } => suite::format(check),
        Chore::Lint => suite::lint(),
        Chore::Deny => deny::check(),
        Chore::Docs { check } => docs::docs(check),
        Chore::ApiTest { long, seed } => api_test::check(long, seed),
        Chore::Demo => demo::check(),
        Chore::Sim { seeds, first } => suite::simulate(seeds, first),
        Chore::Sizing => suite::sizing(),
        Chore::Parts { short: false, .. } => parts::measure(parts::Run::Release),
        Chore::Parts { record: false, .. } => parts::measure(parts::Run::Short),
        Chore::Parts { .. } => parts::measure(parts::Run::ShortToRecord),
        Chore::Bench { arguments } => suite::bench(&arguments),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nfailed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
