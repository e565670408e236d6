//! How much room the queue has left: what makes uploads and publishers slower before they are refused.

use crate::outcome::Rejection;
use crate::state::{State, parameter_names};

/// From here on publishers are slowed.
const TIGHT_PER_MILLE: u64 = 900;

/// How full the queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    Ample,
    /// Nearly full: 0 at nine tenths, 1000 when it is full.
    Tight {
        urgency_per_mille: u64,
    },
    Full,
}

/// How much the queue may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueBounds {
    pub events: u64,
    /// Of applications' data.
    pub bytes: u64,
}

impl State {
    /// The bounds in force; a command reads them once.
    pub fn queue_bounds(&self) -> QueueBounds {
        QueueBounds {
            events: self.number(parameter_names::MAX_EVENTS, 1_000_000),
            bytes: self.number(parameter_names::MAX_BYTES, 2 << 30),
        }
    }

    /// Whether a node keeps the data of further events elsewhere than in memory.
    pub fn queue_memory_is_full(&self) -> bool {
        self.queue.bytes >= self.queue_memory_bytes()
    }

    pub(crate) fn queue_memory_bytes(&self) -> u64 {
        self.number(parameter_names::MEMORY_BYTES, 128 << 20)
    }

    /// Whether one more event with so much data may come in.
    pub(crate) fn check_room(&self, bounds: QueueBounds, data_bytes: u64) -> Result<(), Rejection> {
        if self.events.len() as u64 >= bounds.events {
            return Err(Rejection::QueueFull { limit: bounds.events });
        }
        if self.queue.bytes + data_bytes > bounds.bytes {
            return Err(Rejection::QueueBytesFull { limit: bounds.bytes });
        }
        Ok(())
    }

    /// Room for further events, by number or by bytes, whichever is shorter.
    pub fn queue_room(&self) -> Room {
        let bounds = self.queue_bounds();
        let filled = |used: u64, limit: u64| used.saturating_mul(1000) / limit.max(1);
        let per_mille = filled(self.events.len() as u64, bounds.events).max(filled(self.queue.bytes, bounds.bytes));
        match per_mille {
            0..TIGHT_PER_MILLE => Room::Ample,
            TIGHT_PER_MILLE..1000 => Room::Tight { urgency_per_mille: (per_mille - TIGHT_PER_MILLE) * 10 },
            _ => Room::Full,
        }
    }
}
