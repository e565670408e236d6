//! Where replicated parameters take effect.

use async_trait::async_trait;

/// A component, or all of them, that takes parameters while it runs.
#[async_trait]
pub trait ParameterSink: Send + Sync + 'static {
    /// Puts a value into effect: one that the catalogue accepts, or the catalogue's default. The error says what
    /// prevents it; it is tried again.
    async fn apply(&self, name: &str, value: &str) -> Result<(), String>;
}
