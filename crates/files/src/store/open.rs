//! Starting on a directory: take its lock, remove the leftovers of a crash, rebuild the index from names and segment indexes.

use std::{
    fs::{self, File},
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64},
    },
};

use rustix::fs::FlockOperation;

use super::{
    appender::SMALL_LIMIT_BYTES_MAX,
    index::{Entry, Index, Place},
    layout::{Layout, parse_large_name, parse_segment_name},
    record::SEGMENT_HEADER_BYTES,
    segment::{SegmentContents, read_index, scan, write_index},
    shared::{Shared, now_ms},
};
use crate::{BlobStoreConfig, BufferPool, Counters, OpenError};

/// Offsets in a segment are 32 bits.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

pub(crate) fn open(mut config: BlobStoreConfig) -> Result<Shared, OpenError> {
    config.small_limit_bytes = config.small_limit_bytes.min(SMALL_LIMIT_BYTES_MAX);
    config.segment_bytes = config.segment_bytes.min(SEGMENT_BYTES_MAX);
    let layout = Layout { root: config.directory.clone() };
    for directory in [layout.incoming(), layout.large(), layout.segments()] {
        fs::create_dir_all(directory).map_err(failed("create a folder"))?;
    }
    let lock = lock(&layout)?;
    sync_directory(&layout.root)?;
    empty_incoming(&layout).map_err(failed("remove leftovers"))?;
    let index = Index::default();
    let highest = load_segments(&layout, &index)?;
    load_large(&layout, &index).map_err(failed("list large blobs"))?;
    tracing::info!(blobs = index.len(), "blob store is open");
    Ok(Shared {
        pool: BufferPool::new(config.idle_buffer_bytes),
        counters: Arc::new(Counters::default()),
        next_segment: AtomicU32::new(highest + 1),
        next_part: AtomicU64::new(0),
        config,
        layout,
        index,
        _lock: lock,
    })
}

fn lock(layout: &Layout) -> Result<File, OpenError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(layout.lock())
        .map_err(failed("open the lock file"))?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse),
        Err(error) => Err(OpenError::Io { step: "take the lock", source: error.into() }),
    }
}

/// Large blobs that were being written when the process died. They were never acknowledged.
fn empty_incoming(layout: &Layout) -> io::Result<()> {
    for entry in fs::read_dir(layout.incoming())? {
        fs::remove_file(entry?.path())?;
    }
    Ok(())
}

fn load_large(layout: &Layout, index: &Index) -> io::Result<()> {
    // Their own times are not in their names. As of now is the safe side: the sweep gives them its grace time anew.
    let created_ms = now_ms();
    for entry in fs::read_dir(layout.large())? {
        let name = entry?.file_name();
        let Some((blob, digest)) = name.to_str().and_then(parse_large_name) else {
            tracing::warn!(?name, "ignored a file that is no blob");
            continue;
        };
        let place = Place::Large { sha256: Box::new(digest.sha256) };
        index.put(blob, Entry { length: digest.length, created_ms, place });
    }
    Ok(())
}

/// Enters what the segments hold, in the order of their numbers: a later copy of a blob replaces an earlier one.
fn load_segments(layout: &Layout, index: &Index) -> Result<u32, OpenError> {
    let mut numbers: Vec<u32> = fs::read_dir(layout.segments())
        .and_then(|entries| entries.map(|entry| Ok(parse_segment_name(&entry?.path()))).collect::<io::Result<Vec<_>>>())
        .map_err(failed("list segments"))?
        .into_iter()
        .flatten()
        .collect();
    numbers.sort_unstable();
    for &number in &numbers {
        let contents = match read_index(layout, number) {
            Some(contents) => contents,
            None => seal_after_crash(layout, number).map_err(failed("scan a segment"))?,
        };
        if contents.rows.is_empty() {
            fs::remove_file(layout.segment(number)).map_err(failed("remove an empty segment"))?;
            continue;
        }
        for row in &contents.rows {
            let place = Place::Segment { number, offset: row.offset };
            index.put(row.blob, Entry { length: row.length.into(), created_ms: row.created_ms, place });
        }
        index.segment_written(number, contents.written_bytes, true);
    }
    Ok(numbers.last().copied().unwrap_or(0))
}

/// Scans a segment that was open when the process died, cuts its torn tail and seals it; appends go to new segments.
fn seal_after_crash(layout: &Layout, number: u32) -> io::Result<SegmentContents> {
    let path = layout.segment(number);
    let contents = scan(&path, number)?;
    let file = File::options().write(true).open(&path)?;
    let length = file.metadata()?.len();
    if length > contents.written_bytes.max(SEGMENT_HEADER_BYTES as u64) {
        tracing::warn!(segment = number, cut_bytes = length - contents.written_bytes, "cut the torn tail of a segment");
        file.set_len(contents.written_bytes)?;
    }
    write_index(layout, number, &contents)?;
    Ok(contents)
}

fn sync_directory(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(failed("sync the directory"))
}

fn failed(step: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { step, source }
}
