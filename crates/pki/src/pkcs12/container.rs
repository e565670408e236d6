//! Opens an encrypted container, only to look at what further work is asked for in it.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Reader, SliceReader};
use pkcs8::pkcs5::pbes2;
use pkcs8::{AlgorithmIdentifierRef, ObjectIdentifier};
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::cost::Container;

const PBES2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13");
const SHA1_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA1_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");

pub(super) fn open(container: &Container, password: &str) -> Option<Zeroizing<Vec<u8>>> {
    let algorithm = AlgorithmIdentifierRef::from_der(&container.algorithm).ok()?;
    let parameters = algorithm.parameters?;
    let plain = match algorithm.oid {
        PBES2 => {
            let parameters: pbes2::Parameters = parameters.decode_as().ok()?;
            parameters.decrypt(password, &container.ciphertext).ok()?
        }
        SHA1_3DES => legacy::<des::TdesEde3>(parameters.value(), &container.ciphertext, password, 24)?,
        SHA1_RC2_40 => legacy::<rc2::Rc2>(parameters.value(), &container.ciphertext, password, 5)?,
        _ => return None,
    };
    Some(Zeroizing::new(plain))
}

/// RFC 7292, appendix C.
fn legacy<C: KeyInit + BlockCipherDecrypt>(
    parameters: &[u8],
    ciphertext: &[u8],
    password: &str,
    key_bytes: usize,
) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(parameters).ok()?;
    let salt = <&OctetStringRef>::decode(&mut reader).ok()?;
    let rounds: i32 = reader.decode().ok()?;
    let derive = |purpose, length| {
        let derived = derive_key_utf8::<Sha1>(password, salt.as_bytes(), purpose, rounds, length);
        derived.ok().map(Zeroizing::new)
    };
    let key = derive(Pkcs12KeyType::EncryptionKey, key_bytes)?;
    let vector = derive(Pkcs12KeyType::Iv, 8)?;
    let cipher = cbc::Decryptor::<C>::new_from_slices(&key, &vector).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(ciphertext).ok()
}
