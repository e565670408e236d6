//! The pool's decisions as cases, and the pool with its workers against a fake log.

mod deciding;
mod running;
mod speed;
