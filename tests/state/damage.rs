//! The file and its generations, each damaged or whole: the newest that is whole is named, nothing is touched, and the way back is one.

use std::fs;
use std::path::{Path, PathBuf};

use jbr::state::store::{Generation, StoreError};

use crate::trouble::{after, follow, load, names};

/// How many files there are: the state and three generations. The state was written so often.
const FILES: u64 = 4;

/// What is done to a file's bytes.
type Damage = fn(&mut Vec<u8>);

/// What disks do to files.
const DAMAGES: [(&str, Damage); 8] = [
    ("empty", Vec::clear),
    ("truncated", |bytes| bytes.truncate(bytes.len() / 2)),
    ("its last line is missing", |bytes| bytes.truncate(bytes.len() - 2)),
    ("all zeros", |bytes| bytes.fill(0)),
    ("torn: its end is zeros", |bytes| {
        let half = bytes.len() / 2;
        bytes[half..].fill(0);
    }),
    ("torn: its beginning is zeros", |bytes| {
        let half = bytes.len() / 2;
        bytes[..half].fill(0);
    }),
    ("a bit is flipped", |bytes| {
        let at = bytes.len() - 20;
        bytes[at] ^= 4;
    }),
    ("another file's bytes", |bytes| *bytes = b"\x7fELF\x02\x01\x01 and so on".to_vec()),
];

fn file(path: &Path, n: u64) -> PathBuf {
    if n == 0 { path.to_owned() } else { path.with_file_name(format!("state.json.{n}")) }
}

fn contents(path: &Path) -> Vec<Vec<u8>> {
    (0..FILES).map(|n| fs::read(file(path, n)).unwrap()).collect()
}

#[test]
fn whichever_files_are_damaged_and_however_the_newest_whole_one_is_the_way_back() {
    let (folder, path) = after(FILES);
    let whole = contents(&path);
    for (kind, damage) in DAMAGES {
        for damaged in 0_u64..1 << FILES {
            for (n, bytes) in (0..).zip(&whole) {
                let mut bytes = bytes.clone();
                if damaged >> n & 1 == 1 {
                    damage(&mut bytes);
                }
                fs::write(file(&path, n), bytes).unwrap();
            }
            let (files, before) = (names(folder.path()), contents(&path));
            let loaded = load(&path);
            assert_eq!((names(folder.path()), contents(&path)), (files, before), "{kind}, {damaged:b}: it was touched");
            let newest = (0..FILES).find(|n| damaged >> n & 1 == 0);
            if newest == Some(0) {
                assert_eq!(loaded.unwrap().unwrap().serial, FILES, "{kind}, {damaged:b}");
            } else {
                check_refusal(&path, &loaded.unwrap_err(), newest);
            }
        }
    }
}

/// The message says what is damaged and which generation is whole, and what it says can be done.
fn check_refusal(path: &Path, error: &StoreError, newest: Option<u64>) {
    let message = error.to_string();
    let StoreError::Damaged { newest: named, .. } = error else { panic!("{message}") };
    assert!(message.contains("state.json is damaged: ") && message.contains("Nothing was changed"), "{message}");
    let expected = newest.map(|n| (file(path, n), FILES - n));
    assert_eq!(named.as_ref().map(|Generation { path, serial, .. }| (path.clone(), *serial)), expected, "{message}");
    assert!(message.contains("a backup that runs is still found"), "{message}");
    match expected {
        Some((_, serial)) => {
            follow(&message, "cp ");
            assert_eq!(load(path).unwrap().unwrap().serial, serial, "{message}");
        }
        None => assert!(message.contains("No earlier generation of it is whole"), "{message}"),
    }
}
