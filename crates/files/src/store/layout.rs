//! Names in the blob directory.
//!
//! ```text
//! lock                        held while a process uses the directory
//! incoming/<blob>.<n>.part    large blobs being written; whatever is here at start is a leftover
//! large/<blob>-<length>-<sha256>
//! segments/<number>.segment   small blobs, appended
//! segments/<number>.index     what a sealed segment holds; without it the segment is scanned
//! ```
//! A large blob's name holds all that must be known of it, so that a start reads names only, and it appears by one rename.

use std::path::{Path, PathBuf};

use flotilla_model::{BlobId, Sha256};

use crate::BlobDigest;

pub(crate) struct Layout {
    pub(crate) root: PathBuf,
}

impl Layout {
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn incoming(&self) -> PathBuf {
        self.root.join("incoming")
    }

    pub(crate) fn large(&self) -> PathBuf {
        self.root.join("large")
    }

    pub(crate) fn segments(&self) -> PathBuf {
        self.root.join("segments")
    }

    pub(crate) fn part(&self, blob: BlobId, number: u64) -> PathBuf {
        self.incoming().join(format!("{blob}.{number}.part"))
    }

    pub(crate) fn large_blob(&self, blob: BlobId, digest: &BlobDigest) -> PathBuf {
        self.large().join(format!("{blob}-{}-{}", digest.length, digest.sha256))
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.segments().join(format!("{number:08}.segment"))
    }

    pub(crate) fn segment_index(&self, number: u32) -> PathBuf {
        self.segments().join(format!("{number:08}.index"))
    }
}

/// The blob that a file name under `large/` stands for.
pub(crate) fn parse_large_name(name: &str) -> Option<(BlobId, BlobDigest)> {
    let mut parts = name.split('-');
    let (blob, length, sha256) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    Some((blob.parse().ok()?, BlobDigest { sha256: parse_sha256(sha256)?, length: length.parse().ok()? }))
}

/// The number of a segment file.
pub(crate) fn parse_segment_name(path: &Path) -> Option<u32> {
    if path.extension()? != "segment" {
        return None;
    }
    path.file_stem()?.to_str()?.parse().ok()
}

fn parse_sha256(text: &str) -> Option<Sha256> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Sha256(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let layout = Layout { root: PathBuf::from("x") };
        let digest = BlobDigest { sha256: Sha256([0xa5; 32]), length: 77 };
        let path = layout.large_blob(BlobId(42), &digest);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(parse_large_name(name), Some((BlobId(42), digest)));
        assert_eq!(parse_segment_name(&layout.segment(7)), Some(7));
        assert_eq!(parse_segment_name(&layout.segment_index(7)), None);
    }

    #[test]
    fn foreign_names_are_not_blobs() {
        for name in ["", "-", "a-b-c", "00000000000000000000000000-1-zz", "00000000000000000000000000-1"] {
            assert_eq!(parse_large_name(name), None, "{name}");
        }
    }
}
