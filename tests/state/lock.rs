//! One writer at a time, and everybody else knows who.

use std::fs;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use jbr::clock::Timestamp;
use jbr::state::lock::{Holder, Lock, LockError, peek, take};

use crate::{child, example};

fn me() -> Holder {
    Holder::this_process("apply", example::at(0))
}

fn state_in(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("state.json")
}

/// Who holds it, as `take` and `peek` say alike.
fn held(state: &Path) -> Option<Holder> {
    let Err(LockError::Held(holder)) = take(state, &me()) else { panic!("it could be taken") };
    assert_eq!(peek(state).unwrap(), Lock::Held(holder.clone()));
    holder
}

#[test]
fn one_process_holds_it_until_it_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_in(&folder);
    assert_eq!(peek(&state).unwrap(), Lock::Free);
    let lock = take(&state, &me()).unwrap();
    assert_eq!(held(&state), Some(me()));
    drop(lock);
    assert_eq!(peek(&state).unwrap(), Lock::Free);
    assert!(folder.path().join("state.json.lock").exists(), "removing it would let two hold two");
    drop(take(&state, &me()).unwrap());
}

#[test]
fn who_meets_it_is_told_who_what_and_since_when() {
    let folder = tempfile::tempdir().unwrap();
    let holder = Holder {
        pid: 123,
        what: "apply".to_owned(),
        user: "root".to_owned(),
        host: "pi".to_owned(),
        since: example::at(0),
    };
    let _lock = take(&state_in(&folder), &holder).unwrap();
    let error = take(&state_in(&folder), &me()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "another jbr holds the lock: pid 123 (apply) of root on pi, since 2026-11-23T02:00:00Z"
    );
}

#[test]
fn another_process_holds_it_until_it_ends_or_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_in(&folder);
    for is_killed in [true, false, true] {
        let mut other = child::Running::start(child::command(r#"exec "$@""#, "lock::child_holds", folder.path()));
        other.hear("holding");
        let holder = held(&state).unwrap();
        assert_eq!((holder.pid, holder.what.as_str()), (other.id(), "apply --server server1"));
        if is_killed {
            other.kill("");
            // Its name still stands there, and is not believed.
            let content = fs::read_to_string(folder.path().join("state.json.lock")).unwrap();
            assert!(content.contains("apply --server server1"), "{content}");
        } else {
            other.end();
        }
        assert_eq!(peek(&state).unwrap(), Lock::Free);
        drop(take(&state, &me()).unwrap());
    }
}

#[test]
fn child_holds() {
    let Some(folder) = child::folder() else { return };
    let holder = Holder::this_process("apply --server server1", Timestamp::UNIX_EPOCH);
    let _lock = take(&folder.join("state.json"), &holder).unwrap();
    child::say("holding");
    child::wait_for_the_end();
}

/// Somebody who does not say who they are, or says nonsense, holds it all the same: `flock(1)` in a script, a full disk.
#[test]
fn a_holder_without_a_name_is_a_holder() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_in(&folder);
    let file = folder.path().join("state.json.lock");
    for content in [&b""[..], b"{\"pid\":", b"\xff\x1b[2J", &[b'x'; 10_000]] {
        fs::write(&file, content).unwrap();
        let mut flock = Command::new("flock");
        flock.arg(&file).args(["sh", "-c", "echo holding; read -r line; exit 0"]);
        let mut other = child::Running::start(flock);
        other.hear("holding");
        assert_eq!(held(&state), None);
        let error = take(&state, &me()).unwrap_err().to_string();
        assert_eq!(error, "another jbr holds the lock: it has not said who it is");
        other.end();
        drop(take(&state, &me()).unwrap());
    }
}

#[test]
fn a_longer_name_of_an_earlier_holder_leaves_no_tail() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state.json.lock"), [b'x'; 3000]).unwrap();
    let _lock = take(&state_in(&folder), &me()).unwrap();
    assert_eq!(held(&state_in(&folder)), Some(me()));
}

/// `plan` and `status` look while an `apply` starts: neither a look nor a program that reads the file keeps a writer out for long.
#[test]
fn many_looks_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_in(&folder);
    for _ in 0..50 {
        let lock = take(&state, &me()).unwrap();
        for _ in 0..3 {
            assert_eq!(peek(&state).unwrap(), Lock::Held(Some(me())));
        }
        drop(lock);
        until_free(&state);
    }
}

/// A child that another test starts at this moment has a copy of the descriptor until it executes its program.
fn until_free(state: &Path) {
    let started = Instant::now();
    while peek(state).unwrap() != Lock::Free {
        assert!(started.elapsed() < Duration::from_secs(10), "the lock is never free");
        std::thread::yield_now();
    }
}

/// A child that outlives its parent must not keep the lock: the descriptor is closed on exec.
#[test]
fn the_lock_is_not_inherited() {
    let folder = tempfile::tempdir().unwrap();
    let state = state_in(&folder);
    let lock = take(&state, &me()).unwrap();
    let mut heir = Command::new("sh");
    heir.args(["-c", "echo started; read -r line; exit 0"]);
    let mut heir = child::Running::start(heir);
    heir.hear("started");
    drop(lock);
    drop(take(&state, &me()).unwrap());
    heir.end();
}

#[test]
fn a_link_in_the_locks_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("precious");
    fs::write(&target, b"precious").unwrap();
    std::os::unix::fs::symlink(&target, folder.path().join("state.json.lock")).unwrap();
    let error = take(&state_in(&folder), &me()).unwrap_err();
    assert!(matches!(error, LockError::Io { .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"precious");
}

/// Where two processes share an open file they share its lock, so each `take` opens its own: also within one process.
#[test]
fn a_lock_belongs_to_its_opening() {
    let folder = tempfile::tempdir().unwrap();
    let _lock = take(&state_in(&folder), &me()).unwrap();
    let file = fs::File::open(folder.path().join("state.json.lock")).unwrap();
    let outcome = rustix::fs::flock(file.as_fd(), rustix::fs::FlockOperation::NonBlockingLockShared);
    assert_eq!(outcome, Err(rustix::io::Errno::WOULDBLOCK));
}
