//! A write that dies, or is refused, at each of its system calls in turn: every one of them, not a sample.
//!
//! strace does it to a real process: a SIGKILL or an error in the place of the system call.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jbr::state::State;
use jbr::state::format::decode;
use jbr::state::store::Store as _;

use crate::child::is_permitted;
use crate::trouble::{load, locked, names};

/// Everything that a process does with files.
const CALLS: &str = "%file,%desc";

/// No write has more system calls.
const CALLS_MAX: usize = 300;

/// What a disk says on a bad day.
const ERRORS: [&str; 4] = ["EIO", "ENOSPC", "EROFS", "EACCES"];

/// A folder in which the state was written so many times.
struct Scene {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Scene {
    fn after(writes: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        let mut state = State::new("00112233445566778899aabbccddeeff".to_owned());
        let mut store = locked(&path);
        for _ in 0..writes {
            store.commit(&mut state).unwrap();
        }
        Self { _folder: folder, path }
    }

    /// After a crash between the two names of the current file.
    fn linked(self) -> Self {
        let generation = |n: u8| self.path.with_file_name(format!("state.json.{n}"));
        fs::rename(generation(2), generation(3)).unwrap();
        fs::rename(generation(1), generation(2)).unwrap();
        fs::hard_link(&self.path, generation(1)).unwrap();
        self
    }

    /// After somebody took the file away: only an earlier generation is there.
    fn linked_away(self) -> Self {
        fs::rename(&self.path, self.path.with_file_name("state.json.1")).unwrap();
        self
    }

    fn folder(&self) -> &Path {
        self.path.parent().unwrap()
    }

    /// One write with something done to it, and the trace of it.
    fn write(&self, inject: &str) -> (Output, String) {
        let trace = self.folder().with_extension("trace");
        let output = Command::new("strace")
            .args(["-e", &format!("trace={CALLS}"), "-e", &format!("inject={inject}"), "-o"])
            .arg(&trace)
            .arg(writer())
            .arg(&self.path)
            // cargo's own makes the loader search a hundred folders.
            .env_remove("LD_LIBRARY_PATH")
            .output()
            .unwrap();
        let text = fs::read_to_string(&trace).unwrap();
        fs::remove_file(&trace).unwrap();
        (output, text)
    }

    /// The serials of the state and of its generations, as far as they are whole.
    fn serials(&self) -> Vec<u64> {
        let generations = (1..=3).map(|n| self.path.with_file_name(format!("state.json.{n}")));
        let files = std::iter::once(self.path.clone()).chain(generations).filter_map(|file| fs::read(file).ok());
        files.map(|bytes| decode(&bytes).unwrap().serial).collect()
    }

