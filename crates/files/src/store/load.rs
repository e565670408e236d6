//! What the segments hold, at start.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
};

use flotilla_model::BlobId;

use super::{
    index::{Entry, Index, Place},
    layout::{Layout, parse_segment_name},
    segment::{SegmentContents, read_index, scan, write_index},
};

/// The highest numbers in use.
#[derive(Default)]
pub(crate) struct Segments {
    pub(crate) highest_number: u32,
    pub(crate) highest_generation: u32,
}

/// Enters what the segments hold into the index. Of several records of a blob, that of the highest generation counts; of equal
/// ones, the first. The others were refused, or would have been removed with their segment.
pub(crate) fn load_segments(layout: &Layout, index: &Index) -> io::Result<Segments> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(layout.segments())? {
        numbers.extend(parse_segment_name(&entry?.path()));
    }
    numbers.sort_unstable();
    let mut found = Segments { highest_number: numbers.last().copied().unwrap_or(0), highest_generation: 0 };
    // Only of blobs that were replaced, which are few.
    let mut generations: HashMap<BlobId, u32> = HashMap::new();
    for number in numbers {
        let (mut contents, is_sealed) = match read_index(layout, number) {
            Some(contents) => (contents, true),
            None => (scan_after_crash(layout, number)?, false),
        };
        contents.rows.retain(|row| {
            found.highest_generation = found.highest_generation.max(row.generation);
            let known = generations.get(&row.blob).copied().or_else(|| index.get(row.blob).map(|_| 0));
            if known.is_some_and(|known| known >= row.generation) {
                return false;
            }
            if row.generation > 0 {
                generations.insert(row.blob, row.generation);
            }
            let place = Place::Segment { number, offset: row.offset };
            index.put(row.blob, Entry { length: row.length.into(), created_ms: row.created_ms, place });
            true
        });
        if contents.rows.is_empty() {
            remove_segment(layout, number)?;
            index.segment_removed(number);
            continue;
        }
        if !is_sealed {
            write_index(layout, number, &contents)?;
        }
        index.segment_written(number, contents.written_bytes, true);
    }
    Ok(found)
}

/// Reads a segment that was open when the process died and cuts its torn tail; appends go to new segments.
fn scan_after_crash(layout: &Layout, number: u32) -> io::Result<SegmentContents> {
    let path = layout.segment(number);
    let contents = scan(&path, number)?;
    let file = File::options().write(true).open(&path)?;
    let length = file.metadata()?.len();
    if length > contents.written_bytes {
        tracing::warn!(segment = number, cut_bytes = length - contents.written_bytes, "cut the torn tail of a segment");
        file.set_len(contents.written_bytes)?;
    }
    Ok(contents)
}

/// Removes a segment and its index; done too when they are gone.
pub(crate) fn remove_segment(layout: &Layout, number: u32) -> io::Result<()> {
    for path in [layout.segment(number), layout.segment_index(number)] {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => result?,
        }
    }
    Ok(())
}
