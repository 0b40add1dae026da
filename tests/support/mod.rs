//! What the tests share. Each test binary says `mod support;`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

pub(crate) mod approved;
pub(crate) mod desk;
pub(crate) mod gate;
pub(crate) mod pages;
pub(crate) mod parts;
pub(crate) mod process;
pub(crate) mod ran;
pub(crate) mod site;
pub(crate) mod sshd;
pub(crate) mod until;
