//! The data of events outside of memory: `store` decides where it goes, an `area` is one file of it.

mod area;
mod store;

#[cfg(test)]
mod tests;

pub(crate) use store::PayloadStore;
