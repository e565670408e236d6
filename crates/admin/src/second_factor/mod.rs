//! One-time codes from a secret that an administrator's device and the cluster share (TOTP, RFC 6238): six digits, SHA-1, 30 s, which
//! is what every authenticator knows. The secret is in the log sealed; that no code is taken twice is the log's work.

mod enrolment;

use flotilla_credentials::random_recovery_code;
use flotilla_model::{AccountName, FactorProof, Sealed, SecondFactor, Sha256};
use flotilla_pki::{Purpose, SecretSet};
use ring::digest::{SHA256, digest};
use totp_rs::{Algorithm, Builder, Totp};

pub(crate) use enrolment::Enrolment;

const DIGITS: u8 = 6;
const STEP_S: u64 = 30;
/// Steps before and after the current one whose codes are good: clocks differ, and people take time (RFC 6238, 5.2).
const SKEW_STEPS: u16 = 1;

/// The context under which the secret of an administrator is sealed: moved to another row, it opens no more.
pub fn second_factor_context(name: &AccountName) -> Vec<u8> {
    [b"flotilla v1 second factor ", name.as_str().as_bytes()].concat()
}

fn totp(secret: &[u8], name: &AccountName, issuer: &str) -> Option<Totp> {
    // A colon would end the issuer within the label.
    let issuer = issuer.replace(':', " ");
    let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(DIGITS).with_step_duration(STEP_S);
    builder
        .with_skew(SKEW_STEPS)
        .with_secret(secret)
        .with_account_name(name.as_str())
        .with_issuer(Some(issuer))
        .build()
        .ok()
}

/// The step of a code that the sealed secret makes about this time.
pub(crate) fn step_of(
    name: &AccountName,
    sealed: &Sealed,
    code: &str,
    secrets: &SecretSet,
    now_ms: u64,
) -> Option<u64> {
    let context = second_factor_context(name);
    let keys = secrets.keys(Purpose::SealedValues);
    let Some(secret) = keys.iter().find_map(|key| key.open(&context, &sealed.0).ok()) else {
        tracing::error!(%name, "the second factor cannot be opened: have another administrator reset it");
        return None;
    };
    totp(&secret, name, "")?.check(code.trim(), now_ms / 1000)
}

/// What a code proves: one of the authenticator, or a recovery code. `None`: nothing.
pub(crate) fn proof_of(
    name: &AccountName,
    factor: &SecondFactor,
    code: &str,
    secrets: &SecretSet,
    now_ms: u64,
) -> Option<FactorProof> {
    let hash = recovery_code_hash(code);
    if factor.recovery_codes.contains(&hash) {
        return Some(FactorProof::RecoveryCode { hash });
    }
    step_of(name, &factor.secret, code, secrets, now_ms).map(|step| FactorProof::Code { step })
}

/// As people type it: in any case, with or without its marks.
fn recovery_code_hash(code: &str) -> Sha256 {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let mut hash = Sha256([0; 32]);
    hash.0.copy_from_slice(digest(&SHA256, plain.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use flotilla_pki::ClusterSecret;

    use super::*;

    /// The secret of the test vectors of RFC 6238, appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn secrets() -> SecretSet {
        SecretSet::new(ClusterSecret::generate().unwrap())
    }

    fn name(text: &str) -> AccountName {
        AccountName::parse(text).unwrap()
    }

    fn sealed(name: &AccountName, secrets: &SecretSet) -> Sealed {
        let key = secrets.current().derive(Purpose::SealedValues);
        Sealed(key.seal(&second_factor_context(name), SECRET).unwrap())
    }

    #[test]
    fn the_vectors_of_the_standard_hold() {
        let (ada, secrets) = (name("ada"), secrets());
        let sealed = sealed(&ada, &secrets);
        for (time_s, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")]
        {
            let step = |after_s: i64| step_of(&ada, &sealed, code, &secrets, (time_s + after_s) as u64 * 1000);
            assert_eq!(step(0), Some(time_s as u64 / 30), "{code}");
            assert_eq!((step(30), step(-29).is_some()), (Some(time_s as u64 / 30), true), "clocks differ");
            assert_eq!(step(90), None, "{code} is too old");
        }
        for wrong in ["", "287083", "28708", "2870820", "abcdef", "２８７０８２"] {
            assert_eq!(step_of(&ada, &sealed, wrong, &secrets, 59_000), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_good_for_its_own_row_under_its_own_cluster_secret() {
        let (ada, bob, secrets) = (name("ada"), name("bob"), secrets());
        let sealed = sealed(&ada, &secrets);
        assert_eq!(step_of(&bob, &sealed, "287082", &secrets, 59_000), None);
        assert_eq!(step_of(&ada, &sealed, "287082", &self::secrets(), 59_000), None);
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let (ada, secrets) = (name("ada"), secrets());
        let made = Enrolment::draw(&ada, "flotilla", &secrets).unwrap();
        let factor = SecondFactor {
            secret: made.sealed,
            created_ms: 0,
            confirmed_ms: Some(0),
            last_step: 0,
            recovery_codes: made.recovery_code_hashes,
        };
        let code = &made.recovery_codes[3];
        for typed in [code.clone(), code.to_uppercase(), code.replace('-', " "), code.replace('-', "")] {
            let proof = proof_of(&ada, &factor, &typed, &secrets, 0);
            assert_eq!(proof, Some(FactorProof::RecoveryCode { hash: factor.recovery_codes[3] }), "{typed}");
        }
        assert_eq!(proof_of(&ada, &factor, &code[1..], &secrets, 0), None);
    }

    #[test]
    fn an_enrolment_is_an_otpauth_uri_and_shows_nothing_in_debug() {
        let (ada, secrets) = (name("ada"), secrets());
        let made = Enrolment::draw(&ada, "north: harbour", &secrets).unwrap();
        assert!(made.uri.starts_with("otpauth://totp/north%20%20harbour:ada?secret="), "{}", made.uri);
        assert_eq!(made.recovery_codes.len(), 10);
        let totp = Totp::from_url(&made.uri).unwrap();
        let code = totp.generate(59).to_string();
        assert_eq!(step_of(&ada, &made.sealed, &code, &secrets, 59_000), Some(1));
        assert_eq!(totp.secret().to_base32(), made.secret);
    }
}
