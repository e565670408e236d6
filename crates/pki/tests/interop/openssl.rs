//! OpenSSL 3.

use flotilla_pki::{
    Bundle, BundleError, EncryptedKeyError, KeyAlgorithm, LocalCertificate, Pkcs12Error, Pkcs12Profile,
};

use crate::programs::{Bench, PASSWORD, certificate, now_ms};

const KINDS: [KeyAlgorithm; 4] =
    [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048];

/// The public key that OpenSSL sees in a key file, and the one in a certificate file.
fn public_keys(bench: &Bench, file: &str) -> (String, String) {
    (bench.openssl(&format!("pkey -in {file} -pubout")), bench.openssl(&format!("x509 -in {file} -pubkey -noout")))
}

fn same(read: &LocalCertificate, written: &LocalCertificate) {
    assert_eq!(read.chain, written.chain);
    assert_eq!(read.key.to_pem(), written.key.to_pem());
}

#[test]
fn openssl_reads_what_we_export() {
    for algorithm in KINDS {
        let (authority, local) = certificate(algorithm);
        for (profile, flags) in [(Pkcs12Profile::Modern, ""), (Pkcs12Profile::Legacy, " -legacy")] {
            let bench = Bench::new();
            bench.write("out.p12", &local.to_pkcs12(PASSWORD, profile).unwrap());
            let info = bench.run(
                "openssl",
                "openssl",
                &["pkcs12", "-in", "out.p12", "-info", "-noout", "-passin", &format!("pass:{PASSWORD}"), "-legacy"],
            );
            let ciphers = match profile {
                Pkcs12Profile::Modern => {
                    ["MAC: sha256", "PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256"]
                }
                Pkcs12Profile::Legacy => ["MAC: sha1", "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 100000"],
            };
            assert!(ciphers.iter().all(|cipher| info.contains(cipher)), "{info}");
            bench.openssl(&format!("pkcs12 -in out.p12 -nodes -out out.pem -passin pass:PASS{flags}"));
            let (key, own) = public_keys(&bench, "out.pem");
            assert_eq!(key, own, "{algorithm} {profile:?}: key and certificate are a pair");
            bench.write("ca.pem", authority.certificate_pem().as_bytes());
            assert!(bench.openssl("verify -CAfile ca.pem out.pem").contains("OK"));
            // And back again, as OpenSSL wrote it in clear.
            let read = Bundle::read(&bench.read("out.pem"), None).unwrap();
            same(&read.into_local(local.alias.clone(), now_ms()).unwrap(), &local);
        }
    }
}

#[test]
fn we_read_what_openssl_exports() {
    for algorithm in KINDS {
        let (_, local) = certificate(algorithm);
        let bench = Bench::new();
        bench.write("in.pem", local.to_pem(None).unwrap().as_bytes());
        for flags in [
            "",
            " -legacy",
            // RC2 for nothing but the certificates, as before OpenSSL 3, is what `-legacy` does; here for both.
            " -legacy -keypbe PBE-SHA1-RC2-40 -certpbe PBE-SHA1-RC2-40",
            " -certpbe NONE -macalg sha512 -iter 600000",
            " -descert -legacy -macalg sha1",
        ] {
            bench.openssl(&format!(
                "pkcs12 -export -in in.pem -out in.p12 -name from-openssl -passout pass:PASS{flags}"
            ));
            let read =
                Bundle::read(&bench.read("in.p12"), Some(PASSWORD)).unwrap_or_else(|error| panic!("{flags}: {error}"));
            assert_eq!(read.name.as_deref(), Some("from-openssl"));
            same(&read.into_local(local.alias.clone(), now_ms()).unwrap(), &local);
        }
    }
}

