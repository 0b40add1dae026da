//! Seeds that once broke a promise.

/// A seed, and what it fails on if that is taken back.
pub(crate) const FOUND: &[(u64, &str)] = &[];
