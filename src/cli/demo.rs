//! `flotilla demo`

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Folder of the demo cluster; started again in the same folder it goes on with all data.
    #[arg(long, default_value = "flotilla-demo")]
    pub(crate) dir: PathBuf,
    /// Number of nodes: 1, 3 or 5. [default: 3]
    #[arg(long, value_parser = parse_demo_nodes)]
    pub(crate) nodes: Option<u16>,
    /// First port; each node takes a block of ten (x3 partners, x4 administration, x1 cluster). [default: 8440, or the next free block]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=65_000))]
    pub(crate) base_port: Option<u16>,
    /// End after the check, with 0 if all of it went well.
    #[arg(long)]
    pub(crate) once: bool,
}

fn parse_demo_nodes(text: &str) -> Result<u16, String> {
    match text {
        "1" | "3" | "5" => text.parse().map_err(|error| format!("{error}")),
        _ => Err("1, 3 or 5 (a majority of an even number stands no more losses)".to_owned()),
    }
}
