//! How many workers a node should have when the operator leaves it to the pool (`sizing` = `auto`). Pure.
//!
//! It grows quickly and shrinks slowly. More workers help when events wait although every worker has one, and when the
//! processor still has something to give: on a saturated one, more workers only make everything slower. Workers that idle
//! cost little, so a size is given up only when a whole while has shown that it is not needed.

use flotilla_config::parameters::GmpSizing;

/// Between two steps of growth: long enough to see what the last one did, by waiting events and by CPU.
const GROW_EVERY_MS: u64 = 250;
/// How long events must have waited before the pool grows for them, unless there are more of them than workers. Below
/// this the claims in advance even things out.
const GROW_AGE_MS: u64 = 100;
/// Share of the processor beyond which it counts as saturated.
const CPU_SATURATED: f64 = 0.9;
/// What was needed is looked at over two of these; nothing shrinks before.
const SHRINK_WINDOW_MS: u64 = 5_000;
/// Kept beyond what was needed at most, so that a small change of the load changes nothing: a quarter.
const SPARE_SHARE: u32 = 4;

/// The bounds that the parameters set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) sizing: GmpSizing,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

impl Bounds {
    /// The largest pool wins over a smallest one that is larger.
    fn clamp(&self, size: u32) -> u32 {
        size.clamp(self.min.min(self.max), self.max)
    }
}

/// How the pool fares.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Load {
    /// Workers with an event.
    pub(crate) busy: u32,
    /// Events that wait for a worker: leased already, or ready in the log and open to this node.
    pub(crate) waiting: u32,
    /// How long the oldest of them has waited.
    pub(crate) oldest_ms: u64,
    /// Share of all processors of this machine that is in use, 0 to 1. Nothing while it is not known.
    pub(crate) cpu: Option<f64>,
}

/// The decisions.
#[derive(Debug, Default)]
pub(crate) struct Sizer {
    size: Option<u32>,
    grown_ms: u64,
    /// The most workers needed in this window, and in the one before.
    needed: u32,
    needed_before: u32,
    window_ms: u64,
    windows: u32,
}

impl Sizer {
    /// The size from now on. `now_ms` is monotonic.
    pub(crate) fn decide(&mut self, bounds: Bounds, load: Load, now_ms: u64) -> u32 {
        if bounds.sizing == GmpSizing::Fixed {
            *self = Self::default();
            return bounds.max;
        }
        let size = bounds.clamp(self.size.unwrap_or(bounds.min));
        self.note(load, now_ms);
        let wanted = if self.must_grow(size, load, now_ms) {
            self.grown_ms = now_ms;
            size + (size / 2).max(1)
        } else {
            self.shrunk(size)
        };
        let decided = bounds.clamp(wanted);
        self.size = Some(decided);
        decided
    }

    fn note(&mut self, load: Load, now_ms: u64) {
        if now_ms >= self.window_ms.saturating_add(SHRINK_WINDOW_MS) {
            self.needed_before = std::mem::take(&mut self.needed);
            self.window_ms = now_ms;
            self.windows = self.windows.saturating_add(1);
        }
        self.needed = self.needed.max(load.busy.saturating_add(load.waiting));
    }

    fn must_grow(&self, size: u32, load: Load, now_ms: u64) -> bool {
        let may_grow = now_ms >= self.grown_ms.saturating_add(GROW_EVERY_MS);
        // Some are always between two events.
        let is_short = load.busy >= size - size / 8 && load.waiting > 0;
        let is_urgent = load.oldest_ms >= GROW_AGE_MS || load.waiting >= size;
        may_grow && is_short && is_urgent && load.cpu.is_none_or(|cpu| cpu < CPU_SATURATED)
    }

