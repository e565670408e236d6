//! axe-core, with which the pages of the web console are checked for people who cannot see them, or not well. It is only run, never
//! shipped, so it is no dependency of any package here.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::step::run;

const VERSION: &str = "4.14.1";

/// Where the scenarios of the console look for it.
const FILE: &str = "target/tools/axe.min.js";

pub(crate) fn install_missing() -> Result<()> {
    let marker = format!("target/tools/axe-core-{VERSION}.tgz");
    if Path::new(FILE).is_file() && Path::new(&marker).is_file() {
        return Ok(());
    }
    std::fs::create_dir_all("target/tools")?;
    let mut pack = Command::new("npm");
    pack.args(["pack", &format!("axe-core@{VERSION}"), "--pack-destination", "target/tools", "--silent"]);
    run("accessibility checker", pack)?;
    let mut unpack = Command::new("tar");
    unpack.args(["-xzf", &marker, "-C", "target/tools", "--strip-components=1", "package/axe.min.js"]);
    run("unpack it", unpack)
}
