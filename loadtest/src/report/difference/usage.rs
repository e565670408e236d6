//! What a node used, as one figure for the whole run.

use super::super::run::{NodeRecord, Run, Sample};

impl NodeRecord {
    /// While it was up and load was measured; none if it never was.
    pub(super) fn mean_cpu_percent(&self, run: &Run) -> Option<f64> {
        let counts = |sample: &&Sample| sample.is_up && is_measured(run, sample.at_s);
        let measured: Vec<f64> = self.samples.iter().filter(counts).map(|sample| sample.cpu_percent).collect();
        (!measured.is_empty()).then(|| measured.iter().sum::<f64>() / measured.len() as f64)
    }

    pub(super) fn peak_resident_mib(&self) -> Option<f64> {
        self.samples.iter().filter(|sample| sample.is_up).map(|sample| sample.resident_mib).reduce(f64::max)
    }
}

/// Without the warm-up, and without what is idle again.
fn is_measured(run: &Run, at_s: f64) -> bool {
    at_s >= run.warm_up_s && at_s <= run.duration_s
}

#[cfg(test)]
mod tests {
    use super::super::super::sample;

    #[test]
    fn a_node_that_is_down_weighs_nothing() {
        let mut run = sample::run();
        let down = run.nodes[0].samples.iter_mut().filter(|sample| !sample.is_up);
        down.for_each(|sample| (sample.cpu_percent, sample.resident_mib) = (0.0, 9_000.0));
        assert_eq!(run.nodes[0].mean_cpu_percent(&run), Some(100.0));
        assert_eq!(run.nodes[0].peak_resident_mib(), Some(200.0));
        run.nodes[0].samples.iter_mut().for_each(|sample| sample.is_up = false);
        assert_eq!(run.nodes[0].mean_cpu_percent(&run), None);
        assert_eq!(run.nodes[0].peak_resident_mib(), None);
    }
}
