//! The accepting side of the handshake. Nothing that happens here, before the peer is known, costs more than a few
//! kilobytes and some seconds.

use std::time::Duration;

use flotilla_pki::PeerSide;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsStream;

use crate::handshake::SEND_BYTES;
use crate::handshake::admission::{Admission, Admitted};
use crate::handshake::error::{HandshakeError, HandshakeStep};
use crate::handshake::message::{Message, receive, send};
use crate::handshake::proof::Direction;
use crate::identity::PeerIdentity;
use crate::network::BoxedStream;

/// A refused peer gets so long to read why, before the socket is closed.
const LINGER_TIMEOUT: Duration = Duration::from_millis(500);
/// And may send so much meanwhile.
const LINGER_MAX_BYTES: u64 = 64 * 1024;

impl Admission {
    /// Makes an accepted transport connection into an admitted one. `admit` has the last word, with the peer known.
    pub(crate) async fn accept(
        &self,
        stream: BoxedStream,
        admit: impl FnOnce(&PeerIdentity) -> Result<(), HandshakeError>,
    ) -> Result<Admitted, HandshakeError> {
        let timeout = self.limits.handshake_step_timeout;
        let own = self.shown();
        let mut stream = TlsStream::Server(self.accept_tls(stream).await?);
        let judged = async {
            let channel = self.examine(&stream, PeerSide::Client, own)?;
            let hello = match receive(&mut stream, HandshakeStep::ReceiveHello, timeout).await? {
                Message::Hello(hello) => *hello,
                _ => return Err(HandshakeError::Malformed),
            };
            let (peer, previous_cut) = self.judge(hello, &channel, Direction::FromDialler, None)?;
            admit(&peer)?;
            Ok((channel, peer, previous_cut))
        };
        let (channel, peer, previous_cut) = match judged.await {
            Ok(judged) => judged,
            Err(error) => {
                if let Some(refusal) = self.refusal(&error) {
                    // The refusal is the answer; that it cannot be told changes nothing.
                    let _ = send(&mut stream, &refusal, HandshakeStep::Decision, timeout).await;
                    linger(&mut stream).await;
                }
                return Err(error);
            }
        };
        let hello = self.hello(peer.node_id, peer.lane, &channel.binding, Direction::FromAcceptor);
        send(&mut stream, &Message::Hello(Box::new(hello)), HandshakeStep::SendHello, timeout).await?;
        match receive(&mut stream, HandshakeStep::Decision, timeout).await? {
            Message::Accept => Ok(Admitted { stream, peer, chain: channel.chain, previous_cut }),
            Message::Refusal(code, theirs) => Err(HandshakeError::refused_by_peer(code, theirs)),
            Message::Hello(_) => Err(HandshakeError::Malformed),
        }
    }

    async fn accept_tls(
        &self,
        stream: BoxedStream,
    ) -> Result<tokio_rustls::server::TlsStream<BoxedStream>, HandshakeError> {
        let accepting = self.acceptor.accept_with(stream, |tls| tls.set_buffer_limit(Some(SEND_BYTES))).into_fallible();
        match tokio::time::timeout(self.limits.handshake_step_timeout, accepting).await {
            Err(_) => Err(HandshakeError::Deadline { step: HandshakeStep::Tls }),
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((source, mut stream))) => {
                linger(&mut stream).await;
                Err(HandshakeError::from_stream(HandshakeStep::Tls, source))
            }
        }
    }
}

/// Lets the peer read the last word: a socket that is closed with unread bytes resets, and the word is lost.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let lingering = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_MAX_BYTES), &mut tokio::io::sink()).await
    };
    // However it ends, the connection is over.
    let _ = tokio::time::timeout(LINGER_TIMEOUT, lingering).await;
}