    /// What must hold wherever the write ended: the old state or the new one, and of the earlier ones none is gone but the oldest.
    fn check(&self, before: u64, said: Option<u64>, at: &str) {
        let there = load(&self.path).unwrap_or_else(|error| panic!("{at}: {error}")).map_or(0, |state| state.serial);
        assert!(there == before || there == before + 1, "{at}: {before} before, {there} now");
        assert!(said.is_none_or(|said| said == there), "{at}: it said {said:?}, and {there} is there");
        let kept = self.serials();
        let least = before.saturating_sub(2).max(1);
        assert!((least..=before).all(|serial| kept.contains(&serial)), "{at}: a generation was lost: {kept:?}");
        // And it goes on from there, with nothing left lying about.
        let mut store = locked(&self.path);
        let mut state =
            store.load().unwrap().unwrap_or_else(|| State::new("00112233445566778899aabbccddeeff".to_owned()));
        store.commit(&mut state).unwrap();
        assert_eq!(load(&self.path).unwrap().unwrap().serial, there + 1, "{at}");
        let kept = self.serials();
        assert!(kept.windows(2).all(|pair| pair[0] > pair[1]), "{at}: out of order: {kept:?}");
        assert!(
            names(self.folder()).iter().all(|name| name.starts_with("state.json")),
            "{at}: {:?}",
            names(self.folder())
        );
    }
}

/// The program of tests/state/writer.rs.
pub(crate) fn writer() -> PathBuf {
    let writer = Path::new(env!("CARGO_BIN_EXE_jbr")).with_file_name("examples").join("state_writer");
    assert!(writer.exists(), "the writer is not built; `cargo build --examples` does it");
    writer
}

/// The serial that the writer says it has stored.
pub(crate) fn said(output: &Output) -> Option<u64> {
    String::from_utf8_lossy(&output.stdout).trim().strip_prefix("stored ")?.parse().ok()
}

/// A system call of the write: its name, and which of that name it is, counted from 1 as strace does.
struct Call {
    name: String,
    number: usize,
}

/// The calls of a write, in their order, from the first that has to do with the state on: those before it load the program.
fn calls(scene: &Scene) -> Vec<Call> {
    let (_, trace) = scene.write("fsync:delay_enter=0");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut is_state = false;
    for line in trace.lines().filter(|line| !line.starts_with("+++")) {
        let name = line.split('(').next().unwrap();
        let number = seen.entry(name).or_insert(0);
        *number += 1;
        is_state |= line.contains("state.json\"") && name != "execve";
        if is_state {
            calls.push(Call { name: name.to_owned(), number: *number });
        }
    }
    assert!((20..CALLS_MAX).contains(&calls.len()), "{} calls:\n{trace}", calls.len());
    calls
}

/// strace, and the permission to use it.
fn is_possible(test: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    is_permitted("exec strace -o /dev/null \"$@\"", folder.path(), test)
}

/// The states that a write can meet, and how often they were written.
fn scenes() -> [(u64, fn() -> Scene); 4] {
    [(0, || Scene::after(0)), (1, || Scene::after(1)), (5, || Scene::after(5)), (5, || Scene::after(5).linked())]
}

#[test]
fn killed_at_any_system_call_it_leaves_the_old_state_or_the_new_one() {
    if !is_possible("killed_at_any_system_call_it_leaves_the_old_state_or_the_new_one") {
        return;
    }
    let mut kills = BTreeMap::new();
    for (before, scene) in scenes() {
        for Call { name, number } in calls(&scene()) {
            let scene = scene();
            let (output, trace) = scene.write(&format!("{name}:signal=KILL:when={number}"));
            let at = format!("{before} writes, killed at {name} {number}");
            assert!(trace.contains("SIGKILL"), "{at}: it was not");
            scene.check(before, said(&output), &at);
            *kills.entry(name).or_insert(0_usize) += 1;
        }
    }
    for call in ["write", "fsync", "rename", "link", "flock"] {
        assert!(kills.keys().any(|name| name.starts_with(call)), "never killed at {call}: {kills:?}");
    }
    report("killed", &kills);
}

#[test]
fn refused_any_system_call_it_stores_or_says_that_it_has_not() {
    if !is_possible("refused_any_system_call_it_stores_or_says_that_it_has_not") {
        return;
    }
    let mut refusals = BTreeMap::new();
    for (n, (before, scene)) in scenes().into_iter().enumerate() {
        // Nobody can do anything about a close that fails, and all that matters was waited for before.
        let calls = calls(&scene()).into_iter().filter(|call| call.name != "close");
        for (m, Call { name, number }) in calls.enumerate() {
            // Each call is refused in one way a scene, and in another the next time.
            let error = ERRORS[(n + m) % ERRORS.len()];
            let scene = scene();
            let (output, trace) = scene.write(&format!("{name}:error={error}:when={number}"));
            let at = format!("{before} writes, {name} {number} is {error}");
            let refused = trace.lines().find(|line| line.contains("(INJECTED)"));
            let refused = refused.unwrap_or_else(|| panic!("{at}: it was not"));
            let (said, stderr) = (said(&output), String::from_utf8_lossy(&output.stderr));
            assert!(!stderr.contains("panicked"), "{at}: {stderr}");
            // Whoever says `stored` has waited for the disk.
            let is_needed = name.starts_with("fsync") || refused.contains(".tmp\", AT_FDCWD");
            assert!(!(is_needed && said.is_some()), "{at}: and it said that it has stored");
            assert!(said.is_some() || !stderr.is_empty(), "{at}: without a word");
            scene.check(before, said, &at);
            *refusals.entry(name).or_insert(0_usize) += 1;
        }
    }
    report("refused", &refusals);
}

#[test]
fn a_state_that_is_gone_is_no_first_start_whatever_the_disk_says() {
    if !is_possible("a_state_that_is_gone_is_no_first_start_whatever_the_disk_says") {
        return;
    }
    let scene = || Scene::after(1).linked_away();
    for Call { name, number } in calls(&scene()).into_iter().filter(|call| call.name != "close") {
        for error in ERRORS {
            let scene = scene();
            let (output, trace) = scene.write(&format!("{name}:error={error}:when={number}"));
            assert!(trace.contains("(INJECTED)") && !output.status.success(), "{name} {number} is {error}: {output:?}");
            assert_eq!(scene.serials(), [1], "{name} {number} is {error}");
        }
    }
}

/// One line for whoever runs the tests, past their capture.
fn report(what: &str, calls: &BTreeMap<String, usize>) {
    let total: usize = calls.values().sum();
    assert!(total > 4 * 20, "{total} system calls {what}: {calls:?}");
    writeln!(std::io::stderr(), "store: {total} system calls of a write {what}").unwrap();
}
