//! Hashing and verifying with Argon2id under a bound on memory, processors and waiting callers.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::cache::VerifiedCache;
use crate::{random_bytes, random_password};

/// Longer passwords are refused: hashing them would be work that anybody can order.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The shortest password that an account may be given (NIST SP 800-63B).
pub const PASSWORD_CHARACTERS_MIN: usize = 8;

#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum CredentialError {
    #[error("too many passwords are being checked; nothing was done, try again")]
    Busy,
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    #[error("the password is shorter than {PASSWORD_CHARACTERS_MIN} characters")]
    TooShort,
    #[error("the stored password hash is malformed: {0}")]
    MalformedHash(String),
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error("the password check did not finish")]
    Interrupted,
}

impl CredentialError {
    /// Whether the same call can succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy | Self::Interrupted)
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Argon2id computations at once; each takes a processor and 19 MiB.
    pub running_max: usize,
    /// Callers that wait for one; beyond it calls are shed with `Busy`. 32 of them wait about a second on one processor.
    pub waiting_max: usize,
    /// Passwords remembered as right; 32 bytes each.
    pub remembered_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { running_max: processors.clamp(1, 8), waiting_max: 128, remembered_max: 16_384 }
    }
}

/// A cheap handle; clones share the bounds and the cache. One per process.
#[derive(Clone)]
pub struct Passwords {
    shared: Arc<Shared>,
}

struct Shared {
    cache: VerifiedCache,
    /// Entry for those who run or wait; full means `Busy`.
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// Verified for names without an account, so that the answer takes as long.
    decoy: String,
}

/// Whether an account may be given this password.
pub fn check_password(password: &str) -> Result<(), CredentialError> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(CredentialError::TooLong);
    }
    if password.chars().take(PASSWORD_CHARACTERS_MIN).count() < PASSWORD_CHARACTERS_MIN {
        return Err(CredentialError::TooShort);
    }
    Ok(())
}

impl Passwords {
    /// Costs one Argon2id computation, for the decoy.
    pub fn new(limits: Limits) -> Result<Self, CredentialError> {
        let running_max = limits.running_max.max(1);
        Ok(Self {
            shared: Arc::new(Shared {
                cache: VerifiedCache::new(limits.remembered_max)?,
                admitted: Arc::new(Semaphore::new(running_max + limits.waiting_max)),
                running: Arc::new(Semaphore::new(running_max)),
                decoy: compute_hash(&random_password()?)?,
            }),
        })
    }

    /// The hash to store, in PHC text form (`$argon2id$v=19$…`), for a password that passes [`check_password`].
    pub async fn hash(&self, password: &str) -> Result<String, CredentialError> {
        check_password(password)?;
        let password = Zeroizing::new(password.to_owned());
        let permits = self.admit().await?;
        blocking(permits, move || compute_hash(&password)).await
    }

    /// Whether `password` belongs to `name`, whose account has the hash `stored`; pass `None` when there is no such account
    /// (or it may not log in): the answer is `false` and takes as long as for one that exists.
    pub async fn verify(&self, name: &str, stored: Option<&str>, password: &str) -> Result<bool, CredentialError> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let fingerprint = stored.map(|stored| self.shared.cache.fingerprint(name, stored, password));
        if self.remembers(fingerprint.as_ref()) {
            return Ok(true);
        }
        let permits = self.admit().await?;
        // While this caller waited, another may have proved the same password: a burst of one client costs one computation.
        if self.remembers(fingerprint.as_ref()) {
            return Ok(true);
        }
        let hash = stored.unwrap_or(&self.shared.decoy).to_owned();
        let password = Zeroizing::new(password.to_owned());
        let matches = blocking(permits, move || compute_matches(&hash, &password)).await?;
        match fingerprint {
            Some(fingerprint) if matches => {
                self.shared.cache.insert(fingerprint);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn remembers(&self, fingerprint: Option<&[u8; 32]>) -> bool {
        fingerprint.is_some_and(|fingerprint| self.shared.cache.contains(fingerprint))
    }

    async fn admit(&self) -> Result<[OwnedSemaphorePermit; 2], CredentialError> {
        let admitted = self.shared.admitted.clone().try_acquire_owned().map_err(|_| CredentialError::Busy)?;
        let running = self.shared.running.clone().acquire_owned().await.map_err(|_| CredentialError::Interrupted)?;
        Ok([admitted, running])
    }
}

/// Runs on the blocking pool; the permits go with the work, so a caller that gives up does not loosen the bound.
async fn blocking<T: Send + 'static>(
    permits: [OwnedSemaphorePermit; 2],
    work: impl FnOnce() -> Result<T, CredentialError> + Send + 'static,
) -> Result<T, CredentialError> {
    let task = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(permits);
        result
    });
    task.await.map_err(|_| CredentialError::Interrupted)?
}

