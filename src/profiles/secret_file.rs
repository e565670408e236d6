//! Files with a token, a password or a key: only their owner may read them.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::exit::{USAGE, coded};

/// Far more than a secret has.
const FILE_MAX_BYTES: u64 = 64 * 1024;
/// Anything for the group or for others.
const OTHERS: u32 = 0o077;

/// All of it.
pub(crate) fn read_secret(file: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let cannot = || format!("cannot read {}", file.display());
    open(file)?.take(FILE_MAX_BYTES).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}

/// The first line of it.
pub(crate) fn first_line_of_secret(file: &Path) -> Result<Zeroizing<String>> {
    let bytes = read_secret(file)?;
    let text = std::str::from_utf8(&bytes).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        return Err(coded(USAGE, format!("{} is empty", file.display())));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// That it is there, and nobody else's.
pub(crate) fn check_secret_file(file: &Path) -> Result<()> {
    open(file).map(drop)
}

/// Looks at the file that is open, so that what was looked at is what is read.
fn open(file: &Path) -> Result<File> {
    let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let metadata = opened.metadata().with_context(|| format!("cannot look at {}", file.display()))?;
    if !metadata.is_file() {
        return Err(coded(USAGE, format!("{} is no file", file.display())));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OTHERS != 0 {
        let name = file.display();
        return Err(coded(
            USAGE,
            format!("{name} has a secret and can be used by others (mode {mode:04o}): chmod 600 {name}"),
        ));
    }
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn a_secret_is_read_only_from_a_file_of_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        std::fs::write(&file, " flt_abc \nmore\n").unwrap();
        for (mode, is_taken) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false)] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let read = first_line_of_secret(&file);
            assert_eq!(read.is_ok(), is_taken, "{mode:o}");
            match read {
                Ok(line) => assert_eq!(line.as_str(), "flt_abc"),
                Err(error) => assert!(error.to_string().contains("chmod 600"), "{error}"),
            }
        }
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "\nflt_abc\n").unwrap();
        assert!(first_line_of_secret(&file).is_err(), "its first line is empty");
        assert!(check_secret_file(dir.path()).is_err(), "a folder");
    }
}
