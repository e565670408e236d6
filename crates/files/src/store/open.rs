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
    layout::{Layout, parse_large_name},
    load::load_segments,
    removed::Removed,
    shared::{Shared, now_ms},
};
use crate::{BlobStoreConfig, BufferPool, Counters, OpenError};

/// Offsets in a segment are 32 bits.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;

/// Gives the parts that all use, and the next generation of replacing records.
pub(crate) fn open(mut config: BlobStoreConfig) -> Result<(Shared, u32), OpenError> {
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
    load_large(&layout, &index).map_err(failed("list large blobs"))?;
    let segments = load_segments(&layout, &index).map_err(failed("read segments"))?;
    tracing::info!(blobs = index.len(), "blob store is open");
    let shared = Shared {
        pool: BufferPool::new(config.idle_buffer_bytes),
        counters: Arc::new(Counters::default()),
        next_segment: AtomicU32::new(segments.highest_number + 1),
        next_part: AtomicU64::new(0),
        config,
        layout,
        index,
        removed: Removed::default(),
        _lock: lock,
    };
    Ok((shared, segments.highest_generation + 1))
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

fn sync_directory(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(failed("sync the directory"))
}

fn failed(step: &'static str) -> impl FnOnce(io::Error) -> OpenError {
    move |source| OpenError::Io { step, source }
}
