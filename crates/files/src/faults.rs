//! A gate before every write and sync, so that tests can make the disk fail. In production it is always open.

use std::io;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskOperation {
    Create,
    Write,
    Sync,
    Rename,
}

pub trait DiskGate: Send + Sync + 'static {
    /// Called before the operation; an error replaces it.
    fn before(&self, operation: DiskOperation, length_bytes: u64) -> io::Result<()>;
}

/// Lets everything through.
pub struct OpenGate;

impl DiskGate for OpenGate {
    fn before(&self, _: DiskOperation, _: u64) -> io::Result<()> {
        Ok(())
    }
}
