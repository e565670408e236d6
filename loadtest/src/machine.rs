//! What the harness runs on.

use crate::report::run::Machine;

pub(crate) fn this_machine() -> Machine {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let kib = read("/proc/meminfo")
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().split(' ').next()?.parse::<u64>().ok());
    Machine {
        processors: std::thread::available_parallelism().map_or(1, |count| count.get() as u64),
        memory_mib: kib.unwrap_or(0) / 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    }
}
