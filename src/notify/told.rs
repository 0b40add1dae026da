//! What somebody was told already, so that a check every five minutes is no mail every five minutes: a small file in the outbox's folder.
//!
//! It is only a memory of words: where it cannot be read, they are said again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outbox::Outbox;
use crate::clock::{Timestamp, elapsed};

/// The same thing is told again after this long. A little less than a day: what a daily timer finds is told every day.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(23 * 3600);
/// What nobody has asked about for this long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);
/// The file has a line a job, at most.
const FILE_SIZE_MAX: u64 = 4 * 1024 * 1024;
/// How long the lock is waited for. Without it somebody may be told twice, which is better than not at all.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const NAME: &str = "told.json";
const VERSION: u32 = 1;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    version: u32,
    /// When each thing was told last.
    told: BTreeMap<String, Timestamp>,
}

/// Whether anything of `now_true` is to be told now, and then remembers that all of it was. What is asked about and is not true any more is
/// forgotten, so that its return is told at once.
///
/// The second of the two says why it could not be remembered: who then tells it all the same tells it again at the next call.
pub(super) fn to_be_told(
    outbox: &Outbox,
    asked: &[String],
    now_true: &[String],
    now: Timestamp,
) -> (bool, io::Result<()>) {
    let mut told = read(outbox);
    let is_clean = asked.iter().all(|key| now_true.contains(key) || !told.told.contains_key(key));
    if now_true.is_empty() && is_clean {
        return (false, Ok(()));
    }
    let is_fresh = |key: &String| told.told.get(key).is_some_and(|at| elapsed(*at, now) < AGAIN_AFTER);
    let is_due = !now_true.iter().all(is_fresh);
    told.told.retain(|key, at| {
        let is_over = asked.contains(key) && !now_true.contains(key);
        !is_over && elapsed(*at, now) < FORGOTTEN_AFTER
    });
    if is_due {
        told.told.extend(now_true.iter().map(|key| (key.clone(), now)));
    }
    if !is_due && is_clean {
        return (false, Ok(()));
    }
    (is_due, write(outbox, &told))
}

fn read(outbox: &Outbox) -> Told {
    let mut bytes = Vec::new();
    let read = File::open(outbox.path(NAME)).and_then(|file| file.take(FILE_SIZE_MAX).read_to_end(&mut bytes));
    let told: Option<Told> = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok());
    told.filter(|told| told.version == VERSION).unwrap_or_default()
}

fn write(outbox: &Outbox, told: &Told) -> io::Result<()> {
    let _lock = outbox.lock(LOCK_WAIT)?;
    let told = Told { version: VERSION, told: told.told.clone() };
    outbox.write(NAME, &serde_json::to_vec(&told)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;

    #[test]
    fn the_same_is_told_once_a_day_and_what_comes_back_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        let start: Timestamp = "2026-11-23T02:00:00Z".parse().unwrap();
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let asked = keys(&["a", "b"]);
        let check = |minutes: u64, now_true: &[&str], expected: bool| {
            let now = later(start, Duration::from_secs(minutes * 60));
            let (is_due, written) = to_be_told(&outbox, &asked, &keys(now_true), now);
            assert_eq!((is_due, written.is_ok()), (expected, true), "after {minutes} minutes: {now_true:?}");
        };
        check(0, &[], false);
        check(5, &["a"], true);
        check(10, &["a"], false);
        check(15, &["a", "b"], true);
        check(20, &["a", "b"], false);
        check(25, &["b"], false);
        check(30, &["a", "b"], true);
        check(30 + 22 * 60, &["a", "b"], false);
        check(30 + 24 * 60, &["a", "b"], true);
        assert!(folder.path().join("state.json.outbox/told.json").exists());
    }

    #[test]
    fn where_nothing_can_be_remembered_that_is_said() {
        let nowhere = Outbox::beside(std::path::Path::new("/proc/nowhere/deeper/state.json"));
        let (is_due, written) = to_be_told(&nowhere, &[], &["a".to_owned()], Timestamp::UNIX_EPOCH);
        assert!(is_due && written.is_err());
    }
}
