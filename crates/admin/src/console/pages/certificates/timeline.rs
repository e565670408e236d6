//! What ends when, drawn as bars on one scale: close at its beginning, where days matter, and wide at its end.

use super::{days_until, tone_of};
use crate::api::{AuthorityView, CertificateView};

/// Those that end first; of the others the tables tell.
const SHOWN: usize = 12;
/// Days at which a fifth of the scale is over, two fifths, and so on; the page names them.
const MARKS: [i64; 5] = [7, 30, 90, 365, 3650];

pub(super) struct Ending {
    pub(super) name: String,
    /// Whose it is.
    pub(super) of: String,
    pub(super) days: i64,
    pub(super) tone: &'static str,
    /// 0 to 100.
    pub(super) width: f64,
}

impl Ending {
    fn new(name: &str, of: String, days: i64) -> Self {
        Self { name: name.to_owned(), of, days, tone: tone_of(days), width: place(days) }
    }
}

/// Of what is refused already the end is of no interest.
pub(super) fn endings(certificates: &[CertificateView], authorities: &[AuthorityView]) -> Vec<Ending> {
    let node = |node: Option<flotilla_model::NodeId>| node.map_or_else(String::new, |node| format!("node {node}"));
    let of_certificate = |row: &CertificateView| Ending::new(&row.alias, node(row.node), days_until(&row.not_after));
    let of_authority = |row: &AuthorityView| {
        let of = if row.node.is_some() { node(row.node) } else { row.subject.clone() };
        Ending::new(if row.is_current { "CA" } else { &row.name }, of, days_until(&row.not_after))
    };
    let live = certificates.iter().filter(|row| !row.is_revoked).map(of_certificate);
    let mut all: Vec<Ending> = live.chain(authorities.iter().map(of_authority)).collect();
    all.sort_by_key(|ending| ending.days);
    all.truncate(SHOWN);
    all
}

fn place(days: i64) -> f64 {
    let (mut from, fifth) = (0, 100.0 / MARKS.len() as f64);
    for (index, mark) in MARKS.into_iter().enumerate() {
        if days < mark {
            let share = (days - from).max(0) as f64 / (mark - from) as f64;
            return (index as f64 + share) * fifth;
        }
        from = mark;
    }
    100.0
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_bar_ends_at_the_mark_of_its_days() {
        for (days, expected) in
            [(-5, 0.0), (0, 0.0), (7, 20.0), (30, 40.0), (60, 50.0), (365, 80.0), (3650, 100.0), (9999, 100.0)]
        {
            assert!((place(days) - expected).abs() < 1e-9, "{days}: {}", place(days));
        }
    }
}