#[test]
fn each_fault_of_a_file_has_its_error() {
    let (_, local) = certificate(KeyAlgorithm::EcdsaP256);
    let (_, other) = certificate(KeyAlgorithm::EcdsaP256);
    let bench = Bench::new();
    bench.write("in.pem", local.to_pem(None).unwrap().as_bytes());
    bench.write("other.pem", other.to_pem(None).unwrap().as_bytes());
    let file = |flags: &str| {
        bench.openssl(&format!("pkcs12 -export -out x.p12 -passout pass:PASS {flags}"));
        bench.read("x.p12")
    };
    let read =
        |file: &[u8]| Bundle::read(file, Some(PASSWORD)).and_then(|it| it.into_local(local.alias.clone(), now_ms()));
    let whole = file("-in in.pem");
    assert_eq!(Bundle::read(&whole, Some("wrong")).unwrap_err(), Pkcs12Error::WrongPassword.into());
    assert_eq!(Bundle::read(&whole, None).unwrap_err(), Pkcs12Error::PasswordNeeded.into());
    assert_eq!(read(&whole[..whole.len() / 2]).unwrap_err(), Pkcs12Error::Damaged.into());
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    assert!(matches!(
        read(&altered).unwrap_err(),
        BundleError::Pkcs12(Pkcs12Error::WrongPassword | Pkcs12Error::Damaged | Pkcs12Error::Unsupported { .. })
    ));
    assert_eq!(read(&file("-in in.pem -nokeys")).unwrap_err(), BundleError::MissingKey);
    assert_eq!(read(&file("-in in.pem -nomac")).unwrap_err(), Pkcs12Error::NoMac.into());
    bench.openssl("pkey -in in.pem -out only.key");
    assert_eq!(read(&file("-inkey only.key -nocerts")).unwrap_err(), BundleError::MissingCertificate);
    // OpenSSL refuses to pair them itself; PEM can hold anything.
    let mixed = [other.key.to_pem().as_bytes(), local.chain_pem().as_bytes()].concat();
    let text = read(&mixed).unwrap_err().to_string();
    assert!(text.contains("does not belong to the certificate of CN=node"), "{text}");
    let two = [bench.read("in.pem"), bench.read("other.pem")].concat();
    assert!(matches!(read(&two).unwrap_err(), BundleError::SeveralKeys { count: 2, .. }));
    assert_eq!(read(b"hello").unwrap_err(), BundleError::Unrecognised);
    assert!(matches!(read(&[0x30; 70_000]).unwrap_err(), BundleError::TooLarge { length_bytes: 70_000 }));
    let text = read(&file("-in in.pem -iter 3000000")).unwrap_err().to_string();
    assert!(text.contains("6000000 iterations"), "{text}");
    let unsupported = file("-in in.pem -keypbe camellia-256-cbc");
    assert!(matches!(read(&unsupported).unwrap_err(), BundleError::Pkcs12(Pkcs12Error::Unsupported { .. })));
}

#[test]
fn encrypted_pem_goes_both_ways() {
    let (_, local) = certificate(KeyAlgorithm::Rsa2048);
    let bench = Bench::new();
    bench.write("out.pem", local.to_pem(Some(PASSWORD)).unwrap().as_bytes());
    bench.openssl("pkey -in out.pem -out clear.pem -passin pass:PASS");
    for flags in ["", " -v2prf hmacWithSHA512", " -scrypt"] {
        bench.openssl(&format!("pkcs8 -topk8 -in clear.pem -out sealed.key -passout pass:PASS{flags}"));
        let both = [bench.read("sealed.key"), local.chain_pem().into_bytes()].concat();
        let read = Bundle::read(&both, Some(PASSWORD)).unwrap_or_else(|error| panic!("{flags}: {error}"));
        same(&read.into_local(local.alias.clone(), now_ms()).unwrap(), &local);
        assert_eq!(Bundle::read(&both, Some("wrong")).unwrap_err(), EncryptedKeyError::WrongPassword.into());
        assert_eq!(Bundle::read(&both, None).unwrap_err(), EncryptedKeyError::PasswordNeeded.into());
    }
    for (flags, expected) in [
        (" -iter 3000000", EncryptedKeyError::TooCostly),
        (" -scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 16", EncryptedKeyError::TooCostly),
        (" -v1 PBE-SHA1-3DES", EncryptedKeyError::Unsupported),
    ] {
        bench.openssl(&format!("pkcs8 -topk8 -in clear.pem -out sealed.key -passout pass:PASS{flags}"));
        let error = Bundle::read(&bench.read("sealed.key"), Some(PASSWORD)).unwrap_err();
        assert_eq!(error, expected.into(), "{flags}");
    }
    bench.openssl("rsa -in clear.pem -out old.key -traditional");
    let text = Bundle::read(&bench.read("old.key"), None).unwrap_err().to_string();
    assert!(text.contains("openssl pkcs8 -topk8"), "{text}");
}
