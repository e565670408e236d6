//! The node's credentials follow the log: whom to trust, which certificate to show, and its renewal in time.
//!
//! `core` decides, `actor` acts. It holds no key and reads no certificate itself: storing, validating and publishing are
//! the keeper's, so that credentials in force are never replaced by unusable ones.
