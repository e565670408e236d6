//! What is looked at before a node is made: all that would make it fail later, told at once and before anything is changed.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Url;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::Place;

const RESOLVE_DEADLINE: Duration = Duration::from_secs(5);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// Certificates, leases and retry times are told by clocks. The time in an answer's head has whole seconds.
const SKEW_MAX_S: u64 = 60;
/// Log, snapshots and the first files.
const FREE_MIN_BYTES: u64 = 256 << 20;

/// One thing that is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    pub what: String,
    pub mend: &'static str,
}

/// Everything that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Obstacles(pub Vec<Obstacle>);

impl fmt::Display for Obstacles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "nothing was made, since")?;
        for Obstacle { what, mend } in &self.0 {
            write!(formatter, "\n  {what}\n    mend: {mend}")?;
        }
        Ok(())
    }
}

/// Looks at everything; `tls` is what the primary is trusted by.
pub(super) async fn look(place: &Place, primary: &str, tls: &rustls::ClientConfig) -> Result<(), Obstacles> {
    let (own_name, at_primary) = tokio::join!(own_name(place), primary_answers(primary, tls));
    let mut found: Vec<Obstacle> = ports(place);
    found.extend(own_name);
    found.extend(at_primary);
    found.extend(space(&place.dir));
    if found.is_empty() { Ok(()) } else { Err(Obstacles(found)) }
}

/// The others will reach the node by this name.
async fn own_name(place: &Place) -> Option<Obstacle> {
    let name = place.name.as_str();
    let reason = match timeout(RESOLVE_DEADLINE, lookup_host((name, 0))).await {
        Ok(Ok(mut addresses)) => return addresses.next().is_none().then(|| unresolved(name, "it has no address")),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {RESOLVE_DEADLINE:?}"),
    };
    Some(unresolved(name, &reason))
}

fn unresolved(name: &str, reason: &str) -> Obstacle {
    Obstacle {
        what: format!("{name} does not resolve: {reason}"),
        mend: "add the name to DNS or to /etc/hosts, on this host and on the others",
    }
}

fn ports(place: &Place) -> Vec<Obstacle> {
    let mut found = Vec::new();
    for (port, option) in [
        (place.cluster_port, "--cluster-port"),
        (place.admin_port, "--admin-port"),
        (place.transfer_port, "--transfer-port"),
    ] {
        if let Err(error) = TcpListener::bind(SocketAddr::new(place.bind, port)) {
            found.push(Obstacle {
                what: format!("{option}: {}:{port} cannot be listened on: {error}", place.bind),
                mend: "end the program that listens there, or choose another port or --bind address",
            });
        }
    }
    found
}

async fn primary_answers(primary: &str, tls: &rustls::ClientConfig) -> Option<Obstacle> {
    let unreached = |reason: String| {
        Some(Obstacle {
            what: format!("the primary {primary} is not reached: {reason}"),
            mend: "give the admin URL that the token's command printed, and open port 8444 to this host in the firewall",
        })
    };
    let Some((host, port)) = place_of(primary) else { return unreached("this is no URL".to_owned()) };
    // Dialled by itself first, so that a name, a port and a certificate are told apart.
    match timeout(CONNECT_DEADLINE, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => return unreached(error.to_string()),
        Err(_) => return unreached(format!("no answer within {CONNECT_DEADLINE:?}")),
    }
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls.clone()).no_proxy().timeout(ANSWER_DEADLINE);
    let asked = async { client.build()?.get(format!("{}/livez", primary.trim_end_matches('/'))).send().await };
    // Whom it shows as is judged by the join itself, which says more of it.
    let answer = asked.await.ok()?;
    let theirs = answer.headers().get(reqwest::header::DATE)?.to_str().ok()?;
    skew(httpdate::parse_http_date(theirs).ok()?, SystemTime::now())
}

fn place_of(url: &str) -> Option<(String, u16)> {
    let url = Url::parse(url).ok()?;
    Some((url.host_str()?.trim_matches(['[', ']']).to_owned(), url.port_or_known_default()?))
}

fn skew(theirs: SystemTime, ours: SystemTime) -> Option<Obstacle> {
    let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let skew_s = seconds(theirs).abs_diff(seconds(ours));
    (skew_s > SKEW_MAX_S).then(|| Obstacle {
        what: format!("the clocks of this host and of the primary are {skew_s} s apart"),
        mend: "run chrony or another NTP client on both",
    })
}

/// Of the nearest folder that is there already.
fn space(dir: &Path) -> Option<Obstacle> {
    let existing = std::path::absolute(dir).ok()?;
    let existing = existing.ancestors().find(|folder| folder.exists())?;
    let disk = rustix::fs::statvfs(existing).ok()?;
    let free = disk.f_bavail * disk.f_frsize;
    (free < FREE_MIN_BYTES).then(|| Obstacle {
        what: format!("only {} MiB are free for {}", free >> 20, dir.display()),
        mend: "free space, or choose another --dir: log and snapshots alone need 256 MiB",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(cluster_port: u16) -> Place {
        Place {
            dir: "/nowhere/at/all".into(),
            name: "127.0.0.1".to_owned(),
            bind: [127, 0, 0, 1].into(),
            cluster_port,
            admin_port: 0,
            transfer_port: 0,
        }
    }

    fn tls() -> rustls::ClientConfig {
        flotilla_pki::trusting_client_config(&flotilla_pki::TrustStore::new()).unwrap()
    }

    #[tokio::test]
    async fn everything_in_the_way_is_told_at_once() {
        let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut place = place(taken.local_addr().unwrap().port());
        place.name = "no-such-name.invalid".to_owned();
        let free = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let refused = look(&place, &format!("https://127.0.0.1:{free}"), &tls()).await.unwrap_err();
        let text = refused.to_string();
        for part in ["--cluster-port", "no-such-name.invalid does not resolve", "is not reached", "mend:"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert_eq!(refused.0.len(), 3, "{text}");
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(skew(at(1_000), at(1_060)), None);
        assert!(skew(at(1_000), at(1_061)).unwrap().what.contains("61 s apart"));
        assert!(skew(at(2_000), at(1_000)).unwrap().what.contains("1000 s apart"));
    }

    #[test]
    fn a_folder_is_measured_where_it_would_be() {
        assert_eq!(space(Path::new("/tmp/not/there/yet")), None);
    }
}
