//! What is sent: bytes that do not compress, made once.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BIG_BYTES: u64 = 1 << 30;
const SMALL_BYTES: usize = 64 << 10;
const SMALL_COUNT: usize = 2000;
const CHUNK_BYTES: usize = 1 << 20;

pub(in crate::compare) struct Sources {
    dir: PathBuf,
    big_bytes: u64,
    small_count: usize,
}

impl Sources {
    pub(in crate::compare) fn make(dir: &Path) -> Result<Self> {
        Self::of_size(dir, BIG_BYTES, SMALL_COUNT)
    }

    fn of_size(dir: &Path, big_bytes: u64, small_count: usize) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let sources = Self { dir: dir.to_owned(), big_bytes, small_count };
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut big = BufWriter::new(File::create(sources.big())?);
        for _ in 0..big_bytes / CHUNK_BYTES as u64 {
            random.fill_bytes(&mut chunk);
            big.write_all(&chunk)?;
        }
        big.flush()?;
        for number in 0..small_count {
            random.fill_bytes(&mut chunk[..SMALL_BYTES]);
            fs::write(sources.small(number), &chunk[..SMALL_BYTES])?;
        }
        fs::write(sources.warm_up(), b"warm")?;
        Ok(sources)
    }

    pub(super) fn big(&self) -> PathBuf {
        self.dir.join("big")
    }

    pub(super) fn big_bytes(&self) -> u64 {
        self.big_bytes
    }

    pub(super) fn warm_up(&self) -> PathBuf {
        self.dir.join("warm-up")
    }

    pub(super) fn small_count(&self) -> usize {
        self.small_count
    }

    /// The small files and their names, for each of so many clients.
    pub(super) fn small_shared_by(&self, clients: usize) -> Vec<Vec<(PathBuf, String)>> {
        let mut shares = vec![Vec::new(); clients];
        for number in 0..self.small_count {
            shares[number % clients].push((self.small(number), format!("small-{number}")));
        }
        shares
    }

    fn small(&self, number: usize) -> PathBuf {
        self.dir.join(format!("small-{number}"))
    }

    /// Whoever comes first would read them from the disk.
    pub(super) fn read_into_cache(&self) -> Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            std::io::copy(&mut File::open(entry?.path())?, &mut std::io::sink())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_small_file_is_sent_once() {
        let dir = tempfile::tempdir().unwrap();
        let sources = Sources::of_size(dir.path(), 2 << 20, 10).unwrap();
        assert_eq!(fs::metadata(sources.big()).unwrap().len(), 2 << 20);
        let mut names: Vec<String> = sources.small_shared_by(4).concat().into_iter().map(|(_, name)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 10);
        for (file, _) in sources.small_shared_by(1).concat() {
            assert_eq!(fs::metadata(file).unwrap().len(), SMALL_BYTES as u64);
        }
        sources.read_into_cache().unwrap();
    }
}
