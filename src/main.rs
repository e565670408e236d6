//! The process: command line, logging, signals. How anything works inside is in the crates below.

mod cli;
mod commands;
mod connection;
mod demo;
mod exit;
mod logging;
mod output;
mod profiles;
mod progress;
mod signals;
mod top;
mod watch;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    flotilla_allocator::set_up();
    let cli = cli::Cli::parse();
    let result = commands::run(cli);
    exit::report(result)
}
