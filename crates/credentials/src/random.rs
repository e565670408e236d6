//! Random bytes, and passwords of them that a person may have to copy by hand: no look-alike characters, groups of five.

use ring::rand::{SecureRandom, SystemRandom};

use crate::CredentialError;

/// 32 characters, so that five bits choose one without bias; i, l, o and u are left out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const PASSWORD_GROUPS: usize = 5;
/// 100 bits: a plain hash of it stands against whoever reads the log.
const RECOVERY_CODE_GROUPS: usize = 4;
const GROUP_LENGTH: usize = 5;

/// Bytes of the system's generator, good for secrets.
pub fn random_bytes<const LENGTH: usize>() -> Result<[u8; LENGTH], CredentialError> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CredentialError::NoRandomness)?;
    Ok(bytes)
}

/// A random password of 125 bits, such as `7k2mq-0h4ya-…` (five groups of five characters).
pub fn random_password() -> Result<String, CredentialError> {
    random_groups::<{ PASSWORD_GROUPS * GROUP_LENGTH }>()
}

/// A code of 100 bits, such as `7k2mq-0h4ya-…` (four groups of five characters), for when a second factor is lost.
pub fn random_recovery_code() -> Result<String, CredentialError> {
    random_groups::<{ RECOVERY_CODE_GROUPS * GROUP_LENGTH }>()
}

fn random_groups<const LENGTH: usize>() -> Result<String, CredentialError> {
    let bytes = random_bytes::<LENGTH>()?;
    let groups: Vec<String> = bytes
        .chunks(GROUP_LENGTH)
        .map(|group| group.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
        .collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_passwords_differ_and_pass_the_policy() {
        let (first, second) = (random_password().unwrap(), random_password().unwrap());
        assert_ne!(first, second);
        assert_eq!(first.len(), PASSWORD_GROUPS * GROUP_LENGTH + PASSWORD_GROUPS - 1);
        assert_eq!(random_recovery_code().unwrap().len(), 23);
        assert_eq!(crate::check_password(&first), Ok(()));
    }
}
