//! What reading a PKCS#12 file would cost, found out before it is paid.
//!
//! A file names its own iteration counts, for its MAC and for each thing that is encrypted in it, and things can be encrypted
//! inside of what is encrypted. Whoever gives the file to us can also give its password, so a valid MAC proves nothing about
//! its maker. The count walks all of it and opens the containers on the way.

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::{AnyRef, OctetStringRef, UintRef};
use pkcs8::der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};

use super::{Pkcs12Error, container};

/// Iterations in the whole file. OpenSSL writes 2048 to 600,000 for each of three things, keytool 10,000; this many take a few
/// seconds.
pub(super) const ITERATIONS_MAX: u64 = 4_000_000;
/// Deeper than any file that a program writes; bounds the recursion.
const DEPTH_MAX: usize = 32;

const PBKDF2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12");
const SCRYPT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11591.4.11");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// Digests of SHA-2 are its children 1 to 6.
const SHA2_PREFIX: &str = "2.16.840.1.101.3.4.2.";
/// pkcs-12PbeIds: the legacy ciphers are its children.
const PBE_PREFIX: &str = "1.2.840.113549.1.12.1.";

#[derive(Default)]
struct Tally {
    iterations: u64,
    containers: Vec<Container>,
}

/// Something encrypted that holds further things: algorithm (DER) and ciphertext.
pub(super) struct Container {
    pub(super) algorithm: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
}

/// Refuses a file whose reading would take too long or too much memory.
pub(super) fn check(file: &[u8], password: &str) -> Result<(), Pkcs12Error> {
    let mut tally = Tally::default();
    tally.walk_all(file, 0)?;
    let mut opened = 0;
    // Opening is paid for as well: it is counted before it is done, and what is found inside is counted in turn.
    while let Some(container) = tally.containers.pop() {
        tally.check()?;
        opened += 1;
        if opened > DEPTH_MAX {
            return Err(Pkcs12Error::Damaged);
        }
        // What does not open under this password is not read by the parser either.
        if let Some(plain) = container::open(&container, password) {
            tally.walk_all(&plain, 0)?;
        }
    }
    tally.check()
}

impl Tally {
    fn check(&self) -> Result<(), Pkcs12Error> {
        if self.iterations > ITERATIONS_MAX {
            return Err(Pkcs12Error::TooCostly { iterations: self.iterations });
        }
        Ok(())
    }

    /// Walks the elements that stand one behind the other in `bytes`, up to the first that is none: a salt or a digest can
    /// begin like an encoding, and only the parser can tell whether one was meant.
    fn walk_all(&mut self, bytes: &[u8], depth: usize) -> Result<(), Pkcs12Error> {
        let Ok(mut reader) = SliceReader::new(bytes) else { return Ok(()) };
        while !reader.is_finished() {
            let Ok(element) = AnyRef::decode(&mut reader) else { break };
            self.walk(element, depth)?;
        }
        Ok(())
    }

    fn walk(&mut self, element: AnyRef<'_>, depth: usize) -> Result<(), Pkcs12Error> {
        if depth > DEPTH_MAX {
            return Err(Pkcs12Error::Damaged);
        }
        match element.tag() {
            Tag::Sequence => {
                self.judge(element.value())?;
                self.walk_all(element.value(), depth + 1)
            }
            // Octets may be the encoding of something: they are, around each safe.
            Tag::Set | Tag::ContextSpecific { constructed: true, .. } | Tag::OctetString => {
                self.walk_all(element.value(), depth + 1)
            }
            _ => Ok(()),
        }
    }

    /// Counts a sequence if it is one that asks for work.
    fn judge(&mut self, value: &[u8]) -> Result<(), Pkcs12Error> {
        let Some(parts) = elements(value) else { return Ok(()) };
        let named = parts.first().and_then(|first| first.decode_as::<ObjectIdentifier>().ok());
        match (named, parts.get(1)) {
            (Some(SCRYPT), _) => return Err(Pkcs12Error::Unsupported { what: "scrypt".to_owned() }),
            (Some(name), Some(parameters)) if name == PBKDF2 || name.to_string().starts_with(PBE_PREFIX) => {
                self.count(elements(parameters.value()).as_ref().and_then(|parameters| parameters.get(1)))?;
            }
            // EncryptedContentInfo: type, algorithm, [0] ciphertext.
            (Some(DATA), Some(algorithm)) => {
                if let (Some(content), Ok(algorithm)) = (parts.get(2), algorithm.to_der()) {
                    self.containers.push(Container { algorithm, ciphertext: content.value().to_vec() });
                }
            }
            _ => self.judge_mac(&parts)?,
        }
        Ok(())
    }

