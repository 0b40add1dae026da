//! What changed between the queue that was interrupted and the one that goes on, as a diff of the two orders.

use similar::{Algorithm, ChangeTag, capture_diff_slices, group_diff_ops};

use super::page::Page;
use super::style::Tone;
use crate::names::JobAddress;

/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// The lines of the diff, `+` and `-` in front; empty where nothing changed.
pub(super) fn lines(before: &[JobAddress], now: &[JobAddress], page: &Page) -> Vec<String> {
    let operations = capture_diff_slices(Algorithm::Myers, before, now);
    let mut lines = Vec::new();
    for group in group_diff_ops(operations, CONTEXT) {
        if !lines.is_empty() {
            lines.push(page.style.paint(Tone::Quiet, "  …"));
        }
        for change in group.iter().flat_map(|operation| operation.iter_changes(before, now)) {
            let (mark, tone) = match change.tag() {
                ChangeTag::Equal => (' ', Tone::Quiet),
                ChangeTag::Delete => ('-', Tone::Bad),
                ChangeTag::Insert => ('+', Tone::Good),
            };
            lines.push(page.style.paint(tone, &format!("  {mark} {}", change.value())));
        }
    }
    lines
}
