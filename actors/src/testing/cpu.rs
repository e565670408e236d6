//! A machine that is as busy as the test says.

use parking_lot::Mutex;

use crate::ports::CpuLoad;

#[derive(Default)]
pub(crate) struct FakeCpu {
    pub(crate) busy_share: Mutex<Option<f64>>,
}

impl CpuLoad for FakeCpu {
    fn busy_share(&self) -> Option<f64> {
        *self.busy_share.lock()
    }
}
