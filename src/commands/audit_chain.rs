//! `flotilla audit export | verify`

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flotilla_admin::Client;
use flotilla_admin::api::AuditView;
use flotilla_model::ChainCheck;
use serde::Serialize;

use super::call;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::bytes;
use crate::progress::Progress;

/// No row comes near this; a longer line is no row.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// What a check found: nothing wrong.
#[derive(Serialize)]
pub(super) struct Verified {
    rows: u64,
    /// Rows of before rows were chained: each could have been altered.
    unlinked: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_row: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest_hash: Option<String>,
}

impl Verified {
    fn of(check: &ChainCheck) -> Self {
        let (rows, unlinked) = (check.rows(), check.unlinked());
        let newest = check.last();
        Self {
            rows,
            unlinked,
            newest_row: newest.map(|(id, _)| id.0),
            newest_hash: newest.map(|(_, hash)| hash.to_string()),
        }
    }

    pub(super) fn require_newest(&self, wanted: Option<&str>) -> Result<()> {
        let Some(wanted) = wanted else { return Ok(()) };
        if self.newest_hash.as_deref() == Some(wanted) {
            return Ok(());
        }
        let found = self.newest_hash.as_deref().unwrap_or("none");
        let text = format!("the newest row has the hash {found}, not {wanted}: rows were cut off or added at the end");
        Err(coded(CHECK_FAILED, text))
    }

    pub(super) fn text(&self) -> String {
        let Self { rows, unlinked, .. } = self;
        let (row, hash) = (self.newest_row.unwrap_or_default(), self.newest_hash.as_deref().unwrap_or("-"));
        let mut text = format!("{rows} rows hold together; the newest, {row}, has the hash\n{hash}");
        if *unlinked > 0 {
            text.push_str(&format!(
                "\n{unlinked} rows are older than the chain: whether they were altered it does not tell"
            ));
        }
        text
    }
}

/// Every row of the cluster's log, a part at a time.
async fn rows_of(
    client: &Client,
    after: Option<u64>,
    mut take: impl FnMut(&[u8], &[AuditView]) -> Result<()>,
) -> Result<()> {
    let mut after = after;
    loop {
        let part = call(client.export_audit_log(after).await)?;
        let lines = part.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let rows: Vec<AuditView> =
            lines.map(serde_json::from_slice).collect::<Result<_, _>>().context("the node's answer holds no rows")?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id);
        take(&part, &rows)?;
    }
}

pub(super) async fn export(client: &Client, after: Option<u64>, out: Option<&Path>) -> Result<()> {
    let mut writer: Box<dyn Write> = match out {
        Some(file) => {
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
            Box::new(made.with_context(|| format!("cannot make {}", file.display()))?)
        }
        None => Box::new(io::stdout()),
    };
    // Rows that run over the terminal show themselves how far it is.
    let progress = (out.is_some() || !io::stdout().is_terminal()).then(Progress::on_terminal);
    let (mut count, mut size) = (0, 0);
    rows_of(client, after, |part, rows| {
        count += rows.len();
        size += part.len() as u64;
        if let Some(progress) = &progress {
            progress.say(&format!("{count} rows, {}", bytes(size)));
        }
        Ok(writer.write_all(part)?)
    })
    .await?;
    Ok(writer.flush()?)
}

pub(super) async fn verify_cluster(client: &Client) -> Result<Verified> {
    let mut check = ChainCheck::default();
    let progress = Progress::on_terminal();
    rows_of(client, None, |_, rows| {
        rows.iter().try_for_each(|row| follow(row, &mut check))?;
        progress.say(&format!("{} rows hold together so far", check.rows()));
        Ok(())
    })
    .await?;
    Ok(Verified::of(&check))
}

pub(super) fn verify_file(file: &Path) -> Result<Verified> {
    if file == Path::new("-") {
        return verify(io::stdin().lock());
    }
    let opened = std::fs::File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    verify(BufReader::new(opened))
}

fn verify(mut reader: impl BufRead) -> Result<Verified> {
    let mut check = ChainCheck::default();
    for number in 1_u64.. {
        let mut line = Vec::new();
        let length = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        if length as u64 == LINE_BYTES_MAX {
            bail!("line {number} is longer than any row");
        }
        let row: AuditView =
            serde_json::from_slice(&line).with_context(|| format!("line {number} is no row of an audit log"))?;
        follow(&row, &mut check)?;
    }
    Ok(Verified::of(&check))
}

fn follow(row: &AuditView, check: &mut ChainCheck) -> Result<()> {
    row.follow(check).map_err(|error| coded(CHECK_FAILED, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows, whose hashes another program worked out after the reference page.
    const EXPORT: &str = include_str!("audit_export.jsonl");

    fn refused(text: &str) -> String {
        verify(text.as_bytes()).err().unwrap().to_string()
    }

    #[test]
    fn an_export_is_verified_and_the_newest_row_named() {
        let verified = verify(EXPORT.as_bytes()).unwrap();
        assert_eq!((verified.rows, verified.unlinked), (3, 0));
        let hash = verified.newest_hash.clone().unwrap();
        verified.require_newest(Some(&hash)).unwrap();
        assert!(verified.require_newest(Some("0")).is_err());
        let cut: String = EXPORT.lines().take(2).map(|line| format!("{line}\n")).collect();
        assert!(verify(cut.as_bytes()).unwrap().require_newest(Some(&hash)).is_err(), "a row is missing at the end");
    }

    #[test]
    fn the_first_row_that_is_wrong_is_named() {
        let lines: Vec<&str> = EXPORT.lines().collect();
        let joined = |lines: &[&str]| lines.join("\n");
        let first = lines[0].replace("\"who\":\"", "\"who\":\"x");
        assert!(refused(&joined(&[&first, lines[1], lines[2]])).starts_with("row 1 "));
        let last = lines[2].replace("\"who\":\"", "\"who\":\"x");
        assert!(refused(&joined(&[lines[0], lines[1], &last])).starts_with("row 3 "));
        assert!(refused(&joined(&[lines[0], lines[2]])).contains("after row 1 comes row 3"));
        assert!(refused(&joined(&[lines[0], "{}"])).contains("line 2 is no row"));
        assert!(refused(&"x".repeat(2 << 20)).contains("longer than any row"));
        assert_eq!(verify(&b""[..]).unwrap().rows, 0);
    }
}
