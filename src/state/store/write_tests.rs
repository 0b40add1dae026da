//! A crash between any two steps of a write, and a loss of power that kept any part of the folder's changes.

use super::*;
use crate::state::State;
use crate::state::format::{decode, encode};
use crate::state::store::{FileStore, Store as _};

const LINEAGE: &str = "00112233445566778899aabbccddeeff";

/// More writes than there are generations.
const WRITES_MAX: u64 = 6;

fn state(serial: u64) -> State {
    State { serial, ..State::new(LINEAGE.to_owned()) }
}

fn write(place: &Place, serial: u64, is_done: impl Fn(usize, &Step) -> bool) -> Vec<Step> {
    let bytes = encode(&state(serial)).unwrap();
    let mut write = Write::new(place, &bytes);
    let steps = steps(place).unwrap();
    for (n, step) in steps.iter().enumerate().filter(|(n, step)| is_done(*n, step)) {
        write.perform(step).unwrap_or_else(|error| panic!("step {n} of {steps:?}: {error}"));
    }
    // A crash removes nothing.
    if let Some(temporary) = write.temporary.take() {
        temporary.keep().unwrap();
    }
    steps
}

/// A folder in which the state was written so many times.
fn after(writes: u64) -> (tempfile::TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::of(&folder.path().join("state.json")).unwrap();
    for serial in 1..=writes {
        write(&place, serial, |_, _| true);
    }
    (folder, place)
}

fn serials(place: &Place) -> Vec<u64> {
    let files = std::iter::once(place.file.clone()).chain((1..=GENERATIONS_MAX + 1).map(|n| place.generation(n)));
    files.filter_map(|file| fs::read(file).ok()).map(|bytes| decode(&bytes).unwrap().serial).collect()
}

