//! Replicated parameters as actors read them: from the view, and again only when a parameter has changed.

use flotilla_config::parameters::Parameters;
use flotilla_model::{NodeId, State};

/// The typed parameters over the stored texts.
pub(crate) type Stored<'a> = Parameters<Box<dyn Fn(&str) -> Option<String> + 'a>>;

/// The parameters in force on a node.
pub(crate) fn stored(state: &State, node: NodeId) -> Stored<'_> {
    Parameters(Box::new(move |name| state.parameter(name, Some(node)).map(|row| row.value.clone())))
}

/// What was read from the parameters, with their digest.
#[derive(Debug)]
pub(crate) struct Cached<T>(Option<(u64, T)>);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Copy> Cached<T> {
    pub(crate) fn read(&mut self, state: &State, node: NodeId, read: impl FnOnce(&Stored<'_>) -> T) -> T {
        let digest = state.parameters.digest();
        match self.0 {
            Some((known, value)) if known == digest => value,
            _ => {
                let value = read(&stored(state, node));
                self.0 = Some((digest, value));
                value
            }
        }
    }
}
