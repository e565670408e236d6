//! Segments: the files of the log.
//!
//! A segment is zeros, synced, before it is used (`spare`): so what a crash cut off shows. The manifest names the newest segment that may hold acknowledged records, so that its loss is noticed.

use std::io;

use super::LogError;
use super::record::{read_u32, read_u64};
use crate::disk::{Disk, read_all, replace_file};

pub(super) const SEGMENT_HEADER_BYTES: usize = 64;
pub(super) const SPARE_NAME: &str = "log-spare";
const USED_PREFIX: &str = "log-used-";
const MANIFEST_NAME: &str = "log-manifest";
const MAGIC: [u8; 8] = *b"FLTLLOG\0";
const VERSION: u16 = 1;

pub(super) fn segment_name(number: u64) -> String {
    format!("log-{number:016x}")
}

pub(super) fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("log-")?;
    if digits.len() == 16 { u64::from_str_radix(digits, 16).ok() } else { None }
}

/// The head of a segment: magic, version u16, 2 bytes free, salt u32, number u64, first frame u64, free, crc32 u32.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SegmentHeader {
    pub(super) number: u64,
    pub(super) salt: u32,
    pub(super) first_frame: u64,
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; SEGMENT_HEADER_BYTES] {
        let mut bytes = [0; SEGMENT_HEADER_BYTES];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_frame.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8], file: &str) -> Result<Self, LogError> {
        let corrupt = |reason| LogError::Corrupt { file: file.to_owned(), offset: 0, reason };
        let bytes = bytes.get(..SEGMENT_HEADER_BYTES).ok_or_else(|| corrupt("shorter than a header"))?;
        if bytes[..8] != MAGIC || crc32fast::hash(&bytes[..60]) != read_u32(bytes, 60) {
            return Err(corrupt("bad header"));
        }
        let found = u16::from_le_bytes([bytes[8], bytes[9]]);
        if found != VERSION {
            return Err(LogError::UnknownVersion { file: file.to_owned(), found, known: VERSION });
        }
        Ok(Self { salt: read_u32(bytes, 12), number: read_u64(bytes, 16), first_frame: read_u64(bytes, 24) })
    }
}

/// The name of an old segment that waits to be used again.
pub(super) fn used_name(number: u64) -> String {
    format!("{USED_PREFIX}{number:016x}")
}

/// Files that belong to no log: what was prepared for it or is left of it.
pub(super) fn is_spare(name: &str) -> bool {
    name == SPARE_NAME || name.starts_with(USED_PREFIX)
}

pub(super) fn write_manifest(disk: &dyn Disk, newest: u64) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(12);
    bytes.extend_from_slice(&newest.to_le_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&newest.to_le_bytes()).to_le_bytes());
    replace_file(disk, MANIFEST_NAME, &bytes)
}

/// The newest segment that may hold acknowledged records; `None` when no log was ever begun.
pub(super) fn read_manifest(disk: &dyn Disk) -> Result<Option<u64>, LogError> {
    let file = match disk.open(MANIFEST_NAME) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LogError::io("open", MANIFEST_NAME)(error)),
    };
    let bytes = read_all(file.as_ref()).map_err(LogError::io("read", MANIFEST_NAME))?;
    if bytes.len() != 12 || crc32fast::hash(&bytes[..8]) != read_u32(&bytes, 8) {
        return Err(LogError::Corrupt { file: MANIFEST_NAME.to_owned(), offset: 0, reason: "bad checksum" });
    }
    Ok(Some(read_u64(&bytes, 0)))
}