fn names(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(&place.folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn loaded(place: &Place) -> Option<u64> {
    FileStore::new(&place.file).unwrap().load().unwrap().map(|state| state.serial)
}

#[test]
fn three_earlier_generations_are_kept() {
    let (_folder, place) = after(WRITES_MAX);
    assert_eq!(serials(&place), [6, 5, 4, 3]);
    assert_eq!(names(&place), ["state.json", "state.json.1", "state.json.2", "state.json.3"]);
}

#[test]
fn a_crash_between_any_two_steps_leaves_the_old_state_or_the_new_one() {
    for writes in 0..WRITES_MAX {
        let (_folder, place) = after(writes);
        for cut in 0..=steps(&place).unwrap().len() {
            let (_folder, place) = after(writes);
            let steps = write(&place, writes + 1, |n, _| n < cut);
            let replaced = steps.iter().take(cut).any(|step| *step == Step::Replace);
            let expected = if replaced { writes + 1 } else { writes };
            assert_eq!(loaded(&place), (expected > 0).then_some(expected), "{writes} writes, cut at {cut}");
            goes_on(&place, expected);
        }
    }
}

/// After a crash the next process finds its way, and loses no generation that it could keep.
fn goes_on(place: &Place, serial: u64) {
    write(place, serial + 1, |_, _| true);
    assert_eq!(loaded(place), Some(serial + 1));
    let kept = serials(place);
    let distinct = kept.windows(2).all(|pair| pair[0] > pair[1]);
    assert!(distinct, "a generation twice: {kept:?}");
    assert_eq!(
        kept.len(),
        usize::try_from(serial + 1).unwrap().min(1 + GENERATIONS_MAX),
        "a generation lost: {kept:?}"
    );
    sweep(place);
    assert!(names(place).iter().all(|name| name.starts_with("state.json")), "{:?}", names(place));
}

/// A file system need not keep the order of a folder's changes until it is told to.
#[test]
fn a_loss_of_power_may_keep_any_of_the_folders_changes() {
    let is_folder_change = |step: &Step| matches!(step, Step::Age { .. } | Step::Link { .. } | Step::Replace);
    for writes in 1..WRITES_MAX {
        let (_folder, place) = after(writes);
        let steps = steps(&place).unwrap();
        let changes: Vec<usize> = (0..steps.len()).filter(|n| is_folder_change(&steps[*n])).collect();
        for kept in 0..1_u32 << changes.len() {
            let (_folder, place) = after(writes);
            let is_kept = |n| changes.iter().position(|change| *change == n).is_none_or(|bit| kept >> bit & 1 == 1);
            let steps = write(&place, writes + 1, |n, _| is_kept(n));
            let replaced = steps.iter().position(|step| *step == Step::Replace).is_some_and(is_kept);
            assert_eq!(loaded(&place), Some(if replaced { writes + 1 } else { writes }), "{writes} writes, {kept:b}");
        }
    }
}

#[test]
fn a_write_waits_for_the_disk_twice_and_before_it_counts() {
    for writes in 0..WRITES_MAX {
        let (_folder, place) = after(writes);
        let steps = steps(&place).unwrap();
        let is_sync = |step: &&Step| matches!(step, Step::SyncFile | Step::SyncFolder);
        assert_eq!(steps.iter().filter(is_sync).count(), 2);
        assert_eq!(steps[..3], [Step::Create, Step::Fill, Step::SyncFile]);
        assert_eq!(steps[steps.len() - 2..], [Step::Replace, Step::SyncFolder]);
        for step in &steps {
            // Nothing but `Replace` gives the state's name to another file, or takes it away.
            if let Step::Age { from, to } = step {
                assert!(*from != place.file && *to != place.file, "{step:?}");
            }
        }
    }
}

#[test]
fn generations_that_a_person_made_one_do_not_stop_a_write() {
    for one in [&[1, 2][..], &[2, 3], &[1, 3], &[1, 2, 3]] {
        let (_folder, place) = after(WRITES_MAX);
        for other in &one[1..] {
            fs::remove_file(place.generation(*other)).unwrap();
            fs::hard_link(place.generation(one[0]), place.generation(*other)).unwrap();
        }
        write(&place, WRITES_MAX + 1, |_, _| true);
        write(&place, WRITES_MAX + 2, |_, _| true);
        assert_eq!(serials(&place)[..3], [8, 7, 6], "{one:?} were one");
    }
}

#[test]
fn where_there_are_no_links_a_generation_is_a_copy() {
    let (_folder, place) = after(1);
    copy(&place, &place.generation(1)).unwrap();
    assert_eq!(fs::read(place.generation(1)).unwrap(), fs::read(&place.file).unwrap());
    assert_ne!(identity(&place.generation(1)).unwrap(), identity(&place.file).unwrap());
    assert_eq!(names(&place), ["state.json", "state.json.1"]);
}

#[test]
fn only_own_leftovers_are_swept() {
    let (_folder, place) = after(1);
    let others = [".other.json.abcdefgh.tmp", ".state.json.tmp", ".state.json.abcdefg.tmp"];
    for name in others.iter().chain(&[".state.json.aB3defgh.tmp"]) {
        fs::write(place.folder.join(name), b"half").unwrap();
    }
    fs::create_dir(place.folder.join(".state.json.abcdefgh.tmp")).unwrap();
    sweep(&place);
    let left = names(&place);
    assert!(!left.contains(&".state.json.aB3defgh.tmp".to_owned()), "{left:?}");
    assert_eq!(left.len(), 5, "{left:?}");
}

#[test]
fn a_failed_write_leaves_no_temporary_file() {
    let (_folder, place) = after(1);
    let bytes = encode(&state(2)).unwrap();
    let mut failed = Write::new(&place, &bytes);
    for step in [Step::Create, Step::Fill] {
        failed.perform(&step).unwrap();
    }
    assert_eq!(names(&place).len(), 2);
    drop(failed);
    assert_eq!(names(&place), ["state.json"]);
}
