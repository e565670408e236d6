//! "Did you mean …": the nearest known name, when one is near enough to be a slip of the hand.

/// The known name nearest to `name`, ignoring case; `None` when nothing is similar.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .map(|candidate| (similarity(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}

/// The last part of a dotted name alone counts too: people remember `maxThreads`, not the whole path.
fn similarity(name: &str, candidate: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(name, candidate);
    match candidate.rsplit_once('.') {
        Some((_, last)) if !name.contains('.') => whole.max(strsim::normalized_damerau_levenshtein(name, last)),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name_and_strangers_find_none() {
        let known = ["Cluster.mode", "Files.replicas", "Pool.GeneralMessageProcessing.maxThreads"];
        let cases = [
            ("cluster.mode", Some("Cluster.mode")),
            ("Cluster.mdoe", Some("Cluster.mode")),
            ("maxThreads", Some("Pool.GeneralMessageProcessing.maxThreads")),
            ("File.replica", Some("Files.replicas")),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
        }
    }
}
