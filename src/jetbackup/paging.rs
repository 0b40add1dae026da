//! Whole lists out of pages, or nothing.
//!
//! A server answers with 100 rows unless told otherwise, may allow fewer than it is asked for, and its lists move while
//! they are read. So a list counts as read only when as many different rows have come as the server says that there
//! are; "no more came" is never taken for "that is all".

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::jetbackup::call_error::CallError;
use crate::jetbackup::command::Slice;
use crate::jetbackup::page::{Page, Row};

/// How many rows a page asks for: more than a server keeps, so that one call is the rule.
pub const LIST_LIMIT: u32 = 1000;
/// How many pages a list may have.
pub const PAGES_MAX: usize = 100;
/// How many rows a list may have.
pub const ROWS_MAX: u64 = 20_000;
/// How often a list that moved or contradicts itself is read again from its start.
pub const READS_MAX: usize = 3;

/// How long a list may take in all. Each page has `command_timeout`, and a server that needs all of it for every page would
/// keep the others waiting for hours.
pub const READ_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// Reads a list to its end, in the server's order, each row once. `function` is for messages.
///
/// # Errors
/// What `fetch` gave, at once; [`CallError::Garbled`] where [`READS_MAX`] readings gave no list that agrees with itself, or
/// where it took longer than [`READ_TIME_MAX`].
pub fn read_all<T: Row>(
    function: &'static str,
    fetch: impl FnMut(Slice) -> Result<Page<T>, CallError>,
) -> Result<Vec<T>, CallError> {
    read_within(READ_TIME_MAX, function, fetch)
}

/// [`read_all`] with another limit: pages that are there by then count, and no further one is asked for.
///
/// # Errors
/// As [`read_all`].
pub fn read_within<T: Row>(
    limit: Duration,
    function: &'static str,
    mut fetch: impl FnMut(Slice) -> Result<Page<T>, CallError>,
) -> Result<Vec<T>, CallError> {
    let started = Instant::now();
    let mut fetch = |slice: Slice| {
        // The first page of the first reading has its own limit.
        if started.elapsed() > limit {
            let message = format!("the list did not come within {} min; its server is too slow", limit.as_secs() / 60);
            return Err(CallError::Garbled { function, message });
        }
        fetch(slice)
    };
    let mut contradiction = String::new();
    for _ in 0..READS_MAX {
        match read_once(&mut fetch)? {
            Reading::Whole(rows) => return Ok(rows),
            Reading::Contradicts(what) => contradiction = what,
        }
    }
    let message = format!("the list cannot be read whole, tried {READS_MAX} times: {contradiction}");
    Err(CallError::Garbled { function, message })
}

/// One reading from the start.
enum Reading<T> {
    /// As many rows as the server says that there are.
    Whole(Vec<T>),
    /// What does not fit together: the list moved, or the server cannot count.
    Contradicts(String),
}

fn read_once<T: Row>(fetch: &mut impl FnMut(Slice) -> Result<Page<T>, CallError>) -> Result<Reading<T>, CallError> {
    let (mut rows, mut keys) = (Vec::<T>::new(), HashSet::<String>::new());
    let (mut skip, mut first_total) = (0_u32, None);
    for _ in 0..PAGES_MAX {
        let page = fetch(Slice { limit: LIST_LIMIT, skip })?;
        let total = *first_total.get_or_insert(page.total);
        if let Some(what) = misfit(&page, total) {
            return Ok(Reading::Contradicts(what));
        }
        let came = page.rows.len();
        rows.extend(page.rows.into_iter().filter(|row| keys.insert(row.key().to_owned())));
        let unique = rows.len() as u64;
        if unique == total {
            return Ok(Reading::Whole(rows));
        }
        skip = skip.saturating_add(u32::try_from(came).unwrap_or(u32::MAX));
        if came == 0 || u64::from(skip) >= total {
            return Ok(Reading::Contradicts(format!("it says that there are {total} rows, and {unique} came")));
        }
    }
    Ok(Reading::Contradicts(format!("it has more than {PAGES_MAX} pages")))
}

/// What is wrong with a page whose list had `total` rows when its reading began.
fn misfit<T>(page: &Page<T>, total: u64) -> Option<String> {
    if page.total != total {
        return Some(format!("it had {total} rows at first and then {}", page.total));
    }
    if total > ROWS_MAX {
        return Some(format!("it says that there are {total} rows, and {ROWS_MAX} is the limit"));
    }
    let came = page.rows.len() as u64;
    (came > total).then(|| format!("it says that there are {total} rows, and {came} came at once"))
}
