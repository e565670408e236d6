//! Sizes as people write them: `1048576`, `64 KiB`, `5GiB`. Binary units only, so that nobody has to guess.

const UNITS: [(&str, u32); 4] = [("kib", 10), ("mib", 20), ("gib", 30), ("tib", 40)];

pub(super) fn parse_bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_lowercase();
    for (suffix, shift) in UNITS {
        if let Some(number) = lower.strip_suffix(suffix) {
            return number.trim().parse::<u64>().ok()?.checked_mul(1 << shift);
        }
    }
    lower.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_and_binary_units() {
        let cases = [
            ("0", Some(0)),
            (" 42 ", Some(42)),
            ("64 KiB", Some(65_536)),
            ("5gib", Some(5 << 30)),
            ("1 TiB", Some(1 << 40)),
            ("99999999999 TiB", None),
            ("1 GB", None),
            ("-1", None),
            ("1.5 GiB", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_bytes(text), expected, "{text}");
        }
    }
}
