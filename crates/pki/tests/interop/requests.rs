//! Certificate requests, judged and signed by OpenSSL, and the certificates that must not become local ones.

use flotilla_pki::{Bundle, BundleError, CertificateRequest, KeyAlgorithm, Store, StoreError, UnusableCertificate};

use crate::common::alias;
use crate::programs::{Bench, now_ms};

fn make_authority(bench: &Bench) {
    bench.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=company -days 30");
}

fn sign(bench: &Bench, request: &str, days: &str, extensions: &str) {
    bench.write("extensions", extensions.as_bytes());
    bench.openssl(&format!(
        "x509 -req -in {request} -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days {days} -extfile extensions"
    ));
}

#[test]
fn a_company_ca_signs_a_request_and_the_reply_becomes_the_certificate() {
    for algorithm in [KeyAlgorithm::EcdsaP384, KeyAlgorithm::Rsa2048, KeyAlgorithm::Ed25519] {
        let bench = Bench::new();
        let store = Store::open(bench.path("pki")).unwrap();
        let names = ["a.example".to_owned(), "10.1.2.3".to_owned()];
        let request = CertificateRequest::generate("a.example", &names, algorithm).unwrap();
        store.add_request(&alias(), &request).unwrap();
        assert!(matches!(store.add_request(&alias(), &request), Err(StoreError::RequestPending { .. })));
        bench.write("a.csr", request.request_pem.as_bytes());
        let shown = bench.openssl("req -in a.csr -verify -noout -text");
        for expected in ["CN = a.example", "DNS:a.example, IP Address:10.1.2.3", "TLS Web Client Authentication"] {
            assert!(shown.contains(expected), "{shown}");
        }
        make_authority(&bench);
        sign(&bench, "a.csr", "20", "subjectAltName=DNS:a.example\nextendedKeyUsage=serverAuth,clientAuth\n");
        // The chain in the wrong order, as it happens.
        let reply = [bench.read("ca.pem"), bench.read("leaf.pem")].concat();
        let store = Store::open(bench.path("pki")).unwrap();
        let local = store.import_reply(&alias(), &reply, now_ms()).unwrap();
        assert_eq!(local.info().unwrap().issuer, "CN=company");
        assert_eq!(local.chain.len(), 2);
        assert_eq!(store.load_local(&alias()).unwrap().unwrap().chain, local.chain);
        assert!(store.list_requests().unwrap().is_empty());
        assert!(matches!(store.import_reply(&alias(), &reply, now_ms()), Err(StoreError::NoRequest { .. })));
    }
}

#[test]
fn a_reply_to_another_request_is_refused_and_the_request_goes_on_waiting() {
    let bench = Bench::new();
    let store = Store::open(bench.path("pki")).unwrap();
    let request = || CertificateRequest::generate("a.example", &[], KeyAlgorithm::default()).unwrap();
    store.add_request(&alias(), &request()).unwrap();
    bench.write("other.csr", request().request_pem.as_bytes());
    make_authority(&bench);
    sign(&bench, "other.csr", "20", "subjectAltName=DNS:a.example\n");
    let refused = store.import_reply(&alias(), &bench.read("leaf.pem"), now_ms()).unwrap_err();
    assert!(matches!(refused, StoreError::Unusable(UnusableCertificate::KeyMismatch { .. })), "{refused}");
    assert!(matches!(store.import_reply(&alias(), b"junk", now_ms()), Err(StoreError::Import(_))));
    assert_eq!(store.list_requests().unwrap(), [alias()]);
    assert!(store.load_local(&alias()).unwrap().is_none());
    // One certificate in DER is a form in which CAs reply, too.
    bench.write("waiting.csr", store.load_request(&alias()).unwrap().unwrap().request_pem.as_bytes());
    sign(&bench, "waiting.csr", "20", "subjectAltName=DNS:a.example\n");
    bench.openssl("x509 -in leaf.pem -outform der -out leaf.der");
    store.import_reply(&alias(), &bench.read("leaf.der"), now_ms()).unwrap();
    store.add_request(&alias(), &request()).unwrap();
    store.delete_request(&alias()).unwrap();
    assert!(matches!(store.delete_request(&alias()), Err(StoreError::NoRequest { .. })));
}

#[test]
fn certificates_that_cannot_serve_are_refused_with_the_reason() {
    let bench = Bench::new();
    make_authority(&bench);
    bench.openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf",
    );
    let import = |now: u64| {
        let file = [bench.read("leaf.key"), bench.read("leaf.pem")].concat();
        match Bundle::read(&file, None).and_then(|bundle| bundle.into_local(alias(), now)) {
            Err(BundleError::Unusable(reason)) => Some(reason),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    };
    for (extensions, missing) in [
        ("extendedKeyUsage=serverAuth\n", "clientAuth"),
        ("extendedKeyUsage=clientAuth\n", "serverAuth"),
        ("extendedKeyUsage=emailProtection\n", "serverAuth"),
        ("keyUsage=keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n", "digitalSignature"),
    ] {
        sign(&bench, "leaf.csr", "20", extensions);
        let reason = import(now_ms()).unwrap();
        assert!(matches!(reason, UnusableCertificate::WrongUsage { .. }), "{reason}");
        assert!(reason.to_string().contains(missing), "{reason}");
    }
    sign(&bench, "leaf.csr", "20", "basicConstraints=CA:TRUE\n");
    assert!(matches!(import(now_ms()), Some(UnusableCertificate::IsAuthority { .. })));
    sign(&bench, "leaf.csr", "20", "subjectAltName=DNS:a\n");
    assert_eq!(import(now_ms()), None);
    let text = import(now_ms() + 21 * 86_400_000).unwrap().to_string();
    assert!(text.contains("the certificate of CN=leaf expired at 20"), "{text}");
    let text = import(now_ms() - 86_400_000).unwrap().to_string();
    assert!(text.contains("is not valid before 20"), "{text}");
    bench.openssl("ecparam -name secp521r1 -genkey -noout -out big.pem");
    bench.openssl("pkcs8 -topk8 -nocrypt -in big.pem -out leaf.key");
    bench.openssl("req -new -key leaf.key -out leaf.csr -subj /CN=leaf");
    sign(&bench, "leaf.csr", "20", "subjectAltName=DNS:a\n");
    assert_eq!(import(now_ms()), Some(UnusableCertificate::KeyUnsupported));
}
