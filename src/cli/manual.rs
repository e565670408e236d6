//! `flotilla completions` and `flotilla man`

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Whose script: of bash, put it into ~/.local/share/bash-completion/completions/flotilla.
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Folder for the pages, such as /usr/local/share/man/man1: made if it is missing.
    #[arg(long)]
    pub(crate) out: PathBuf,
}
