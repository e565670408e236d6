//! The process group of a command: it is ended with everything in it, whatever happens to the step.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process_group, setpriority_process, test_kill_process_group};

/// A group whose leader was started and not waited for yet. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct ProcessGroup {
    leader: Option<Pid>,
}

/// A group whose leader has ended: its id stays taken as long as it has members.
#[derive(Debug)]
pub(super) struct Survivors(Pid);

impl ProcessGroup {
    /// `leader` was started as the first of a group of its own. It gets a lower priority, as all that computes.
    pub(super) fn led_by(leader: Option<u32>, niceness: i32) -> Self {
        let leader = leader.and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(id) = leader {
            // It may have ended already.
            let _ = setpriority_process(Some(id), niceness);
        }
        Self { leader }
    }

    pub(super) fn kill(&self) {
        if let Some(id) = self.leader {
            // Gone already is as good.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }

    /// To be called in the moment in which the leader was waited for, before its id can go to another process. Tells
    /// whether it has left others behind.
    pub(super) fn leader_has_ended(mut self) -> Option<Survivors> {
        let id = self.leader.take()?;
        test_kill_process_group(id).is_ok().then_some(Survivors(id))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Survivors {
    /// Kills them; says how many were really running. Blocks for a walk through `/proc`.
    pub(super) fn kill(self) -> usize {
        // A member that has ended and that nobody waits for (in a container without an init) is no leak.
        let running = count_running(Path::new("/proc"), self.0.as_raw_pid());
        let _ = kill_process_group(self.0, Signal::KILL);
        running
    }
}

pub(super) fn count_running(proc: &Path, group: i32) -> usize {
    let Ok(entries) = std::fs::read_dir(proc) else { return 0 };
    let is_process =
        |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    let stats = entries
        .flatten()
        .filter(|entry| is_process(&entry.file_name()))
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok());
    stats.filter(|stat| is_running_in(stat, group)).count()
}

/// `pid (name) state ppid pgrp …` (proc(5)); the name may hold anything, even a bracket.
fn is_running_in(stat: &str, group: i32) -> bool {
    let Some((_, rest)) = stat.rsplit_once(')') else { return false };
    let mut fields = rest.split_whitespace();
    let (state, of_group) = (fields.next(), fields.nth(1).and_then(|field| field.parse().ok()));
    of_group == Some(group) && !matches!(state, Some("Z" | "X"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_run_count() {
        for (stat, expected) in [
            ("12 (sleep) S 1 7 7 0", true),
            ("12 (a ) b) R 1 7 7 0", true),
            ("12 (sleep) Z 1 7 7 0", false),
            ("12 (sleep) S 7 8 8 0", false),
            ("", false),
            ("12 (sleep) S", false),
        ] {
            assert_eq!(is_running_in(stat, 7), expected, "{stat:?}");
        }
        let own = rustix::process::getpgrp().as_raw_pid();
        assert!(count_running(Path::new("/proc"), own) >= 1, "this process itself");
    }
}
