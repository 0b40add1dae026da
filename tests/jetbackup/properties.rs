//! What must hold for any bytes.

use jbr::jetbackup::reply::{self, Envelope, Node, ReplyError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::scripted::{fixture, stdout};

const FIXTURES: [&str; 7] = [
    "jobs-numbers.json",
    "jobs-wandered.json",
    "groups-all-states.json",
    "destinations.json",
    "logs.json",
    "performance.json",
    "warnings-first.txt",
];

fn success(bytes: Vec<u8>) -> bool {
    Envelope::read("f", &stdout(bytes)).and_then(Envelope::into_data).is_ok()
}

/// Every reading of one value; what they say does not matter, only that they say it.
fn read_as_everything(value: &Value) {
    let node = Node::new("f", "data", value);
    let results = [
        reply::jobs(&node).map(drop),
        reply::groups(&node).map(drop),
        reply::destinations(&node).map(drop),
        reply::logs(&node).map(drop),
        reply::job(&node).map(drop),
        reply::group(&node).map(drop),
        reply::log_text(&node).map(drop),
        reply::destination(&node).map(drop),
        reply::log(&node).map(drop),
        reply::performance(&node).map(drop),
    ];
    for error in results.into_iter().filter_map(Result::err) {
        let ReplyError::Garbled { message, .. } = error else { panic!("{error} without a verdict") };
        assert!(!message.chars().any(char::is_control), "{message:?}");
        assert!(message.chars().count() <= 401, "{message}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z0-9_]{0,4}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

#[test]
fn no_beginning_of_an_answer_is_a_success() {
    for name in FIXTURES {
        let whole = fixture(name);
        let end = whole.trim_ascii_end().len();
        assert!(success(whole[..end].to_vec()), "{name}");
        for cut in 0..end {
            assert!(!success(whole[..cut].to_vec()), "{name} cut after {cut} bytes");
        }
    }
}

#[test]
fn no_end_of_an_answer_is_a_success() {
    for name in FIXTURES.iter().filter(|name| **name != "warnings-first.txt") {
        let whole = fixture(name);
        for cut in 1..whole.len() {
            assert!(!success(whole[cut..].to_vec()), "{name} without its first {cut} bytes");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Envelope::read("f", &stdout(bytes));
    }

    #[test]
    fn bytes_that_look_like_json_are_read_without_a_panic(text in "[{}\\[\\]\":,01a\\\\ \n]{0,80}") {
        if let Ok(envelope) = Envelope::read("f", &stdout(text)) {
            let _ = envelope.into_data();
        }
    }

    #[test]
    fn any_value_is_read_without_a_panic(value in any_json()) {
        read_as_everything(&value);
    }

    #[test]
    fn a_wandered_field_of_a_row_is_read_without_a_panic(key in 0..12_usize, value in any_json()) {
        let keys = ["_id", "name", "type", "destination", "disabled", "schedules", "status", "data", "progress", "info",
            "created", "execution_time"];
        let mut row = json!({"_id": "a", "name": "n", "type": 1, "destination": [], "disabled": 0, "schedules": [],
            "status": 2});
        row[keys[key]] = value;
        read_as_everything(&row);
        read_as_everything(&json!({"total": 1, "groups": [row], "jobs": [row], "logs": [row], "destinations": [row]}));
    }

    #[test]
    fn warnings_before_an_answer_are_overlooked(lines in prop::collection::vec("[^{\n]{0,40}[a-z0-9.>]", 0..5)) {
        let mut bytes = lines.join("\n").into_bytes();
        bytes.extend_from_slice(b"\n{\"success\":1,\"data\":[]}\n");
        prop_assert!(success(bytes));
    }

    #[test]
    fn an_object_before_an_answer_is_never_overlooked(before in ".{0,20}\\{ ?\".{0,20}") {
        let mut bytes = before.into_bytes();
        bytes.extend_from_slice(b"\n{\"success\":1,\"data\":[]}\n");
        prop_assert!(!success(bytes));
    }

    #[test]
    fn anything_behind_an_answer_spoils_it(after in ".{0,20}[^ \t\r\n].{0,20}") {
        let spoiled = format!("{{\"success\":1,\"data\":[]}}{after}");
        let blank = after.trim_matches([' ', '\t', '\r', '\n', '\x0c']).is_empty();
        prop_assert_eq!(success(spoiled.into_bytes()), blank);
    }
}
