//! Parameters as a file: written, compared, set together. Its form is told in `flotilla_admin::parameter_file`.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flotilla_admin::Client;
use flotilla_admin::parameter_file::{ParameterFile, PlannedParameter};

use crate::commands::call;
use crate::exit::{CHECK_FAILED, USAGE, coded};
use crate::output::{Format, answer, print, table};

/// A file with every parameter for a hundred nodes has less.
const FILE_MAX_BYTES: u64 = 1 << 20;

pub(super) async fn export(client: &Client, all: bool, out: Option<&Path>, format: Format) -> Result<()> {
    let file = ParameterFile::of(call(client.parameters().await)?, all);
    let text = file.to_text()?;
    let Some(out) = out else {
        return if format == Format::Text { print(&text) } else { answer(format, &file, |_| String::new()) };
    };
    std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
    answer(format, &file, |file| format!("{} parameters written to {}", file.count(), out.display()))
}

pub(super) async fn import(client: &Client, file: &Path, dry_run: bool, format: Format) -> Result<()> {
    let file = read(file)?;
    let rows = call(client.parameters().await)?;
    let (plan, problems) = file.plan(&rows);
    if !problems.is_empty() {
        return Err(coded(CHECK_FAILED, format!("nothing was changed:\n  {}", problems.join("\n  "))));
    }
    if !plan.is_empty() {
        let changes = plan.iter().map(PlannedParameter::change).collect();
        // The cluster has the last word in both cases: it knows its members and their certificates.
        call(if dry_run { client.try_parameters(changes).await } else { client.set_parameters(changes).await })?;
    }
    answer(format, &plan, |plan| {
        if plan.is_empty() {
            return "nothing changes: all of it is in force already".to_owned();
        }
        let node = |row: &PlannedParameter| row.node.map_or_else(|| "all".to_owned(), |node| node.to_string());
        let lines = plan.iter().map(|row| [row.name.clone(), node(row), row.before.clone(), row.after.clone()]);
        let table = table(["parameter", "node", "before", "after"], lines);
        format!("{table}\n\n{}", if dry_run { "Nothing was changed (--dry-run)." } else { "All of it is in force." })
    })
}

fn read(file: &Path) -> Result<ParameterFile> {
    let text = if file == Path::new("-") {
        read_whole(std::io::stdin().lock())
    } else {
        std::fs::File::open(file).and_then(read_whole)
    };
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    ParameterFile::parse(&text).map_err(|error| coded(USAGE, format!("{}: {error}", file.display())))
}

/// The beginning of a longer file may well be a file that can be read, and would be set as if it were all.
fn read_whole(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    let length = from.take(FILE_MAX_BYTES + 1).read_to_string(&mut text)?;
    if length as u64 > FILE_MAX_BYTES {
        return Err(std::io::Error::other(format!("it is longer than {FILE_MAX_BYTES} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whole_or_not_at_all() {
        let line = "# a comment\n";
        let lines = usize::try_from(FILE_MAX_BYTES).unwrap() / line.len();
        assert_eq!(read_whole(line.repeat(lines).as_bytes()).unwrap().len(), lines * line.len());
        let error = read_whole(line.repeat(lines + 1).as_bytes()).unwrap_err();
        assert!(error.to_string().contains("longer than 1048576 bytes"), "{error}");
    }
}
