//! A flame graph of stacks: as wide as its share of the samples, the callers below.

use std::io::{BufWriter, Cursor};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use inferno::collapse::Collapse;
use inferno::collapse::perf::Folder;
use inferno::flamegraph::{self, Options, TextTruncateDirection};

use super::symbol::short;

/// Narrower frames cannot be seen, and make the file large.
const WIDTH_PERCENT_MIN: f64 = 0.5;

/// Writes the picture; says how many samples are in it. `script` is what `perf script` printed.
pub(super) fn draw(title: &str, script: &[u8], file: &Path) -> Result<u64> {
    let mut folded = Vec::new();
    Folder::default().collapse(Cursor::new(script), &mut folded).context("the stacks cannot be read")?;
    let folded = String::from_utf8_lossy(&folded);
    let mut lines: Vec<String> = folded.lines().map(shortened).collect();
    lines.sort_unstable();
    let count = lines.iter().filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum();
    ensure!(count > 0, "there are no samples: may this user sample processes (kernel.perf_event_paranoid)?");

    let mut options = Options::default();
    options.title = title.to_owned();
    options.subtitle = Some(format!("{count} samples; by thread; click on a frame to look closer"));
    options.count_name = "samples".to_owned();
    options.min_width = WIDTH_PERCENT_MIN;
    options.hash = true;
    options.text_truncate_direction = TextTruncateDirection::Left;
    let out = std::fs::File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), BufWriter::new(out))?;
    Ok(count)
}

fn shortened(line: &str) -> String {
    let (stack, count) = line.rsplit_once(' ').unwrap_or((line, ""));
    let frames: Vec<String> = stack.split(';').map(short).collect();
    format!("{} {count}", frames.join(";"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "\
gateway 10/11 100.5: cpu-clock:ppp: 
\t      401000 <T as core::fmt::Display>::fmt (/bin/flotilla)
\t      402000 work<A,B> (/bin/flotilla)

gateway 10/11 100.6: cpu-clock:ppp: 
\t      402000 work<A,B> (/bin/flotilla)

";

    #[test]
    fn samples_become_frames() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("flames.svg");
        assert_eq!(draw("A <load>", SCRIPT.as_bytes(), &file).unwrap(), 2);
        let picture = std::fs::read_to_string(file).unwrap();
        for part in ["A &lt;load&gt;", "work (2 samples, 100.00%)", "T::fmt (1 samples, 50.00%)", "gateway (2 samples"]
        {
            assert!(picture.contains(part), "{part} is missing in {picture}");
        }
    }

    #[test]
    fn no_samples_are_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = draw("none", b"", &dir.path().join("flames.svg")).unwrap_err().to_string();
        assert!(error.contains("no samples"), "{error}");
    }
}
