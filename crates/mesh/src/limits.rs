//! Every bound and deadline of the mesh, with the reason for its default.

use std::time::Duration;

use crate::lane::Lane;

/// Bounds of one lane's connection.
#[derive(Clone, Copy, Debug)]
pub struct LaneLimits {
    /// Longest body of a request, an answer or a chunk; a longer one ends the connection.
    pub body_max_bytes: usize,
    /// Requests waiting for an answer; further callers wait until their deadline.
    pub in_flight_max: usize,
    /// Bytes of requests in flight, and bytes of answers waiting to be written; further ones wait.
    pub queued_max_bytes: usize,
    /// How often the dialling side asks for a sign of life.
    pub ping_interval: Duration,
    /// Without a single byte for so long the peer counts as silent and the connection is cut.
    pub silence_timeout: Duration,
}

/// Bounds and deadlines of a mesh.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Pings find a dead machine within a second, and RTTs below it are normal between sites.
    pub liveness: LaneLimits,
    /// A group-committed append may hold thousands of commands.
    pub raft: LaneLimits,
    /// Many small questions at once.
    pub control: LaneLimits,
    /// Longest chunk of a bulk stream.
    pub chunk_max_bytes: usize,
    /// Longest header and answer of a bulk stream.
    pub bulk_header_max_bytes: usize,
    /// Streams to one peer at once; further ones wait.
    pub bulk_streams_max: usize,
    /// Idle bulk connections kept for one peer.
    pub bulk_idle_max: usize,
    /// An idle bulk connection is dropped after this; the accepting side waits twice as long.
    pub bulk_idle_timeout: Duration,
    /// A bulk stream that moves nothing for so long is given up. Generous: the other end may be syncing a disk.
    pub bulk_stall_timeout: Duration,
    /// Establishing the transport.
    pub connect_timeout: Duration,
    /// Each step of the handshake.
    pub handshake_step_timeout: Duration,
    /// Handshakes with unknown parties at once; the next waits in the listen queue.
    pub handshakes_max: usize,
    /// Admitted connections at once; the next is refused as busy.
    pub connections_max: usize,
    /// A batch must be written within this plus its size at [`Limits::write_rate_min_bytes_per_s`], or the peer is
    /// slow and cut off.
    pub write_stall_timeout: Duration,
    /// The slowest peer that is worth keeping.
    pub write_rate_min_bytes_per_s: usize,
    /// First pause between two attempts to dial; doubles up to `redial_pause_max`.
    pub redial_pause_min: Duration,
    /// Longest pause between two attempts to dial.
    pub redial_pause_max: Duration,
    /// At shutdown, how long running requests may go on.
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let kib = 1024;
        let mib = 1024 * kib;
        Self {
            liveness: LaneLimits {
                body_max_bytes: 64 * kib,
                in_flight_max: 256,
                queued_max_bytes: mib,
                ping_interval: Duration::from_millis(100),
                silence_timeout: Duration::from_millis(1000),
            },
            raft: LaneLimits {
                body_max_bytes: 32 * mib,
                in_flight_max: 1024,
                queued_max_bytes: 64 * mib,
                ping_interval: Duration::from_secs(1),
                silence_timeout: Duration::from_secs(10),
            },
            control: LaneLimits {
                body_max_bytes: 8 * mib,
                in_flight_max: 4096,
                queued_max_bytes: 32 * mib,
                ping_interval: Duration::from_secs(1),
                silence_timeout: Duration::from_secs(10),
            },
            chunk_max_bytes: mib,
            bulk_header_max_bytes: 64 * kib,
            bulk_streams_max: 64,
            bulk_idle_max: 16,
            bulk_idle_timeout: Duration::from_secs(30),
            bulk_stall_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(2),
            handshake_step_timeout: Duration::from_secs(3),
            handshakes_max: 64,
            connections_max: 1024,
            write_stall_timeout: Duration::from_secs(5),
            write_rate_min_bytes_per_s: mib,
            redial_pause_min: Duration::from_millis(10),
            redial_pause_max: Duration::from_secs(1),
            drain_timeout: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// The bounds of a request lane. Bulk has none of this kind; what is shared is taken from its own fields.
    pub fn lane(&self, lane: Lane) -> LaneLimits {
        match lane {
            Lane::Liveness => self.liveness,
            Lane::Raft => self.raft,
            Lane::Control => self.control,
            Lane::Bulk => LaneLimits {
                body_max_bytes: self.chunk_max_bytes.max(self.bulk_header_max_bytes),
                in_flight_max: 1,
                queued_max_bytes: self.chunk_max_bytes,
                ping_interval: self.bulk_stall_timeout,
                silence_timeout: self.bulk_stall_timeout,
            },
        }
    }

    pub(crate) fn write_timeout(&self, bytes: usize) -> Duration {
        let rate = self.write_rate_min_bytes_per_s.max(1) as f64;
        self.write_stall_timeout + Duration::from_secs_f64(bytes as f64 / rate)
    }
}
