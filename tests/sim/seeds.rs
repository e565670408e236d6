//! Which seeds are run, and running them on all processors.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

fn range(seeds_by_default: u64) -> (u64, u64) {
    match number("SIM_SEED") {
        Some(seed) => (seed, seed + 1),
        None => {
            let first = number("SIM_FIRST_SEED").unwrap_or(0);
            (first, first + number("SIM_SEEDS").unwrap_or(seeds_by_default))
        }
    }
}

/// Runs every seed (so many unless the environment says otherwise); returns those that failed and why. Each run has a thread for itself while it lasts.
pub(crate) fn run_all(seeds_by_default: u64, run: impl Fn(u64) -> Result<(), String> + Sync) -> Vec<(u64, String)> {
    let (first, end) = range(seeds_by_default);
    let next = AtomicU64::new(first);
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| run(seed))).unwrap_or_else(|panic| Err(text_of(&*panic)));
            if let Err(violation) = outcome {
                failed.lock().unwrap().push((seed, violation));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    failed
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("panic: {}", text.unwrap_or("without a text"))
}
