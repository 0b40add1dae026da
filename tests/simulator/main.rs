//! The simulator does what is known of JetBackup, and goes wrong exactly as it was told.
//!
//! Each module says `cfg(test)`, because clippy's leave to `unwrap` in tests covers helper functions only there.

#[cfg(test)]
mod dialects;
#[cfg(test)]
mod disasters;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod life;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod stand_in;
#[cfg(test)]
mod transport;
