//! What this process takes of the machine: time on processors, and memory.

use flotilla_admin::api::ProcessStatus;
use rustix::time::{ClockId, clock_gettime};

/// As of now; nothing where the kernel does not tell.
pub(crate) fn process_usage() -> Option<ProcessStatus> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let cpu_ms = u64::try_from(time.tv_sec).ok()? * 1000 + u64::try_from(time.tv_nsec).ok()? / 1_000_000;
    let resident_bytes = resident_bytes(&std::fs::read_to_string("/proc/self/status").ok()?)?;
    Some(ProcessStatus { cpu_ms_total: cpu_ms, resident_bytes })
}

/// The line `VmRSS:    1234 kB` of `/proc/self/status` (proc(5)).
fn resident_bytes(text: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernels_line() {
        assert_eq!(resident_bytes("Name:\tx\nVmRSS:\t    1234 kB\nVmData: 1 kB\n"), Some(1_263_616));
        for wrong in ["", "VmRSS:", "VmRSS: 12", "VmRSS: x kB", "VmRSS: 99999999999999999999 kB"] {
            assert_eq!(resident_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn this_process_takes_something() {
        let usage = process_usage().unwrap();
        assert!(usage.resident_bytes > 100_000, "{usage:?}");
    }
}
