//! What is freed is not resident any more. One test: all of it is about this one process.

#![allow(clippy::unwrap_used, reason = "test code")]

use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;
const DEADLINE: Duration = Duration::from_secs(30);

fn resident_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() / 1024
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the condition is looked at again and again")]
fn what_is_freed_goes_back() {
    flotilla_allocator::set_up();
    let before = resident_mib();

    let large = vec![1_u8; 32 * MIB];
    assert!(resident_mib() >= before + 32);
    drop(large);
    assert!(resident_mib() < before + 4, "{} MiB were resident, {} are", before, resident_mib());

    let small: Vec<Vec<u8>> = (0..1000).map(|number| vec![1; 1000 + number * 64]).collect();
    let held = resident_mib();
    assert!(held >= before + 30, "{held}");
    drop(small);
    let begun = Instant::now();
    while resident_mib() >= before + 8 {
        assert!(
            begun.elapsed() < DEADLINE,
            "{before} MiB were resident, {held} with all of it, {} are",
            resident_mib()
        );
        flotilla_allocator::breathe();
        std::thread::sleep(Duration::from_millis(100));
    }
}
