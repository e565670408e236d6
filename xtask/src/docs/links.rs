//! Links from one file of the repository to another that lead nowhere.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Each broken link with its file.
pub(super) fn broken(root: &Path) -> Result<Vec<String>> {
    let mut pages = Vec::new();
    collect(root, false, &mut pages)?;
    collect(&root.join("docs"), true, &mut pages)?;
    let mut problems = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
        let folder = page.parent().unwrap_or(root);
        let lost = targets(&text).into_iter().filter(|target| !folder.join(target).exists());
        problems.extend(lost.map(|target| format!("{}: the link to {target} leads nowhere", page.display())));
    }
    Ok(problems)
}

fn collect(folder: &Path, is_deep: bool, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && is_deep {
            collect(&path, is_deep, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}

/// The files that a text links to: `[words](target)`, without what is behind `#`.
fn targets(text: &str) -> Vec<&str> {
    let ends = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    ends.map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_count() {
        let text = "[a](b.md) [c](https://example.org/x) [d](#e) [f](../g.md#h) a](";
        assert_eq!(targets(text), ["b.md", "../g.md"]);
    }
}
