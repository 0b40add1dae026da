//! The file in a bad world: damaged, removed, on a full or a read-only disk, under somebody else's user, killed in the middle of a write.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use jbr::clock::Timestamp;
use jbr::state::State;
use jbr::state::lock::{Holder, Lock, LockError, peek};
use jbr::state::store::{FileStore, Store as _, StoreError};

use crate::{child, example};

fn me() -> Holder {
    Holder::this_process("test", Timestamp::UNIX_EPOCH)
}

pub(crate) fn locked(path: &Path) -> FileStore {
    let mut store = FileStore::new(path).unwrap();
    store.lock(&me()).unwrap();
    store
}

/// A folder whose `state.json` was written so many times, and that file.
pub(crate) fn after(writes: u64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut store = locked(&path);
    let mut state = State { serial: 0, ..example::small() };
    for _ in 0..writes {
        store.commit(&mut state).unwrap();
    }
    (folder, path)
}

pub(crate) fn load(path: &Path) -> Result<Option<State>, StoreError> {
    FileStore::new(path).unwrap().load()
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a shell would do with the command in a message.
pub(crate) fn follow(message: &str, command: &str) {
    let start = message.find(command).unwrap_or_else(|| panic!("no \"{command}\" in: {message}"));
    let rest = &message[start..];
    let end = [". ", ";"].iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let outcome = std::process::Command::new("sh").arg("-c").arg(&rest[..end]).status().unwrap();
    assert!(outcome.success(), "{}", &rest[..end]);
}

#[test]
fn reading_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/state.json");
    assert_eq!(load(&path).unwrap(), None);
    assert_eq!(peek(&path).unwrap(), Lock::Free);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_missing_folder_is_made_private_but_not_a_whole_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jbr/state.json");
    locked(&path).commit(&mut State { serial: 0, ..example::small() }).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    assert_eq!(mode(&path.with_file_name("state.json.lock")), 0o600);

    let mistyped = folder.path().join("jrb/lib/state.json");
    let error = FileStore::new(&mistyped).unwrap().lock(&me()).unwrap_err().to_string();
    assert!(error.contains("jrb/lib: make it with mkdir -p"), "{error}");
}

#[test]
fn nothing_is_written_without_the_lock() {
    let (_folder, path) = after(1);
    let mut store = FileStore::new(&path).unwrap();
    let mut state = store.load().unwrap().unwrap();
    assert!(matches!(store.commit(&mut state), Err(StoreError::NotLocked(_))));
    assert_eq!(load(&path).unwrap().unwrap().serial, 1);
}

#[test]
fn a_lock_that_was_removed_no_longer_permits_to_write() {
    let (_folder, path) = after(1);
    let mut store = locked(&path);
    let mut state = store.load().unwrap().unwrap();
    fs::remove_file(path.with_file_name("state.json.lock")).unwrap();
    assert!(matches!(store.commit(&mut state), Err(StoreError::LockLost(_))));
    // And so it is when another one stands in its place.
    let _other = locked(&path);
    assert!(matches!(store.commit(&mut state), Err(StoreError::LockLost(_))));
}

#[test]
fn leftovers_go_when_the_lock_is_taken_and_not_before() {
    let (folder, path) = after(1);
    fs::write(folder.path().join(".state.json.aB3defgh.tmp"), b"half").unwrap();
    assert_eq!(load(&path).unwrap().unwrap().serial, 1);
    assert_eq!(names(folder.path()).len(), 3, "it may be a living writer's");
    drop(locked(&path));
    assert_eq!(names(folder.path()), ["state.json", "state.json.lock"]);
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("link.json");
    fs::create_dir(folder.path().join("disk")).unwrap();
    symlink("disk/state.json", &path).unwrap();
    let mut store = locked(&path);
    let mut state = State { serial: 0, ..example::small() };
    for _ in 0..2 {
        store.commit(&mut state).unwrap();
    }
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("disk/state.json"));
    assert_eq!(names(&folder.path().join("disk")), ["state.json", "state.json.1", "state.json.lock"]);
    assert_eq!(names(folder.path()), ["disk", "link.json"]);
    // One lock, whichever name leads to the file.
    let direct = FileStore::new(&folder.path().join("disk/state.json")).unwrap().lock(&me());
    assert!(matches!(direct, Err(LockError::Held(Some(_)))), "{direct:?}");
}

