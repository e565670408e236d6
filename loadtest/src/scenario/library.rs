//! The scenarios that come with the program: the files of `loadtest/scenarios/`.

/// One of them.
pub(crate) struct Shipped {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(Shipped { name: $name, text: include_str!(concat!("../../scenarios/", $name, ".toml")) }),*]
    };
}

/// From the shortest on.
pub(crate) const LIBRARY: &[Shipped] = shipped![
    "smoke",
    "steady",
    "small-files",
    "large-files",
    "mixed-sizes",
    "many-accounts",
    "events-only",
    "parameters-only",
    "burst",
    "ramp",
    "backlog-drain",
    "failover",
    "partition",
    "rolling-restart",
    "gmp-sweep",
    "soak",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    #[test]
    fn all_of_them_can_be_read_and_none_is_forgotten() {
        for shipped in LIBRARY {
            let scenario = Scenario::load(shipped.name).unwrap();
            assert!(!scenario.description.is_empty(), "{}", shipped.name);
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut files: Vec<_> = files.map(|file| file.strip_suffix(".toml").unwrap().to_owned()).collect();
        let mut names: Vec<_> = LIBRARY.iter().map(|shipped| shipped.name.to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }
}
