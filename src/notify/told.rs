//! What somebody was told already, so that a check every five minutes is no mail every five minutes: a small file in the outbox's folder.
//!
//! It is only a memory of words: where it cannot be read, they are said again. They are said before that is remembered: a crash between the
//! two tells twice, and never not at all.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read as _};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::outbox::{Locked, Outbox};
use super::vault::open_file;
use crate::clock::{Timestamp, elapsed};

/// The same thing is told again after this long. A little less than a day: what a daily timer finds is told every day.
pub(super) const AGAIN_AFTER: Duration = Duration::from_secs(23 * 3600);
/// What nobody has asked about for this long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);
/// The file has a line a job, at most.
const FILE_SIZE_MAX: u64 = 4 * 1024 * 1024;
/// How long the lock is waited for: whoever has it writes a few files to an SD card.
const LOCK_WAIT: Duration = Duration::from_secs(5);
const NAME: &str = "told.json";
/// Not the outbox's own lock: that one is held for as long as a mail server hangs.
const LOCK: &str = "told.lock";
const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    version: u32,
    /// When each thing was told last.
    told: BTreeMap<String, Timestamp>,
}

/// Whether something is to be told, and the memory of it. While there is one, nobody else is told whether the same is due.
#[derive(Debug)]
pub struct Telling {
    is_due: bool,
    memory: io::Result<Option<Memory>>,
}

/// A memory that is on the disk, and takes its place with a rename.
#[derive(Debug)]
struct Memory {
    outbox: Outbox,
    file: NamedTempFile,
    _lock: Locked,
}

impl Telling {
    /// Whether it is to be told now.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.is_due
    }

    /// Why it could not be remembered that it was told; whoever tells it all the same tells it again at the next call.
    #[must_use]
    pub fn forgets(&self) -> Option<&io::Error> {
        self.memory.as_ref().err()
    }

    /// Remembers that what was due has been told. Without this it is due again.
    ///
    /// # Errors
    /// Where the disk does not take it.
    pub fn remember(self) -> io::Result<()> {
        match self.memory? {
            Some(Memory { outbox, file, _lock }) => outbox.place(file, NAME),
            None => Ok(()),
        }
    }
}

/// Whether anything of `now_true` is to be told now. What is asked about and is not true any more is forgotten, so that its return is told at
/// once.
pub(super) fn telling(outbox: &Outbox, asked: &[String], now_true: &[String], now: Timestamp) -> Telling {
    // Where nothing is the matter and nothing was, no folder is made and no lock waited for.
    if now_true.is_empty() && read(outbox).after(asked, now_true, now).1.is_none() {
        return Telling { is_due: false, memory: Ok(None) };
    }
    let lock = outbox.lock_file(LOCK, LOCK_WAIT).and_then(|lock| {
        lock.ok_or_else(|| io::Error::new(ErrorKind::TimedOut, "another jbr holds what is remembered of it"))
    });
    // Read with the lock: of two that ask at once, one tells.
    let (is_due, next) = read(outbox).after(asked, now_true, now);
    let prepare = |lock: Locked| {
        let Some(next) = next else { return Ok(None) };
        let file = outbox.prepare(&serde_json::to_vec(&next)?)?;
        Ok(Some(Memory { outbox: outbox.clone(), file, _lock: lock }))
    };
    Telling { is_due, memory: lock.and_then(prepare) }
}

impl Told {
    /// Whether anything is due, and what is remembered after it was told; `None` where nothing changes.
    fn after(&self, asked: &[String], now_true: &[String], now: Timestamp) -> (bool, Option<Self>) {
        let is_fresh = |key: &String| self.told.get(key).is_some_and(|at| elapsed(*at, now) < AGAIN_AFTER);
        let is_over = |key: &String| asked.contains(key) && !now_true.contains(key);
        let is_due = !now_true.iter().all(is_fresh);
        if !is_due && !self.told.keys().any(is_over) {
            return (false, None);
        }
        let mut told = self.told.clone();
        told.retain(|key, at| !is_over(key) && elapsed(*at, now) < FORGOTTEN_AFTER);
        if is_due {
            told.extend(now_true.iter().map(|key| (key.clone(), now)));
        }
        (is_due, Some(Self { version: VERSION, told }))
    }
}

fn read(outbox: &Outbox) -> Told {
    let mut bytes = Vec::new();
    let read = open_file(&outbox.path(NAME)).and_then(|file| file.take(FILE_SIZE_MAX).read_to_end(&mut bytes));
    let told: Option<Told> = read.ok().and_then(|_| serde_json::from_slice(&bytes).ok());
    told.filter(|told| told.version == VERSION).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::later;

    fn keys(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    fn start() -> Timestamp {
        "2026-11-23T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn the_same_is_told_once_a_day_and_what_comes_back_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        let asked = keys(&["a", "b"]);
        let check = |minutes: u64, now_true: &[&str], expected: bool| {
            let now = later(start(), Duration::from_secs(minutes * 60));
            let telling = telling(&outbox, &asked, &keys(now_true), now);
            assert_eq!(telling.is_due(), expected, "after {minutes} minutes: {now_true:?}");
            telling.remember().unwrap();
        };
        check(0, &[], false);
        assert!(!folder.path().join("state.json.outbox").exists(), "looking makes nothing");
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
    fn who_dies_before_it_was_told_has_not_told_it() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::beside(&folder.path().join("state.json"));
        for _ in 0..2 {
            // Dropped, as by a crash before the message was on the disk.
            assert!(telling(&outbox, &[], &keys(&["a"]), start()).is_due());
        }
        assert_eq!(std::fs::read_dir(folder.path().join("state.json.outbox")).unwrap().count(), 1, "but for the lock");
        telling(&outbox, &[], &keys(&["a"]), start()).remember().unwrap();
        assert!(!telling(&outbox, &[], &keys(&["a"]), start()).is_due());
    }

    #[test]
    fn of_many_that_ask_at_once_one_tells_and_none_forgets_what_another_told() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.json");
        let ask = |key: &str| {
            let telling = telling(&Outbox::beside(&state), &[], &keys(&[key]), start());
            let is_due = telling.is_due();
            telling.remember().unwrap();
            is_due
        };
        let due = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8).map(|number| scope.spawn(move || ask(["a", "b"][number % 2]))).collect();
            asking.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
        });
        assert_eq!(due, 2);
        assert_eq!(read(&Outbox::beside(&state)).told.len(), 2);
    }

    #[test]
    fn where_nothing_can_be_remembered_that_is_said() {
        let nowhere = Outbox::beside(std::path::Path::new("/proc/nowhere/deeper/state.json"));
        let telling = telling(&nowhere, &[], &keys(&["a"]), Timestamp::UNIX_EPOCH);
        assert!(telling.is_due() && telling.forgets().is_some());
        assert!(telling.remember().is_err());
    }
}
