//! What the manual says of a key: an editor shows the same words.

use crate::plan::keys::{self, KeyTable};

/// The manual of the plan language.
const MANUAL: &str = include_str!("../../../docs/plan.md");

/// What the manual says of a key: its meaning, and its default. `None` where it has no row.
pub(super) fn words(table: &'static KeyTable, key: &str) -> Option<String> {
    let heading = heading(table);
    let chapter = MANUAL.split("\n#").find(|chapter| {
        let title = chapter.lines().next().unwrap_or_default();
        title.trim_start_matches('#').trim_start() == heading
    })?;
    let row = chapter.lines().find_map(|line| line.strip_prefix(&format!("| `{key}` | ")))?;
    let cells: Vec<&str> = row.trim_end().trim_end_matches('|').split(" | ").map(str::trim).collect();
    let [_, default, meaning] = cells.as_slice() else { return None };
    Some(match *default {
        "required" => format!("{meaning}\n\nRequired."),
        default => format!("{meaning}\n\nDefault: {default}"),
    })
}

/// The chapter that has a table's rows.
fn heading(table: &'static KeyTable) -> &'static str {
    match *table {
        keys::PLAN => "The top of a file",
        keys::WINDOW | keys::EXCEPT => "A window",
        keys::SERVER | keys::SERVER_DEFAULTS | keys::DESTINATION => "A server",
        keys::JOB | keys::JOB_DEFAULTS => "A job",
        keys::AFTER => "`after`",
        // `defaults`, `run` and the like have a chapter of their name.
        _ => table.name,
    }
}
