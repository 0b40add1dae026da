//! Names that nobody declared.

use crate::plan::finding::quoted;
use crate::plan::problem::Problem;
use crate::printable::printable;

/// How many names a message lists.
const NAMES_MAX: usize = 10;

/// A name that nobody declared.
pub(super) fn unknown(what: &str, name: &str, near: Option<&str>, where_not: &str) -> Problem {
    let label = near.map_or(where_not.to_owned(), |near| format!("did you mean {}?", quoted(near)));
    Problem::new(format!("unknown {what} {}", quoted(name)), label)
}

/// Names for a message, the first ones if there are many.
pub(super) fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_MAX).map(|name| printable(name)).collect();
    let more = names.len().saturating_sub(NAMES_MAX);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}
