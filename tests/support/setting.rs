//! What the environment says of the long forms of tests.

/// A number, such as a seed; `None` if nobody says.
///
/// # Panics
/// When it is no number.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse().ok();
    assert!(number.is_some(), "{variable}={text}: it is no number");
    number
}