#[test]
fn a_damaged_file_is_refused_with_the_way_back() {
    for damage in [&b""[..], b"{\"format\": 1", &[0; 400]] {
        let (folder, path) = after(4);
        fs::write(&path, damage).unwrap();
        let before = names(folder.path());
        let mut store = locked(&path);
        let error = store.commit(&mut State { serial: 4, ..example::small() }).unwrap_err();
        let StoreError::Damaged { newest: Some(newest), .. } = &error else { panic!("{error}") };
        assert_eq!((newest.serial, &newest.path), (3, &path.with_file_name("state.json.1")));
        assert_eq!((names(folder.path()), fs::read(&path).unwrap()), (before, damage.to_vec()), "it was touched");

        follow(&error.to_string(), "cp ");
        let mut state = store.load().unwrap().unwrap();
        assert_eq!(state.serial, 3);
        store.commit(&mut state).unwrap();
        assert_eq!(load(&path).unwrap().unwrap().serial, 4);
    }
}

#[test]
fn a_damaged_generation_is_passed_over() {
    let (_folder, path) = after(4);
    for damaged in ["state.json", "state.json.1"] {
        fs::write(path.with_file_name(damaged), b"half").unwrap();
    }
    let Err(StoreError::Damaged { newest: Some(newest), .. }) = load(&path) else { panic!() };
    assert_eq!((newest.serial, newest.path), (2, path.with_file_name("state.json.2")));

    for damaged in ["state.json.2", "state.json.3"] {
        fs::write(path.with_file_name(damaged), b"half").unwrap();
    }
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains("No earlier generation of it is whole"), "{error}");
    follow(&error, "rm -f ");
    assert_eq!(load(&path).unwrap(), None);
}

#[test]
fn a_removed_file_is_not_a_first_start() {
    let (_folder, path) = after(3);
    fs::remove_file(&path).unwrap();
    let error = locked(&path).commit(&mut State { serial: 0, ..example::small() }).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, StoreError::Missing { newest: Some(_), .. }), "{message}");
    follow(&message, "cp ");
    assert_eq!(load(&path).unwrap().unwrap().serial, 2);
}

/// Where nobody can tell whether there are generations: here their names are too long, on a bad day the disk does not answer.
#[test]
fn generations_that_cannot_be_looked_for_are_not_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s".repeat(254));
    let error = load(&path).unwrap_err().to_string();
    assert!(
        error.contains("cannot look for earlier generations of") && error.contains("name a shorter file"),
        "{error}"
    );
}

#[test]
fn a_newer_file_is_refused_and_kept() {
    let (_folder, path) = after(2);
    let future = include_bytes!("future.json");
    fs::write(&path, future).unwrap();
    let error = locked(&path).commit(&mut State { serial: 2, ..example::small() }).unwrap_err().to_string();
    assert!(error.contains("was written by a newer jbr (format 2); this one reads up to 1"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), future);
}

#[test]
fn what_is_not_a_file_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    fs::create_dir(&path).unwrap();
    let error = load(&path).unwrap_err().to_string();
    assert!(error.contains("is not a file: name a file with --state"), "{error}");

    let below = path.join("file/state.json");
    fs::write(path.join("file"), b"").unwrap();
    let error = FileStore::new(&below).unwrap_err().to_string();
    assert!(error.contains("name a file in an existing folder"), "{error}");

    // Reading a pipe would wait for ever.
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(matches!(load(&pipe), Err(StoreError::NotAFile(_))));
    fs::rename(&pipe, folder.path().join("other.json.lock")).unwrap();
    let error = FileStore::new(&folder.path().join("other.json")).unwrap().lock(&me()).unwrap_err();
    assert!(matches!(error, LockError::NotAFile(_)), "{error}");
}

/// A small file system of its own, in a namespace that ends with the child.
const SMALL_DISK: &str = r#"exec unshare -rm sh -c 'mount -t tmpfs -o size=128k tmpfs "$0" && exec "$@"' "$0" "$@""#;

#[test]
fn a_full_disk_leaves_the_old_state() {
    let folder = tempfile::tempdir().unwrap();
    if child::is_permitted(SMALL_DISK, folder.path(), "a_full_disk_leaves_the_old_state") {
        child::run(SMALL_DISK, "trouble::child_fills_the_disk", folder.path());
    }
}

