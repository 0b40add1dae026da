//! Several processes at one state: they take turns, and each write follows the one before.

use std::collections::BTreeSet;
use std::process::Command;

use jbr::state::store::Store as _;

use crate::crash::{said, writer};
use crate::trouble::{load, locked};

/// So many processes at a time, and so many writes of each.
const PROCESSES: u64 = 4;
const WRITES: u64 = 12;

/// How often somebody tries who finds the lock held: it is held for milliseconds.
const TRIES_MAX: usize = 500;

#[test]
fn processes_that_meet_at_the_lock_lose_no_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let write = || {
        for _ in 0..TRIES_MAX {
            let output = Command::new(writer()).arg(&path).output().unwrap();
            if let Some(serial) = said(&output) {
                return serial;
            }
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains("Held"), "{stderr}");
        }
        panic!("the lock was never free");
    };
    let stored: Vec<u64> = std::thread::scope(|scope| {
        let processes: Vec<_> =
            (0..PROCESSES).map(|_| scope.spawn(|| (0..WRITES).map(|_| write()).collect::<Vec<_>>())).collect();
        processes.into_iter().flat_map(|process| process.join().unwrap()).collect()
    });
    let total = PROCESSES * WRITES;
    assert_eq!(stored.iter().copied().collect::<BTreeSet<_>>(), (1..=total).collect(), "each serial once");
    assert_eq!(load(&path).unwrap().unwrap().serial, total);
    let mut store = locked(&path);
    let mut state = store.load().unwrap().unwrap();
    store.commit(&mut state).unwrap();
}
