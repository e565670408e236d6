//! What a parameter was, and the way back to it.

use anyhow::Result;
use flotilla_admin::Client;
use flotilla_admin::api::{NodeId, ParameterVersionView};

use super::{Change, set};
use crate::commands::call;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, table};

pub(super) async fn show(client: &Client, name: &str, node: Option<NodeId>, format: Format) -> Result<()> {
    let rows = call(client.parameter_history(node, name).await)?;
    answer(format, &rows, |rows| {
        let line = |row: &ParameterVersionView| {
            let value = row.value.clone().unwrap_or_else(|| "(default)".to_owned());
            [row.version.to_string(), row.changed_at.to_string(), row.changed_by.clone(), value]
        };
        table(["version", "at", "who", "value"], rows.iter().map(line))
    })
}

/// With nothing older in the history it goes back to the default.
pub(super) async fn revert(
    client: &Client,
    name: &str,
    node: Option<NodeId>,
    to: Option<u64>,
    format: Format,
) -> Result<()> {
    let rows = call(client.parameter_history(node, name).await)?;
    let way = way_back(&rows, to).map_err(|reason| coded(CHECK_FAILED, format!("{name} {reason}")))?;
    let (value, expected_version) = (way.value.as_deref(), Some(way.expected_version));
    set(client, Change { node, name, value, expected_version }, format).await
}

/// What is set to go back.
#[derive(Debug, PartialEq, Eq)]
struct WayBack {
    value: Option<String>,
    /// Only from what the history showed: somebody's change meanwhile is not thrown away.
    expected_version: u64,
}

/// `rows` are the history, newest first.
fn way_back(rows: &[ParameterVersionView], to: Option<u64>) -> Result<WayBack, String> {
    let newest = rows.first().ok_or("has no history: nothing is known of it to go back to")?;
    let value = match to {
        Some(version) => match rows.iter().find(|row| row.version == version) {
            Some(row) => row.value.clone(),
            None => return Err(format!("has no version {version}: see 'flotilla param history'")),
        },
        None => rows.get(1).and_then(|row| row.value.clone()),
    };
    // A value that was taken back has no row any more, and so no version.
    let expected_version = if newest.value.is_some() { newest.version } else { 0 };
    if value == newest.value {
        return Err("has that value already".to_owned());
    }
    Ok(WayBack { value, expected_version })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: u64, value: Option<&str>) -> ParameterVersionView {
        let (value, changed_by) = (value.map(str::to_owned), "root".to_owned());
        ParameterVersionView { version, value, changed_by, changed_at: "2026-11-27T08:00:00Z".parse().unwrap() }
    }

    #[test]
    fn the_way_back_starts_from_what_was_seen() {
        let rows = [row(9, Some("c")), row(7, Some("b")), row(5, None), row(3, Some("a"))];
        let back =
            |value: Option<&str>, expected_version| Ok(WayBack { value: value.map(str::to_owned), expected_version });
        let cases = [
            (&rows[..], None, back(Some("b"), 9)),
            (&rows[..], Some(3), back(Some("a"), 9)),
            (&rows[..], Some(5), back(None, 9)),
            (&rows[2..], None, back(Some("a"), 0)),
            (&rows[3..], None, back(None, 3)),
            (&rows[..], Some(4), Err("has no version 4: see 'flotilla param history'".to_owned())),
            (&rows[..], Some(9), Err("has that value already".to_owned())),
            (&[], None, Err("has no history: nothing is known of it to go back to".to_owned())),
        ];
        for (rows, to, expected) in cases {
            assert_eq!(way_back(rows, to), expected, "{to:?}");
        }
    }
}
