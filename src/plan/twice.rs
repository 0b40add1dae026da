//! What stands more than once where once is enough.

use std::collections::HashMap;
use std::hash::Hash;

use super::finding::{Findings, quoted};
use super::problem::Problem;
use super::spanned::{Span, Spanned};

/// What comes more than once: with its first place, and each later one.
pub(super) fn repeated<T: Eq + Hash + Clone>(all: impl Iterator<Item = (T, Span)>) -> Vec<(T, Span, Span)> {
    let mut first_of: HashMap<T, Span> = HashMap::new();
    let mut repeated = Vec::new();
    for (what, span) in all {
        match first_of.get(&what) {
            Some(first) => repeated.push((what, *first, span)),
            None => {
                first_of.insert(what, span);
            }
        }
    }
    repeated
}

/// Records each value that stands in a list again.
pub(super) fn report_twice<'a, T: Eq + Hash + Clone + 'a>(
    name: &str,
    values: impl Iterator<Item = &'a Spanned<T>>,
    findings: &mut Findings<'_>,
) {
    for (_, first, again) in repeated(values.map(|value| (value.value.clone(), value.span))) {
        let text = quoted(findings.text(again));
        let problem = Problem::new(format!("{text} stands twice in {name}"), "and again here")
            .related(first, "first here")
            .help("remove one of the two");
        findings.push(again, problem);
    }
}
