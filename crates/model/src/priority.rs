//! How urgent an event is among those of its lane.

use serde::{Deserialize, Serialize};

/// 0 to 9; higher ones go first. Between lanes it counts for nothing: a lane's share is its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Priority(u8);

impl Priority {
    pub const MAX: u8 = 9;

    /// `None` beyond [`Priority::MAX`].
    pub fn new(value: u8) -> Option<Self> {
        (value <= Self::MAX).then_some(Self(value))
    }

    pub fn value(self) -> u8 {
        self.0
    }

    /// Ascending order of urgency's opposite: the key of the ready index.
    pub(crate) fn rank(self) -> u8 {
        Self::MAX - self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(4)
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u8::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| serde::de::Error::custom("a priority is 0 to 9"))
    }
}
