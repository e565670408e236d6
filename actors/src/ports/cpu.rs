//! How busy the machine is: measured outside, so that what is decided by it can be tested.

/// The processors of the machine.
pub trait CpuLoad: Send + Sync + 'static {
    /// The share of all of them that was in use of late, 0 to 1; nothing while it is not known. Cheap: it is asked often.
    fn busy_share(&self) -> Option<f64>;
}
