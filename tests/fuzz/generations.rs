//! The state's file and its generations, each damaged in its own way: refused with a way back that is one, or believed whole.

use std::fs;
use std::path::Path;

use jbr::clock::Timestamp;
use jbr::state::format::decode;
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, GENERATIONS_MAX, Store as _, StoreError};

use crate::engine::{MIB, Target, run};

/// Between the file and its generations, newest first.
const BETWEEN_FILES: &[u8] = b"\n%%\n";

/// In the place of a file that is not there.
const NOT_THERE: &[u8] = b"%none";

const TARGET: Target = Target {
    name: "generations",
    dictionary: &[
        "\n%%\n",
        "%none",
        "\"format\": 2",
        "\"format\": 1",
        "\0\0\0\0",
        "\"serial\": 3",
        "sha256:",
        "{",
        "}",
        "\n",
    ],
    executions: 3000,
    memory_base: MIB,
    memory_per_byte: 100,
    allocations_base: 20_000,
    allocations_per_byte: 200,
    check,
};

#[test]
fn any_generations() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let files = files(input);
    for (n, content) in files.iter().enumerate().filter(|(_, content)| **content != NOT_THERE) {
        fs::write(name(&path, n), content).unwrap();
    }
    let mut store = FileStore::new(&path).unwrap();
    store.lock(&Holder::this_process("fuzz", Timestamp::UNIX_EPOCH)).unwrap();
    let outcome = match store.load() {
        Ok(None) => {
            assert!(files.iter().all(|content| *content == NOT_THERE), "something was there");
            "nothing".to_owned()
        }
        Ok(Some(state)) => {
            assert_eq!(decode(files[0]), Ok(state));
            "a state".to_owned()
        }
        Err(error) => refused(&error, &path, &files),
    };
    for (n, content) in files.iter().enumerate() {
        let there = fs::read(name(&path, n)).ok();
        assert_eq!(there.as_deref().unwrap_or(NOT_THERE), *content, "reading changed generation {n}");
    }
    outcome
}

/// As many as there can be; what is missing is not there.
fn files(input: &[u8]) -> Vec<&[u8]> {
    let mut files = Vec::new();
    let mut rest = Some(input);
    while files.len() <= GENERATIONS_MAX {
        let Some(input) = rest else {
            files.push(NOT_THERE);
            continue;
        };
        let end = input.windows(BETWEEN_FILES.len()).position(|window| window == BETWEEN_FILES);
        files.push(&input[..end.unwrap_or(input.len())]);
        rest = end.map(|end| &input[end + BETWEEN_FILES.len()..]);
    }
    files
}

fn name(path: &Path, generation: usize) -> std::path::PathBuf {
    if generation == 0 { path.to_owned() } else { path.with_file_name(format!("state.json.{generation}")) }
}

/// The newest generation that is whole is named, no other; nothing that is damaged is ever believed.
fn refused(error: &StoreError, path: &Path, files: &[&[u8]]) -> String {
    let text = error.to_string();
    assert!(!text.contains(char::is_control), "{text:?}");
    let newest = match error {
        StoreError::Newer { .. } => return "newer".to_owned(),
        StoreError::Damaged { newest, .. } => {
            assert!(decode(files[0]).is_err());
            newest
        }
        StoreError::Missing { newest, .. } => {
            assert_eq!(files[0], NOT_THERE);
            newest
        }
        other => panic!("{other}"),
    };
    let whole = (1..files.len()).find_map(|n| Some((n, decode(files[n]).ok()?)));
    assert_eq!(
        newest.as_ref().map(|newest| newest.path.clone()),
        whole.as_ref().map(|(n, _)| name(path, *n)),
        "{text}"
    );
    match whole {
        Some((n, state)) => {
            assert!(
                text.contains(&format!("state.json.{n}")) && text.contains(&format!("serial {}", state.serial)),
                "{text}"
            );
            format!("generation {n} after {}", error_name(error))
        }
        None => format!("no generation after {}", error_name(error)),
    }
}

fn error_name(error: &StoreError) -> String {
    format!("{error:?}").chars().take_while(char::is_ascii_alphabetic).collect()
}
