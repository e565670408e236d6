//! Prints a page of the book that this crate knows itself: `openapi` or `problems`. `cargo xtask docs` calls it.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("openapi") => print!("{}", flotilla_admin::openapi_json()),
        Some("problems") => print!("{}", flotilla_admin::problems_page()),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}
