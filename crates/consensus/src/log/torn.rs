//! Tells a write that a crash cut off from damage done later.
//!
//! Segments are filled with zeros before use, and a device writes whole sectors. So a write that was cut off has a sector,
//! or the part of one that belongs to it, that is still zero. A bad frame without such a gap was written in full.

const SECTOR_BYTES: usize = 512;

/// Whether `bytes[start..end]` looks like a write that was cut off. The range may go past the end of the file.
pub(super) fn is_torn(bytes: &[u8], start: usize, end: usize) -> bool {
    if end > bytes.len() {
        return true;
    }
    let mut at = start;
    while at < end {
        let border = ((at / SECTOR_BYTES + 1) * SECTOR_BYTES).min(end);
        if bytes[at..border].iter().all(|byte| *byte == 0) {
            return true;
        }
        at = border;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::is_torn;

    #[test]
    fn a_gap_of_zeros_means_torn() {
        let mut bytes = vec![7_u8; 2048];
        assert!(!is_torn(&bytes, 100, 1900));
        assert!(is_torn(&bytes, 100, 2049), "goes past the end of the file");
        bytes[600] = 0;
        assert!(!is_torn(&bytes, 100, 1900), "a zero byte is no gap");
        bytes[512..1024].fill(0);
        assert!(is_torn(&bytes, 100, 1900));
        assert!(is_torn(&bytes, 1000, 1900), "the part of the sector that belongs to the write");
        assert!(!is_torn(&bytes, 1024, 1900));
    }
}
