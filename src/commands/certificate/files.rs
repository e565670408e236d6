//! Files with keys: read within bounds, written for their owner alone.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flotilla_admin::api::{Hidden, Password};
use zeroize::Zeroizing;

use crate::cli::PasswordArguments;
use crate::connection::read_line;

/// More than the node takes.
const FILE_MAX_BYTES: u64 = 128 * 1024;

pub(in crate::commands) fn read_file(file: &Path) -> Result<Hidden> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_MAX_BYTES).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|open| open.take(FILE_MAX_BYTES).read_to_end(&mut bytes))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(Hidden::new(bytes.to_vec()))
}

/// Makes a file that its owner alone can read; one that is there is not touched.
pub(super) fn write_new(file: &Path, bytes: &[u8]) -> Result<()> {
    let made = File::options().write(true).create_new(true).mode(0o600).open(file);
    let mut written = made.with_context(|| format!("cannot make {}", file.display()))?;
    written
        .write_all(bytes)
        .and_then(|()| written.sync_all())
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The password of a certificate's file; never an argument, which other users of the host could read.
pub(super) fn password(arguments: &PasswordArguments) -> Result<Password> {
    let Some(file) = &arguments.file_password else {
        return Ok(Password::new(read_line("the password of the certificate's file")?));
    };
    let text =
        Zeroizing::new(std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?);
    let first = text.lines().next().unwrap_or_default();
    ensure!(!first.is_empty(), "{} is empty", file.display());
    Ok(Password::new(first))
}
