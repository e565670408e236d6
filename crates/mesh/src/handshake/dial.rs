//! The dialling side of the handshake.

use flotilla_model::NodeId;
use flotilla_pki::PeerSide;
use rustls_pki_types::ServerName;
use tokio_rustls::TlsStream;

use crate::handshake::SEND_BYTES;
use crate::handshake::admission::{Admission, Admitted};
use crate::handshake::error::{HandshakeError, HandshakeStep};
use crate::handshake::message::{Message, receive, send};
use crate::handshake::proof::Direction;
use crate::lane::Lane;
use crate::network::BoxedStream;

/// Neither sent (no SNI) nor compared; rustls wants a name.
const SERVER_NAME: &str = "mesh.invalid";

impl Admission {
    /// Makes a transport connection into an admitted one to `expected` for `lane`.
    pub(crate) async fn dial(
        &self,
        stream: BoxedStream,
        expected: NodeId,
        lane: Lane,
    ) -> Result<Admitted, HandshakeError> {
        let timeout = self.limits.handshake_step_timeout;
        let own = self.shown();
        let name = ServerName::try_from(SERVER_NAME).map_err(|_| HandshakeError::Malformed)?;
        let stream = match tokio::time::timeout(
            timeout,
            self.connector.connect_with(name, stream, |tls| tls.set_buffer_limit(Some(SEND_BYTES))),
        )
        .await
        {
            Err(_) => return Err(HandshakeError::Deadline { step: HandshakeStep::Tls }),
            Ok(result) => result.map_err(|source| HandshakeError::from_stream(HandshakeStep::Tls, source))?,
        };
        let mut stream = TlsStream::Client(stream);
        let channel = self.examine(&stream, PeerSide::Server, own)?;
        let hello = self.hello(expected, lane, &channel.binding, Direction::FromDialler);
        let cut = hello.previous_cut;
        let exchanged = async {
            send(&mut stream, &Message::Hello(Box::new(hello)), HandshakeStep::SendHello, timeout).await?;
            let hello = match receive(&mut stream, HandshakeStep::ReceiveHello, timeout).await? {
                Message::Hello(hello) => *hello,
                Message::Refusal(code, theirs) => return Err(HandshakeError::refused_by_peer(code, theirs)),
                Message::Accept => return Err(HandshakeError::Malformed),
            };
            self.judge(hello, &channel, Direction::FromAcceptor, Some((expected, lane)))
        };
        let judged = exchanged.await;
        let answer = match &judged {
            Ok(_) => Some(Message::Accept),
            Err(error) => self.refusal(error),
        };
        if let (Err(_), Some(cut)) = (&judged, cut) {
            // Told only when it arrived.
            self.remember_cut(expected, lane, cut);
        }
        if let Some(answer) = answer {
            let sent = send(&mut stream, &answer, HandshakeStep::Decision, timeout).await;
            if judged.is_ok() {
                sent?;
            }
        }
        let (peer, previous_cut) = judged?;
        Ok(Admitted { stream, peer, chain: channel.chain, previous_cut })
    }
}