#[test]
fn child_fills_the_disk() {
    let Some(folder) = child::folder() else { return };
    let path = folder.join("state.json");
    let mut store = locked(&path);
    let mut state = State { serial: 0, ..example::full() };
    let record = state.history[0].clone();
    let error = loop {
        match store.commit(&mut state) {
            Ok(()) => state.history.extend(std::iter::repeat_n(record.clone(), 5)),
            Err(error) => break error.to_string(),
        }
        assert!(state.serial < 1000, "the disk is never full");
    };
    assert!(error.contains("No space left on device") && error.contains("free some space"), "{error}");
    let stored = load(&path).unwrap().unwrap();
    assert_eq!(stored.serial, state.serial, "the serial went on without the state");
    assert!(names(&folder).iter().all(|name| name.starts_with("state.json")), "{:?}", names(&folder));
    // Space again, and it goes on.
    fs::remove_file(folder.join("state.json.3")).unwrap();
    state.history.clear();
    store.commit(&mut state).unwrap();
    assert_eq!(load(&path).unwrap(), Some(state));
}

/// The folder, read-only for the child alone.
const READ_ONLY: &str =
    r#"exec unshare -rm sh -c 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"' "$0" "$@""#;

#[test]
fn a_read_only_disk_is_named_as_such() {
    let (folder, _path) = after(2);
    if child::is_permitted(READ_ONLY, folder.path(), "a_read_only_disk_is_named_as_such") {
        child::run(READ_ONLY, "trouble::child_meets_a_read_only_disk", folder.path());
    }
}

#[test]
fn child_meets_a_read_only_disk() {
    let Some(folder) = child::folder() else { return };
    let path = folder.join("state.json");
    for path in [path.clone(), folder.join("new/state.json")] {
        let error = FileStore::new(&path).unwrap().lock(&me()).unwrap_err().to_string();
        assert!(error.contains("mounted read-only"), "{error}");
    }
    assert_eq!(load(&path).unwrap().unwrap().serial, 2, "reading needs no writing");
    assert_eq!(peek(&path).unwrap(), Lock::Free);
}

/// A user namespace without any privilege: modes bind in it, even if the tests are run by root.
const UNPRIVILEGED: &str = r#"exec unshare -U "$@""#;

#[test]
fn what_another_user_owns_is_named_as_such() {
    let (folder, path) = after(2);
    if !child::is_permitted(UNPRIVILEGED, folder.path(), "what_another_user_owns_is_named_as_such") {
        return;
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(path.with_file_name("state.json.lock"), fs::Permissions::from_mode(0o0)).unwrap();
    child::run(UNPRIVILEGED, "trouble::child_meets_anothers_state", folder.path());
}

#[test]
fn child_meets_anothers_state() {
    let Some(folder) = child::folder() else { return };
    let path = folder.join("state.json");
    let mut store = FileStore::new(&path).unwrap();
    let says = [
        store.load().unwrap_err().to_string(),
        store.lock(&me()).unwrap_err().to_string(),
        peek(&path).unwrap_err().to_string(),
    ];
    for message in says {
        assert!(message.contains("Permission denied") && message.contains("run jbr as the user who owns"), "{message}");
    }
}

#[test]
fn s17_a_writer_that_is_killed_leaves_what_it_said_it_had_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut last = 0;
    for round in 0..12 {
        let mut writer = child::Running::start(child::command(r#"exec "$@""#, "trouble::child_writes", folder.path()));
        // Each round is killed at another place of a write, as chance has it.
        for _ in 0..=round {
            last = writer.hear("stored ").parse().unwrap();
        }
        last = writer.kill("stored ").last().map_or(last, |serial| serial.parse().unwrap());
        let there = load(&path).unwrap().unwrap().serial;
        assert!(there == last || there == last + 1, "round {round}: stored {last}, found {there}");
        assert_eq!(peek(&path).unwrap(), Lock::Free, "round {round}");
        drop(locked(&path));
        let leftovers: Vec<String> = names(folder.path()).into_iter().filter(|name| name.starts_with('.')).collect();
        assert_eq!(leftovers, [""; 0], "round {round}");
    }
}

#[test]
fn child_writes() {
    let Some(folder) = child::folder() else { return };
    let mut store = locked(&folder.join("state.json"));
    let mut state = store.load().unwrap().unwrap_or(State { serial: 0, ..example::full() });
    for _ in 0..100_000 {
        store.commit(&mut state).unwrap();
        child::say(&format!("stored {}", state.serial));
    }
}
