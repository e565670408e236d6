//! From values to pixels.

#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) is_logarithmic: bool,
    /// The values at both ends; different, and positive if the scale is logarithmic.
    pub(super) from: f64,
    pub(super) to: f64,
    /// Their pixels.
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Scale {
    /// The pixel of a value; what is beyond an end stands there.
    pub(super) fn position(&self, value: f64) -> f64 {
        let share = if self.is_logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.start + share.clamp(0.0, 1.0) * (self.end - self.start)
    }

    /// A logarithm needs something above 0.
    pub(super) fn can_show(&self, value: f64) -> bool {
        value.is_finite() && (!self.is_logarithmic || value > 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_follow_value_or_logarithm() {
        let linear = Scale { is_logarithmic: false, from: 0.0, to: 10.0, start: 200.0, end: 0.0 };
        assert_eq!([0.0, 5.0, 10.0, 12.0, -1.0].map(|value| linear.position(value)), [200.0, 100.0, 0.0, 0.0, 200.0]);
        let logarithmic = Scale { is_logarithmic: true, from: 1.0, to: 100.0, start: 200.0, end: 0.0 };
        assert_eq!([1.0, 10.0, 100.0].map(|value| logarithmic.position(value)), [200.0, 100.0, 0.0]);
        assert!(!logarithmic.can_show(0.0) && linear.can_show(0.0) && !linear.can_show(f64::NAN));
    }
}
