//! docs/state.md is true: every key and every word is in it, and its example is a state.

use std::collections::BTreeSet;

use jbr::state::format::{decode, encode};
use jbr::state::lock::Holder;
use serde_json::Value;

use crate::example;

/// Under these keys the keys are names of servers and jobs, not words of the format.
const KEYED: [&str; 3] = ["jobs", "holds", "entries"];

/// Under these keys a text is a word of the format, not somebody's name.
const WORDED: [&str; 6] = ["on_timeout", "phase", "answer", "verdict", "state", "end"];

fn page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/state.md")).unwrap()
}

fn collect(value: &Value, words: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, words)),
        Value::Object(map) => {
            for (key, value) in map {
                words.insert(key.clone());
                let is_servers = key == "unreachable" && value.get("why").is_none();
                match value {
                    Value::String(word) if WORDED.contains(&key.as_str()) => {
                        words.insert(word.clone());
                    }
                    Value::Object(named) if KEYED.contains(&key.as_str()) || is_servers => {
                        named.values().for_each(|value| collect(value, words));
                    }
                    value => collect(value, words),
                }
            }
        }
        _ => {}
    }
}

/// Every key and word that the format can write.
fn words() -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for state in [example::full(), example::other(), example::held(), example::scheduled()] {
        collect(&serde_json::from_slice(&encode(&state).unwrap()).unwrap(), &mut words);
    }
    words
}

#[test]
fn every_key_and_word_is_named() {
    let (page, words) = (page(), words());
    assert!(words.len() > 80, "they were not found: {words:?}");
    let missing: Vec<&String> = words.iter().filter(|word| !page.contains(&format!("`{word}`"))).collect();
    assert_eq!(missing, [""; 0], "not in docs/state.md");
}

#[test]
fn every_key_of_the_lock_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let _lock = jbr::state::lock::take(&state, &Holder::this_process("apply", example::at(0))).unwrap();
    let content: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("state.json.lock")).unwrap()).unwrap();
    for key in content.as_object().unwrap().keys() {
        assert!(page().contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn the_example_is_a_state() {
    let page = page();
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert_eq!(example, String::from_utf8(encode(&example::documented()).unwrap()).unwrap());
    assert_eq!(decode(example.as_bytes()).unwrap(), example::documented());
}

#[test]
fn its_numbers_are_those_of_the_code() {
    use jbr::state::{HISTORY_MAX, format::FILE_SIZE_MAX_BYTES, record::DURATIONS_MAX, store::GENERATIONS_MAX};
    let (page, mib) = (page(), FILE_SIZE_MAX_BYTES / 1024 / 1024);
    for says in [
        format!("{mib} MiB"),
        format!("the last {HISTORY_MAX} runs"),
        format!("the last {DURATIONS_MAX} good backups"),
        format!("`state.json.1` to `state.json.{GENERATIONS_MAX}`"),
    ] {
        assert!(page.contains(&says), "{says}");
    }
}
