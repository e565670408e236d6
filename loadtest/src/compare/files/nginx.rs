//! nginx with DAV over TLS 1.3 and client certificates.

use std::fs;
use std::path::Path;
use std::process::Command as StdCommand;

use anyhow::{Context, Result};
use flotilla_local::free_base_port;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio::process::Command;

use super::curl::Curl;
use super::daemon::Daemon;
use super::{FileServer, Processes, Upload};

pub(super) struct Nginx {
    daemon: Daemon,
    url: String,
    curl: Curl,
}

pub(super) fn about() -> Result<String> {
    let output = StdCommand::new("nginx").arg("-v").output().context("cannot run nginx")?;
    let version = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(format!("{version}; DAV PUT, TLS 1.3 AES-128-GCM, client certificates, 2 workers, one copy, nothing synced"))
}

impl Nginx {
    pub(super) async fn start(dir: &Path) -> Result<Self> {
        let port = free_base_port(1)?;
        write_certificates(dir)?;
        fs::create_dir_all(dir.join("files"))?;
        fs::create_dir_all(dir.join("bodies"))?;
        let configuration = dir.join("nginx.conf");
        let at = dir.display();
        fs::write(
            &configuration,
            format!(
                "daemon off; master_process on; worker_processes 2; user root; pid {at}/nginx.pid; error_log {at}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {at}/bodies; client_max_body_size 0; client_body_buffer_size 1m;
  sendfile on; keepalive_requests 100000;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    ssl_conf_command Options KTLS; ssl_session_cache shared:S:1m;
    ssl_certificate {at}/server.pem; ssl_certificate_key {at}/server.key.pem;
    ssl_client_certificate {at}/authority.pem; ssl_verify_client on;
    location / {{ root {at}/files; dav_methods PUT DELETE; create_full_put_path on; dav_access user:rw group:r all:r; }}
  }}
}}
"
            ),
        )?;
        let mut command = StdCommand::new("nginx");
        command.arg("-c").arg(&configuration);
        let daemon = Daemon::start(command, port, &dir.join("nginx.log")).await?;
        let options =
            format!("cacert = \"{at}/authority.pem\"\ncert = \"{at}/client.pem\"\nkey = \"{at}/client.key.pem\"\n");
        Ok(Self { daemon, url: format!("https://127.0.0.1:{port}"), curl: Curl::new(dir, options) })
    }
}

impl FileServer for Nginx {
    fn upload(&self, client: usize, files: &[Upload]) -> Result<Command> {
        self.curl.upload(client, &self.url, files)
    }

    fn download(&self, name: &str) -> Result<Command> {
        self.curl.download(&format!("{}/{name}", self.url))
    }

    fn processes(&self) -> Processes {
        Processes::of(vec![self.daemon.process_id()])
    }
}

fn write_certificates(dir: &Path) -> Result<()> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "comparison");
    let key = KeyPair::generate()?;
    fs::write(dir.join("authority.pem"), authority.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(authority, key);
    for name in ["server", "client"] {
        let parameters = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        let key = KeyPair::generate()?;
        fs::write(dir.join(format!("{name}.pem")), parameters.signed_by(&key, &issuer)?.pem())?;
        fs::write(dir.join(format!("{name}.key.pem")), key.serialize_pem())?;
    }
    Ok(())
}
