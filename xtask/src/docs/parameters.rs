//! The page of the parameters, from the catalogue.

use flotilla_config::parameters::{CATALOGUE, Parameter, Scope};

const HEAD: &str = "# Parameters

What administrators may set while the cluster runs: `flotilla param set NAME VALUE`, or `PUT configurations/options/NAME`
([REST](rest.md)). A value is checked against this table, goes through the log, and is in force on all nodes at once; nothing
restarts. Sizes may be written as `64 KiB`, `5 GiB` and so on. `flotilla param reset NAME` goes back to the default.

Where the table says so, one node may have a value of its own instead: `flotilla param set NAME VALUE --node 2`, with the node's id as
`flotilla status` shows it; `flotilla param reset NAME --node 2` ends that.

What belongs to one node alone (addresses, limits, its log) is in the [node file](node-file.md).

| parameter | default | values | what it is |
|---|---|---|---|
";

/// The whole page.
pub(super) fn page() -> String {
    CATALOGUE.iter().fold(HEAD.to_owned(), |page, parameter| page + &row(parameter))
}

fn row(parameter: &Parameter) -> String {
    let Parameter { name, default, help, scope, .. } = parameter;
    let scope = match scope {
        Scope::Cluster => "",
        Scope::ClusterOrNode => " A node may have its own value.",
        Scope::Local => " Local: one value for each node.",
    };
    format!("| `{name}` | `{default}` | {} | {help}{scope} |\n", parameter.range())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_a_row() {
        let rows = page().lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, CATALOGUE.len());
    }
}
