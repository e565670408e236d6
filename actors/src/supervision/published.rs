//! The one status that an actor publishes: read by the console, by metrics, and awaited by tests.

use serde::Serialize;
use tokio::sync::watch;

/// The writing side, owned by the actor's factory so that it outlives a restart.
#[derive(Debug)]
pub struct Published<T>(watch::Sender<T>);

/// The reading side.
#[derive(Debug)]
pub struct Observer<T>(watch::Sender<T>);

impl<T> Clone for Published<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Clone for Observer<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone + PartialEq + Serialize + Send + Sync + 'static> Published<T> {
    /// Starts with this value.
    pub fn new(first: T) -> Self {
        Self(watch::Sender::new(first))
    }

    /// Publishes; an equal value wakes no reader.
    pub fn set(&self, value: T) {
        self.0.send_if_modified(|current| {
            let changed = *current != value;
            if changed {
                *current = value;
            }
            changed
        });
    }

    /// A reading side.
    pub fn observer(&self) -> Observer<T> {
        Observer(self.0.clone())
    }
}

impl<T: Clone + PartialEq + Serialize + Send + Sync + 'static> Observer<T> {
    /// The latest value.
    pub fn get(&self) -> T {
        self.0.borrow().clone()
    }

    /// Waits until a value fulfils the predicate, and returns it.
    pub async fn wait_for(&self, mut predicate: impl FnMut(&T) -> bool) -> T {
        let mut receiver = self.0.subscribe();
        loop {
            {
                let value = receiver.borrow_and_update();
                if predicate(&value) {
                    return value.clone();
                }
            }
            // `self` holds a sender, so this never fails while we wait.
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
