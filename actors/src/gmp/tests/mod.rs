//! The pool's decisions as cases, and the pool with its workers against a fake log.

mod bench;
mod deciding;
mod mishaps;
mod resizing;
mod running;
mod speed;
