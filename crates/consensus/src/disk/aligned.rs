//! Memory for direct I/O, which wants it to begin at the border of a block.

use super::BLOCK_BYTES;

/// Empty until it is needed; grows to the longest piece that was asked for.
#[derive(Default)]
pub(crate) struct Aligned(Vec<u8>);

impl Aligned {
    /// So many bytes. What a shorter or equally long piece held is still there.
    pub(crate) fn piece(&mut self, length: usize) -> &mut [u8] {
        if self.0.len() < length + BLOCK_BYTES {
            self.0 = vec![0; length + BLOCK_BYTES];
        }
        let start = self.start();
        &mut self.0[start..start + length]
    }

    /// The first bytes of the last piece.
    pub(crate) fn held(&self, length: usize) -> &[u8] {
        let start = self.start();
        self.0.get(start..start + length).unwrap_or_default()
    }

    fn start(&self) -> usize {
        self.0.as_ptr().align_offset(BLOCK_BYTES)
    }
}

/// Whether a place in a file and a piece of memory can be read and written without the page cache between them.
pub(super) fn is_aligned(offset: u64, bytes: &[u8]) -> bool {
    is_whole(offset, bytes.len()) && bytes.as_ptr().align_offset(BLOCK_BYTES) == 0
}

/// Whether it is whole blocks of a file.
pub(super) fn is_whole(offset: u64, length: usize) -> bool {
    offset.is_multiple_of(BLOCK_BYTES as u64) && length.is_multiple_of(BLOCK_BYTES)
}
