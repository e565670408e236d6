//! Events of applications.

mod batch;
mod client;
mod follow;
mod one;
mod pressure;
mod publish;
mod stop;
mod stream;
mod unsettled;
