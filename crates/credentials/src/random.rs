//! Passwords that a person may have to copy by hand: no look-alike characters, groups of five.

use ring::rand::{SecureRandom, SystemRandom};

use crate::CredentialError;

/// 32 characters, so that five bits choose one without bias; i, l, o and u are left out.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 5;
const GROUP_LENGTH: usize = 5;

/// A random password of 125 bits, such as `7k2mq-0h4ya-…` (five groups of five characters).
pub fn random_password() -> Result<String, CredentialError> {
    let mut bytes = [0_u8; GROUPS * GROUP_LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CredentialError::NoRandomness)?;
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
        assert_eq!(first.len(), GROUPS * GROUP_LENGTH + GROUPS - 1);
        assert_eq!(crate::check_password(&first), Ok(()));
    }
}
