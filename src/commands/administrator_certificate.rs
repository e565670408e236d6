//! `flotilla admin certificate`

use anyhow::{Context, Result};
use flotilla_admin::api::{AdministratorCertificateRequest, AdministratorCertificateView};

use super::call;
use crate::cli::AdministratorCertificateCommand;
use crate::connection::connect;
use crate::output::{Format, answer, table};

pub(super) async fn run(command: AdministratorCertificateCommand, format: Format) -> Result<()> {
    match command {
        AdministratorCertificateCommand::List { connection, name } => {
            let rows = call(connect(&connection)?.administrator_certificates(&name).await)?;
            answer(format, &rows, |rows| list(rows))
        }
        AdministratorCertificateCommand::Add { connection, name, file, description } => {
            let text = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let certificate_pem = certificates_of(&String::from_utf8_lossy(&text));
            let request = AdministratorCertificateRequest { certificate_pem, description };
            let view = call(connect(&connection)?.add_administrator_certificate(&name, &request).await)?;
            answer(format, &view, |view| {
                format!("whoever shows {} ({}) is {name} until {}", view.fingerprint, view.subject, view.not_after)
            })
        }
        AdministratorCertificateCommand::Remove { connection, name, fingerprint } => {
            let client = connect(&connection)?;
            let done = call(client.remove_administrator_certificate(&name, &fingerprint).await)?;
            answer(format, &done, |_| format!("certificate {fingerprint} is good for nothing more"))
        }
    }
}

/// Without what else stands in the file: a key must not leave this host.
fn certificates_of(pem: &str) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    let parts = pem.split("-----BEGIN CERTIFICATE-----").skip(1).filter_map(|rest| rest.split_once(END));
    parts.map(|(digits, _)| format!("-----BEGIN CERTIFICATE-----{digits}{END}\n")).collect()
}

fn list(rows: &[AdministratorCertificateView]) -> String {
    let line = |row: &AdministratorCertificateView| {
        [
            row.fingerprint.clone(),
            row.subject.clone(),
            row.not_after.to_string(),
            row.created_by.clone(),
            row.description.clone(),
        ]
    };
    table(["SHA-256", "subject", "good until", "registered by", "for"], rows.iter().map(line))
}

#[cfg(test)]
mod tests {
    use super::certificates_of;

    #[test]
    fn a_key_in_the_file_stays_here() {
        let certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
        assert_eq!(certificates_of(&format!("{key}{certificate}text\n{certificate}")), certificate.repeat(2));
        assert_eq!(certificates_of(key), "");
    }
}
