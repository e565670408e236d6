//! Where replicated parameters take effect on this node. Those that a part reads from the view at every use need nothing here.

use async_trait::async_trait;
use flotilla_actors::ports::ParameterSink;
use flotilla_files::Files;

/// The components that have to be told.
pub(crate) struct Components {
    pub(crate) files: Files,
}

#[async_trait]
impl ParameterSink for Components {
    async fn apply(&self, name: &str, value: &str) -> Result<(), String> {
        if name == "Files.repairRate" {
            let rate = value.parse().map_err(|_| format!("{value:?} is no number of bytes per second"))?;
            self.files.background_rate().set_rate(rate);
        }
        Ok(())
    }
}
