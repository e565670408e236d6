//! Pauses between attempts. Pure.
//!
//! Certificates live for months, and for seconds where someone wants to see how they are renewed: pauses are parts of a life,
//! up to a bound.

/// Pauses that double from the first to the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pauses {
    pub(super) first_ms: u64,
    pub(super) longest_ms: u64,
}

/// After refused publications, and reads of the store or proposals that failed; a changed wish is tried at once.
pub(super) const PUBLISH: Pauses = Pauses { first_ms: 1_000, longest_ms: 60_000 };

impl Pauses {
    pub(super) fn after(self, failures: u32) -> u64 {
        let factor = 1_u64 << failures.saturating_sub(1).min(16);
        (self.first_ms * factor).min(self.longest_ms)
    }

    /// After failed renewals: there are at least ten attempts in the third of a life that is left for them.
    pub(super) fn of_renewals(life_ms: u64) -> Self {
        Self { first_ms: (life_ms / 100).clamp(100, 60_000), longest_ms: (life_ms / 30).clamp(100, 3_600_000) }
    }
}

/// After a renewal, so that one which changed nothing does not run in a circle.
pub(super) fn after_renewal_ms(life_ms: u64) -> u64 {
    (life_ms / 10).min(3_600_000)
}

/// From when the log lists a new CA until all nodes trust it, as far as they run.
pub(super) fn settling_ms(life_ms: u64) -> u64 {
    (life_ms / 20).min(2_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_fit_the_life() {
        let pauses: Vec<u64> = (1..9).map(|failures| PUBLISH.after(failures)).collect();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        let of_a_year = Pauses::of_renewals(365 * 86_400_000);
        assert_eq!((of_a_year.after(1), of_a_year.after(30)), (60_000, 3_600_000));
        // Ten seconds: of the last three and a third, none is lost in a pause.
        let of_seconds = Pauses::of_renewals(10_000);
        assert_eq!((of_seconds.after(1), of_seconds.after(30)), (100, 333));
        assert_eq!((after_renewal_ms(10_000), settling_ms(10_000)), (1_000, 500));
    }
}