    /// Down to what two windows have needed and a quarter more, when there is more than that.
    fn shrunk(&mut self, size: u32) -> u32 {
        if self.windows < 2 {
            return size;
        }
        let needed = self.needed.max(self.needed_before);
        let kept = needed.saturating_add(needed.div_ceil(SPARE_SHARE)).max(1);
        if kept < size {
            // Each further step takes two windows again.
            self.windows = 0;
        }
        kept.min(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { sizing: GmpSizing::Auto, min: 4, max: 100 };

    /// Every worker has an event, and more wait.
    fn short(size: u32) -> Load {
        Load { busy: size, waiting: 10, oldest_ms: 500, cpu: Some(0.3) }
    }

    fn calm(busy: u32) -> Load {
        Load { busy, cpu: Some(0.1), ..Load::default() }
    }

    #[test]
    fn a_fixed_pool_has_its_largest_size() {
        let fixed = Bounds { sizing: GmpSizing::Fixed, ..BOUNDS };
        assert_eq!(Sizer::default().decide(fixed, calm(0), 0), 100);
    }

    #[test]
    fn it_grows_only_when_events_wait_for_workers_and_the_processor_has_room() {
        for (load, grows) in [
            (short(4), true),
            (Load { busy: 3, ..short(4) }, false),
            (Load { waiting: 0, ..short(4) }, false),
            (Load { oldest_ms: 50, waiting: 3, ..short(4) }, false),
            (Load { oldest_ms: 50, waiting: 4, ..short(4) }, true),
            (Load { cpu: Some(0.95), ..short(4) }, false),
            (Load { cpu: None, ..short(4) }, true),
        ] {
            let mut sizer = Sizer::default();
            sizer.decide(BOUNDS, calm(0), 0);
            assert_eq!(sizer.decide(BOUNDS, load, 1_000) > 4, grows, "{load:?}");
        }
    }

    #[test]
    fn it_grows_by_half_each_quarter_of_a_second_up_to_its_largest_size() {
        let (mut sizer, mut size, mut sizes) = (Sizer::default(), 4, Vec::new());
        for round in 0..50 {
            let next = sizer.decide(BOUNDS, short(size), 1_000 + round * 100);
            if next != size {
                sizes.push(next);
            }
            size = next;
        }
        assert_eq!(sizes, [6, 9, 13, 19, 28, 42, 63, 94, 100]);
    }

    #[test]
    fn it_shrinks_after_a_while_to_what_was_needed_and_a_quarter_more() {
        let mut sizer = Sizer::default();
        sizer.decide(Bounds { min: 80, ..BOUNDS }, calm(80), 0);
        let mut changes = Vec::new();
        let mut last = 80;
        for now_ms in (1_000..60_000).step_by(250) {
            // One peak of 20 at 7 s.
            let busy = if now_ms == 7_000 { 20 } else { 8 };
            let size = sizer.decide(BOUNDS, calm(busy), now_ms);
            if size != last {
                changes.push((now_ms, size));
                last = size;
            }
        }
        assert_eq!(changes, [(10_000, 25), (20_000, 10)]);
    }

    #[test]
    fn a_load_that_comes_and_goes_moves_nothing() {
        let mut sizer = Sizer::default();
        sizer.decide(Bounds { min: 40, ..BOUNDS }, calm(40), 0);
        for now_ms in (1_000..120_000).step_by(250) {
            let busy = if (now_ms / 4_000) % 2 == 0 { 36 } else { 2 };
            assert_eq!(sizer.decide(BOUNDS, calm(busy), now_ms), 40, "{now_ms}");
        }
    }

    #[test]
    fn bounds_hold_at_once() {
        let mut sizer = Sizer::default();
        sizer.decide(Bounds { min: 50, ..BOUNDS }, calm(0), 0);
        for (min, max, expected) in [(4, 100, 50), (4, 30, 30), (60, 100, 60), (90, 20, 20)] {
            assert_eq!(sizer.decide(Bounds { min, max, ..BOUNDS }, calm(0), 10), expected, "{min} to {max}");
        }
    }
}
