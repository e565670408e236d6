//! Cases of the failure detector, and its shell against fakes.

mod acting;
mod deciding;
