//! The settings of the traces: where they go, how many of them, and under which name.

use crate::Mismatch;
use crate::host::check_authority;

/// As long as a DNS name; it becomes a label in other people's programs.
const SERVICE_NAME_LENGTH_MAX: usize = 253;
/// The path of traces in OTLP over HTTP, added by the exporter.
const TRACES_PATH: &str = "/v1/traces";

/// The base URL of an OTLP receiver, without a trailing slash.
pub(crate) fn parse_otlp_endpoint(text: &str) -> Result<String, Mismatch> {
    const MEND: &str = "write http:// or https://, a host, a port and perhaps a path, such as http://127.0.0.1:4318";
    // What may be a password is not repeated.
    if text.contains(['?', '#', '@']) {
        return Err(Mismatch::new("the URL has more than a host, a port and a path", MEND));
    }
    let trimmed = text.trim_end_matches('/');
    let (rest, port) = match (trimmed.strip_prefix("http://"), trimmed.strip_prefix("https://")) {
        (Some(rest), _) => (rest, 80),
        (_, Some(rest)) => (rest, 443),
        _ => return Err(Mismatch::new(format!("\"{text}\" starts with neither http:// nor https://"), MEND)),
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    check_authority(authority, port).map_err(|mismatch| Mismatch::new(mismatch.message, MEND))?;
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Mismatch::new(format!("\"{text}\" has characters that no URL has"), MEND));
    }
    match trimmed.strip_suffix(TRACES_PATH) {
        Some(base) => {
            Err(Mismatch::new(format!("{TRACES_PATH} is added at each export"), format!("write \"{base}\" only")))
        }
        None => Ok(trimmed.to_owned()),
    }
}

/// A share of the traces.
pub(crate) fn parse_ratio(text: &str) -> Result<f64, Mismatch> {
    text.parse::<f64>().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or_else(|| {
        Mismatch::new(
            format!("\"{text}\" is not a share from 0 to 1"),
            "write a number from 0 to 1, such as 0.1 for a tenth of the traces",
        )
    })
}

pub(crate) fn parse_service_name(text: &str) -> Result<String, Mismatch> {
    let fits = (1..=SERVICE_NAME_LENGTH_MAX).contains(&text.len());
    if !fits || text.trim() != text || text.chars().any(char::is_control) {
        return Err(Mismatch::new(
            format!("\"{}\" is not the name of a service", text.escape_debug()),
            format!("write 1 to {SERVICE_NAME_LENGTH_MAX} printable characters, such as flotilla"),
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_base_urls() {
        for (text, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
            ("https://otel.example.org/", "https://otel.example.org"),
            ("http://[::1]:4318", "http://[::1]:4318"),
            ("https://example.org/tenant/7/", "https://example.org/tenant/7"),
        ] {
            assert_eq!(parse_otlp_endpoint(text).as_deref(), Ok(expected));
        }
        for text in [
            "",
            "127.0.0.1:4318",
            "grpc://a:4317",
            "http://",
            "http://a:0",
            "http://a b:1",
            "http://a/b c",
            "http://a:1/v1/traces",
        ] {
            assert!(parse_otlp_endpoint(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_in_an_endpoint_is_not_repeated() {
        let mismatch = parse_otlp_endpoint("https://user:secret@example.org").unwrap_err();
        assert!(!mismatch.to_string().contains("secret"), "{mismatch}");
    }

    #[test]
    fn ratios_are_from_0_to_1() {
        for (text, expected) in [("0", 0.0), ("1", 1.0), ("1.0", 1.0), ("0.25", 0.25), ("1e-3", 0.001)] {
            assert_eq!(parse_ratio(text), Ok(expected));
        }
        for text in ["", "-0.1", "1.01", "NaN", "inf", "all", "10 %"] {
            assert!(parse_ratio(text).is_err(), "{text}");
        }
    }

    #[test]
    fn service_names_are_printable() {
        assert_eq!(parse_service_name("flotilla east 1").as_deref(), Ok("flotilla east 1"));
        for text in ["", " ", "flotilla ", "a\nb", &"x".repeat(254)] {
            assert!(parse_service_name(text).is_err(), "{text:?}");
        }
    }
}
