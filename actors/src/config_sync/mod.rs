//! Replicated parameters into running components, and the proof that all nodes hold one state.
//!
//! `parameters` decides what to apply, `drift` compares digests, `actor` acts. It mends nothing: a node that has drifted
//! is shown, and repaired by an operator's order.
