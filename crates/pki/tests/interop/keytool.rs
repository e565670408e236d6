//! Java's keytool. Its EC keys lack their public half, its legacy files use RC2 for certificates.

use flotilla_pki::{Bundle, KeyAlgorithm, Pkcs12Profile};

use crate::programs::{Bench, PASSWORD, certificate, now_ms};

#[test]
fn keytool_reads_what_we_export() {
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
        let (_, local) = certificate(algorithm);
        for profile in [Pkcs12Profile::Modern, Pkcs12Profile::Legacy] {
            let bench = Bench::new();
            bench.write("out.p12", &local.to_pkcs12("changeit-7", profile).unwrap());
            let listed = bench.keytool("-list -v -keystore out.p12 -storetype PKCS12 -storepass changeit-7");
            for expected in ["Alias name: mesh-2026", "Entry type: PrivateKeyEntry", "Certificate chain length: 2"] {
                assert!(listed.contains(expected), "{algorithm} {profile:?}: {listed}");
            }
            // It can use the key: it signs a request with it.
            let request = bench.keytool("-certreq -alias mesh-2026 -keystore out.p12 -storepass changeit-7");
            assert!(request.contains("BEGIN NEW CERTIFICATE REQUEST"), "{request}");
        }
    }
}

#[test]
fn we_read_what_keytool_makes() {
    for kind in ["-keyalg EC -groupname secp256r1", "-keyalg RSA -keysize 2048", "-keyalg Ed25519"] {
        for legacy in ["", "-J-Dkeystore.pkcs12.legacy "] {
            let bench = Bench::new();
            bench.keytool(&format!(
                "{legacy}-genkeypair {kind} -alias from-java -dname CN=java.example -ext san=dns:java.example \
                 -validity 30 -keystore made.p12 -storetype PKCS12 -storepass changeit-7"
            ));
            let file = bench.read("made.p12");
            let bundle =
                Bundle::read(&file, Some("changeit-7")).unwrap_or_else(|error| panic!("{kind} {legacy}: {error}"));
            assert_eq!(bundle.name.as_deref(), Some("from-java"));
            let local = bundle.into_local("from-java".parse().unwrap(), now_ms()).unwrap();
            let info = local.info().unwrap();
            assert_eq!(
                (info.subject.as_str(), info.names.as_slice()),
                ("CN=java.example", &["java.example".to_owned()][..])
            );
            let text = Bundle::read(&file, Some(PASSWORD)).unwrap_err().to_string();
            assert!(text.contains("password is wrong"), "{text}");
        }
    }
}

#[test]
fn a_key_store_with_two_keys_asks_which_is_meant() {
    let bench = Bench::new();
    for alias in ["first", "second"] {
        bench.keytool(&format!(
            "-genkeypair -keyalg EC -alias {alias} -dname CN={alias} -keystore made.p12 -storepass changeit-7"
        ));
    }
    let text = Bundle::read(&bench.read("made.p12"), Some("changeit-7")).unwrap_err().to_string();
    assert!(text.contains("2 private keys (first, second)"), "{text}");
}
