//! The parameter catalogue: what operators may set while the cluster runs.
//!
//! A parameter is replicated as text under its name. Text becomes a value in one place only, [`validate`], which the admin
//! server asks before it proposes a change; components read through [`Parameters`], which falls back to the default, so
//! a value that this version does not understand (set by a newer one) never stops a node.

mod bytes;
mod catalogue;
mod typed;
mod validate;

pub use catalogue::{CATALOGUE, CLUSTER_CRYPTO_ALIAS, Kind, Parameter, Scope, Unit, defaults, find, names};
pub use typed::{ClusterMode, FailBack, GmpSizing, Parameters};
pub use validate::{ParameterError, Value, validate};
