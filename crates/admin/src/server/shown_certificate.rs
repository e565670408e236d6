//! The client certificate of a connection, if one was shown.

use std::any::Any;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use flotilla_model::Sha256;
use flotilla_pki::Fingerprint;

/// By its fingerprint. The handshake has proved that the client has its key; whose it is, is looked up for each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShownCertificate(pub(crate) Sha256);

/// Keeps it for the requests of the connection.
pub(super) fn note(connection: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() else { return };
    let (_, session) = stream.get_ref();
    if let Some(certificate) = session.peer_certificates().and_then(<[_]>::first) {
        extensions.insert(ShownCertificate(Sha256(*Fingerprint::of(certificate).as_bytes())));
    }
}
