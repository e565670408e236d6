//! The page of the node file: the file that `init` writes, with its explanations.

use flotilla_config::NodeFile;

const HEAD: &str = "# The node file

`flotilla.toml`: what one node is told before it starts. `flotilla init` and `flotilla join` write it into the node's folder, with
every key, its explanation and its default. It belongs to this node only; what holds for the cluster are
[parameters](parameters.md).

- Defaults come first, then the file, then the environment: `cluster.listen` is `FLOTILLA_CLUSTER__LISTEN`.
- An unknown key, in the file or in a `FLOTILLA_…__…` variable, is an error. All problems are told at once, each with its key and how
  to mend it, before any port is opened; the exit code is 2.
- `flotilla run --check --config FILE` only checks.
- It is read once, at the start of the process.

```toml
";

/// The whole page.
pub(super) fn page() -> String {
    format!("{HEAD}{}```\n", NodeFile::new("node-1.example.org").render())
}
