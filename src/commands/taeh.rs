//! `flotilla taeh`

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use flotilla_admin::Client;
use flotilla_admin::api::{SecretExport, SecretView};
use flotilla_node::setup::{export_secret, folder_secret, import_secret};
use zeroize::Zeroizing;

use super::call;
use crate::cli::{SecretPlace, TaehCommand};
use crate::connection::connect;
use crate::exit::{CHECK_FAILED, coded};
use crate::output::{Format, answer, list, print};
use crate::progress::Progress;

/// Far more than a secret file may have.
const FILE_MAX_BYTES: u64 = 64 * 1024;
const POLL: Duration = Duration::from_millis(100);
/// Every node takes it in within a second or so; one that is away for longer is for a person to decide about.
const WAIT_MAX: Duration = Duration::from_secs(60);

pub(super) async fn run(command: TaehCommand, format: Format) -> Result<()> {
    match command {
        TaehCommand::ShowFingerprint { place } => show(&place, format).await,
        TaehCommand::Export { place, out } => export(&place, out.as_deref(), format).await,
        TaehCommand::Import { place, file, replace, no_wait } => {
            let text = read_secret(&file)?;
            match &place.dir {
                Some(dir) => {
                    let fingerprint = import_secret(dir, &text, replace).map_err(|error| coded(CHECK_FAILED, error))?;
                    let view = SecretView { fingerprint, previous: None, rotation: None };
                    answer(format, &view, |view| format!("{} has the secret {}", dir.display(), view.fingerprint))
                }
                None => rotate(&connect(&place.connection)?, Some(text.to_string()), no_wait, format).await,
            }
        }
        TaehCommand::Rotate { connection, no_wait } => rotate(&connect(&connection)?, None, no_wait, format).await,
        TaehCommand::Finish { connection, force } => {
            let client = connect(&connection)?;
            call(client.finish_rotation(force).await)?;
            report(&call(client.secret().await)?, format)
        }
    }
}

async fn show(place: &SecretPlace, format: Format) -> Result<()> {
    let view = match &place.dir {
        Some(dir) => {
            let secret = folder_secret(dir).map_err(|error| coded(CHECK_FAILED, error))?;
            SecretView { fingerprint: secret.fingerprint(), previous: None, rotation: None }
        }
        None => call(connect(&place.connection)?.secret().await)?,
    };
    report(&view, format)
}

async fn export(place: &SecretPlace, out: Option<&Path>, format: Format) -> Result<()> {
    let export = match &place.dir {
        Some(dir) => {
            let wrong = |error| coded(CHECK_FAILED, error);
            let fingerprint = folder_secret(dir).map_err(wrong)?.fingerprint();
            SecretExport { fingerprint, secret: export_secret(dir).map_err(wrong)?.to_string() }
        }
        None => call(connect(&place.connection)?.export_secret().await)?,
    };
    match (out, format) {
        (Some(file), _) => {
            let mut options = File::options();
            let made = options.write(true).create_new(true).mode(0o600).open(file);
            let mut written = made.with_context(|| format!("cannot make {}", file.display()))?;
            written.write_all(export.secret.as_bytes()).and_then(|()| written.sync_all())?;
            let view = SecretView { fingerprint: export.fingerprint, previous: None, rotation: None };
            answer(format, &view, |view| {
                format!(
                    "secret {} written to {}: whoever reads it can join; remove it when it is used",
                    view.fingerprint,
                    file.display()
                )
            })
        }
        (None, Format::Text) => print(&export.secret),
        (None, Format::Json) => answer(format, &export, |_| String::new()),
    }
}

fn read_secret(file: &Path) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(FILE_MAX_BYTES).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|open| open.take(FILE_MAX_BYTES).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text)
}

async fn rotate(client: &Client, secret: Option<String>, no_wait: bool, format: Format) -> Result<()> {
    call(client.rotate_secret(secret).await)?;
    if no_wait {
        return report(&call(client.secret().await)?, format);
    }
    let progress = Progress::on_terminal();
    let waited = tokio::time::timeout(WAIT_MAX, wait_finished(client, &progress)).await;
    progress.finish();
    match waited {
        Ok(view) => report(&view?, format),
        Err(_) => {
            let missing = call(client.secret().await)?.rotation.map(|row| row.missing).unwrap_or_default();
            Err(coded(
                CHECK_FAILED,
                format!(
                    "nodes {} do not have the new secret yet: old and new are accepted until they have; bring them back, \
                     remove them, or cut them off with 'flotilla taeh finish --force'",
                    list(&missing)
                ),
            ))
        }
    }
}

async fn wait_finished(client: &Client, progress: &Progress) -> Result<SecretView> {
    loop {
        let view = call(client.secret().await)?;
        let Some(row) = &view.rotation else { return Ok(view) };
        // This node's own last step follows the end by a moment.
        if row.finished_at.is_some() && view.previous.is_none() {
            return Ok(view);
        }
        progress.say(&format!("{} of {} nodes have it", row.adopted.len(), row.adopted.len() + row.missing.len()));
        tokio::time::sleep(POLL).await;
    }
}

fn report(view: &SecretView, format: Format) -> Result<()> {
    answer(format, view, |view| {
        let mut text = format!("secret {}", view.fingerprint);
        if let Some(previous) = &view.previous {
            text += &format!(", and {previous} is accepted too");
        }
        if let Some(row) = &view.rotation {
            text += &match row.finished_at {
                Some(at) => format!("\nchanged from {} at {at}", row.previous),
                None => format!(
                    "\nchange to {} since {}: nodes {} have it, nodes {} do not yet",
                    row.fingerprint,
                    row.started_at,
                    list(&row.adopted),
                    list(&row.missing)
                ),
            };
        }
        text
    })
}