    /// MacData: (digest algorithm, digest), salt, iterations.
    fn judge_mac(&mut self, parts: &[AnyRef<'_>]) -> Result<(), Pkcs12Error> {
        let [digest, salt, iterations] = parts else { return Ok(()) };
        if digest.tag() != Tag::Sequence || salt.decode_as::<&OctetStringRef>().is_err() {
            return Ok(());
        }
        let algorithm = elements(digest.value()).and_then(|digest| digest.first().and_then(|it| elements(it.value())));
        let name = algorithm.and_then(|parts| parts.first().and_then(|it| it.decode_as::<ObjectIdentifier>().ok()));
        if name.is_some_and(|name| name == SHA1 || name.to_string().starts_with(SHA2_PREFIX)) {
            self.count(Some(iterations))?;
        }
        Ok(())
    }

    fn count(&mut self, iterations: Option<&AnyRef<'_>>) -> Result<(), Pkcs12Error> {
        let number =
            iterations.and_then(|number| number.decode_as::<UintRef<'_>>().ok()).ok_or(Pkcs12Error::Damaged)?;
        let number =
            number.as_bytes().iter().fold(0u64, |sum, byte| sum.saturating_mul(256).saturating_add(u64::from(*byte)));
        self.iterations = self.iterations.saturating_add(number);
        self.check()
    }
}

/// All elements of an encoding; `None` if it is not one to its last byte.
fn elements(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(AnyRef::decode(&mut reader).ok()?);
    }
    Some(elements)
}

#[cfg(test)]
mod tests {
    use pkcs8::pkcs5::pbes2;

    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[tag, 0x82][..], &length, &body].concat()
    }

    fn shorten(element: Vec<u8>) -> Vec<u8> {
        // DER wants the shortest form of a length.
        match element[2..4] {
            [0, length @ 0..0x80] => [&[element[0], length], &element[4..]].concat(),
            [0, length] => [&[element[0], 0x81, length], &element[4..]].concat(),
            _ => element,
        }
    }

    fn sequence(parts: &[&[u8]]) -> Vec<u8> {
        shorten(element(0x30, parts))
    }

    fn octets(bytes: &[u8]) -> Vec<u8> {
        shorten(element(0x04, &[bytes]))
    }

    fn pbe(iterations: &[u8]) -> Vec<u8> {
        let number = shorten(element(0x02, &[iterations]));
        sequence(&[
            &ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3").to_der().unwrap(),
            &sequence(&[&octets(b"saltsalt"), &number]),
        ])
    }

    fn container(plain: &[u8]) -> Vec<u8> {
        let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(1000, b"saltsalt", [7; 16]).unwrap();
        let ciphertext = parameters.encrypt("password", plain).unwrap();
        let algorithm = sequence(&[
            &ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13").to_der().unwrap(),
            &parameters.to_der().unwrap(),
        ]);
        let content = shorten(element(0x80, &[&ciphertext]));
        octets(&sequence(&[&DATA.to_der().unwrap(), &algorithm, &content]))
    }

    #[test]
    fn work_is_counted_wherever_it_is_asked_for() {
        // 4,000,001 in one piece, in many pieces, and inside of what is encrypted.
        let much = pbe(&[0x3d, 0x09, 0x01]);
        let many: Vec<u8> = std::iter::repeat_n(pbe(&[0x01, 0x86, 0xa0]), 41).flatten().collect();
        let bearable: Vec<u8> = std::iter::repeat_n(pbe(&[0x01, 0x86, 0xa0]), 39).flatten().collect();
        for (contents, is_refused) in [(much, true), (many, true), (bearable, false)] {
            let plain = sequence(&[&octets(&sequence(&[&contents]))]);
            let nested = sequence(&[&container(&sequence(&[&contents]))]);
            let twice = sequence(&[&container(&sequence(&[&container(&sequence(&[&contents]))]))]);
            for file in [plain, nested, twice] {
                let answer = check(&file, "password");
                assert_eq!(matches!(answer, Err(Pkcs12Error::TooCostly { .. })), is_refused, "{answer:?}");
            }
        }
        let beyond_all_numbers = pbe(&[0x7f; 40]);
        assert!(matches!(check(&beyond_all_numbers, "password"), Err(Pkcs12Error::TooCostly { .. })));
    }

    #[test]
    fn scrypt_is_refused_also_inside_of_what_is_encrypted() {
        let scrypt = sequence(&[&SCRYPT.to_der().unwrap(), &sequence(&[])]);
        for file in [scrypt.clone(), sequence(&[&container(&scrypt)])] {
            assert!(matches!(check(&file, "password"), Err(Pkcs12Error::Unsupported { .. })));
        }
    }

    #[test]
    fn octets_that_only_begin_like_an_encoding_are_no_damage() {
        // A salt of eight random bytes is such a thing once in 2000 files.
        for salt in [[0xa2, 6, 0xe6, 0xa2, 0xcf, 0xb8, 0xe4, 0xe3], [0x30, 6, 0x30, 0x7f, 1, 2, 3, 4]] {
            let work = sequence(&[&octets(&salt), &pbe(&[0x01, 0x86, 0xa0])]);
            assert_eq!(check(&work, "password"), Ok(()));
            // And what stands before and behind the junk is counted all the same.
            let much = sequence(&[&pbe(&[0x3d, 0x09, 0x01])]);
            let before = sequence(&[&octets(&[&much[..], &salt].concat())]);
            let behind = sequence(&[&octets(&salt), &much]);
            for file in [before, behind] {
                assert!(matches!(check(&file, "password"), Err(Pkcs12Error::TooCostly { .. })));
            }
        }
    }

    #[test]
    fn endless_depth_is_damage() {
        let mut deep = Vec::new();
        for _ in 0..100 {
            deep = sequence(&[&deep]);
        }
        assert_eq!(check(&deep, "password"), Err(Pkcs12Error::Damaged));
    }

    proptest::proptest! {
        #[test]
        fn junk_is_an_error_and_never_a_panic(bytes: Vec<u8>) {
            let _ = super::super::read(&bytes, "password");
        }
    }
}
