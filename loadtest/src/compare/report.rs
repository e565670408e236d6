//! The tables with what is needed to judge and to repeat them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::Contender;
use super::table::Table;
use crate::machine::this_machine;
use crate::report::run::Machine;
use crate::terminal;

#[derive(Serialize)]
pub(super) struct Report {
    machine: Machine,
    rounds: u32,
    contenders: Vec<About>,
    tables: Vec<Table>,
}

/// Version and settings of a contender.
#[derive(Serialize)]
struct About {
    name: &'static str,
    about: String,
}

impl Report {
    pub(super) fn new(about: BTreeMap<Contender, String>, tables: Vec<Table>, rounds: u32) -> Self {
        let contenders = about.into_iter().map(|(contender, about)| About { name: contender.title(), about });
        Self { machine: this_machine(), rounds, contenders: contenders.collect(), tables }
    }

    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        for (name, text) in [("compare.json", self.json()?), ("compare.md", self.markdown())] {
            let file = dir.join(name);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(())
    }

    pub(super) fn print(&self, json: bool) -> Result<()> {
        terminal::print(&if json { self.json()? } else { self.markdown() })
    }

    fn json(&self) -> Result<String> {
        Ok(format!("{}\n", serde_json::to_string_pretty(self)?))
    }

    fn markdown(&self) -> String {
        let Machine { processors, memory_mib, kernel } = &self.machine;
        let mut text = format!(
            "Medians of {} rounds in turns; {processors} processors, {memory_mib} MiB of memory, Linux {kernel}. All servers and their client \
             share them and one disk. Above 1, Flotilla is better.\n",
            self.rounds
        );
        for table in &self.tables {
            // Writing to a string does not fail.
            let _ = write!(text, "\n## {:?}\n\n{}", table.group, table.markdown());
        }
        text.push_str("\n## Versions and settings\n\n");
        for About { name, about } in &self.contenders {
            let _ = writeln!(text, "- **{name}**: {about}");
        }
        text
    }
}