fn compute_hash(password: &str) -> Result<String, CredentialError> {
    let salt = random_bytes::<16>()?;
    let salt = SaltString::encode_b64(&salt).map_err(malformed)?;
    // The crate's default is Argon2id with 19 MiB, two passes and one lane (OWASP's choice).
    let hash = Argon2::default().hash_password(password.as_bytes(), &salt).map_err(malformed)?;
    Ok(hash.to_string())
}

fn compute_matches(stored: &str, password: &str) -> Result<bool, CredentialError> {
    let hash = PasswordHash::new(stored).map_err(malformed)?;
    match Argon2::default().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(malformed(error)),
    }
}

fn malformed(error: argon2::password_hash::Error) -> CredentialError {
    CredentialError::MalformedHash(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(running_max: usize, waiting_max: usize) -> Passwords {
        Passwords::new(Limits { running_max, waiting_max, remembered_max: 16 }).unwrap()
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let passwords = passwords(2, 8);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.verify("ann", Some(&hash), "correct horse").await, Ok(true));
        assert_eq!(passwords.verify("ann", Some(&hash), "correct horse").await, Ok(true), "from the cache");
        assert_eq!(passwords.verify("ann", Some(&hash), "wrong horse").await, Ok(false));
        assert_eq!(passwords.verify("nobody", None, "correct horse").await, Ok(false));
    }

    #[tokio::test]
    async fn a_new_hash_forgets_the_old_password() {
        let passwords = passwords(2, 8);
        let old = passwords.hash("old password").await.unwrap();
        assert_eq!(passwords.verify("ann", Some(&old), "old password").await, Ok(true));
        let new = passwords.hash("new password").await.unwrap();
        assert_eq!(passwords.verify("ann", Some(&new), "old password").await, Ok(false));
    }

    #[tokio::test]
    async fn a_burst_beyond_the_bound_is_shed() {
        let passwords = passwords(1, 0);
        let _permits = passwords.admit().await.unwrap();
        assert_eq!(passwords.verify("ann", None, "any password").await, Err(CredentialError::Busy));
        assert_eq!(passwords.hash("any password").await, Err(CredentialError::Busy));
    }

    #[tokio::test]
    async fn the_cache_answers_while_all_places_are_taken() {
        let passwords = passwords(1, 0);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert_eq!(passwords.verify("ann", Some(&hash), "correct horse").await, Ok(true));
        let _permits = passwords.admit().await.unwrap();
        assert_eq!(passwords.verify("ann", Some(&hash), "correct horse").await, Ok(true));
    }

    #[tokio::test]
    async fn malformed_hashes_and_passwords_are_told_apart() {
        let passwords = passwords(1, 1);
        let result = passwords.verify("ann", Some("not a hash"), "any password").await;
        assert!(matches!(result, Err(CredentialError::MalformedHash(_))), "{result:?}");
        assert_eq!(passwords.hash("short").await, Err(CredentialError::TooShort));
        let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
        assert_eq!(passwords.hash(&long).await, Err(CredentialError::TooLong));
        assert_eq!(passwords.verify("ann", None, &long).await, Ok(false));
    }
}
