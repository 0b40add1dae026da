//! The state file: bytes to a state, back to bytes, and to what a person is shown of it.

use std::ops::Range;

use chrono::{DateTime, FixedOffset};
use jbr::printable::printable;
use jbr::render::style::Style;
use jbr::render::{self, Page, Zone};
use jbr::state::State;
use jbr::state::format::{FormatError, decode, encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::engine::{MIB, Target, run};

const TARGET: Target = Target {
    name: "state",
    dictionary: &[
        "\"format\": 1",
        "\"format\": 2",
        "\"checksum\": ",
        "\"sha256:",
        "\"state\": ",
        "\"lineage\": ",
        "\"serial\": ",
        "\"run\": null",
        "\"jobs\": {}",
        "\"opened\": []",
        "\"history\": []",
        "\"phase\": \"queued\"",
        "\"preparing\"",
        "\"triggered\"",
        "\"running\"",
        "\"confirming\"",
        "\"done\"",
        "\"baseline\": null",
        "\"answer\": \"none\"",
        "\"accepted\"",
        "\"refused\"",
        "\"completed\"",
        "\"lost\"",
        "{\"unknown_status\": 107}",
        "{ \"left_open\": { \"why\": \"x\" } }",
        "\"hold\"",
        "\"since\": ",
        "\"2026-11-23T02:00:00Z\"",
        "\"+262142-12-31T23:59:59.999999999Z\"",
        "\"-262143-01-01T00:00:00Z\"",
        "\"0000-01-01T00:00:00Z\"",
        "\"2016-12-31T23:59:60Z\"",
        "18446744073709551615.999999999",
        "server1/accounts",
        "\"aaaaaaaaaaaaaaaaaaaaaaaa\"",
        "null",
        "true",
        "false",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\u001b",
        "\\ud800",
        "\\",
        " ",
        "\n",
    ],
    executions: 30_000,
    memory_base: MIB,
    memory_per_byte: 100,
    allocations_base: 20_000,
    allocations_per_byte: 100,
    check,
};

#[test]
fn any_state() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    let sealed = sealed(input);
    let as_it_is = understood(input);
    if decode(input).is_ok() {
        let digest = sealed.as_ref().map(|sealed| sealed[SEAL].to_vec()).unwrap();
        assert!(input.windows(digest.len()).any(|window| window == digest), "believed without its checksum");
    }
    // A checksum keeps nearly all of these out. What is behind it must hold as well: a program may have written it.
    match sealed {
        Some(input) => format!("{as_it_is} / {}", understood(&input)),
        None => as_it_is,
    }
}

fn understood(input: &[u8]) -> String {
    match decode(input) {
        Ok(state) => {
            written_again(&state, input);
            shown(&state);
            format!("a state with {} entries", state.run.map_or(0, |run| run.journal.entries.len()))
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains(char::is_control), "{text:?}");
            kind(&error, &text)
        }
    }
}

/// What was read is written with the same keys, and is then read as the same.
fn written_again(state: &State, input: &[u8]) {
    let bytes = encode(state).unwrap_or_else(|error| panic!("it was read and cannot be written: {error}"));
    assert_eq!(decode(&bytes).as_ref(), Ok(state));
    assert_eq!(encode(state).unwrap(), bytes, "the same state is the same bytes");
    let [read, written] = [input, &bytes].map(|bytes| serde_json::from_slice::<Value>(bytes).unwrap());
    same_shape(&read["state"], &written["state"]);
}

/// A value may be written in another way, but none may be lost or made up.
fn same_shape(read: &Value, written: &Value) {
    match (read, written) {
        (Value::Object(read), Value::Object(written)) => {
            assert!(read.keys().eq(written.keys()), "{read:?} became {written:?}");
            read.values().zip(written.values()).for_each(|(read, written)| same_shape(read, written));
        }
        (Value::Array(read), Value::Array(written)) => {
            // Some lists are sets: what stands there twice is written once.
            assert!(
                written.len() <= read.len() && written.is_empty() == read.is_empty(),
                "{read:?} became {written:?}"
            );
        }
        (read, written) => assert_eq!(read.is_null(), written.is_null(), "{read} became {written}"),
    }
}

/// Everything that `jbr state` prints, on the narrowest and the widest page and in the zones that are farthest apart.
fn shown(state: &State) {
    let now = DateTime::from_timestamp(1_795_399_200, 0).unwrap();
    for (width, hours) in [(0, -12), (999, 14)] {
        let page = Page::new(width, Style::Plain, Zone::Fixed(FixedOffset::east_opt(hours * 3600).unwrap()));
        for text in [render::state::show(state, now, &page), render::history::history(state, now, &page)] {
            let odd = text.chars().find(|c| *c != '\n' && !printable(&c.to_string()).chars().eq([*c]));
            assert_eq!(odd, None, "{text:?}");
        }
    }
    let jsons = [
        render::state_json::show_json(state, now),
        render::state_json::list_json(state),
        render::state_json::history_json(state),
    ];
    for json in jsons {
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
    let _ = (render::state::list(state), state.opened());
}

/// Where [`sealed`] puts the digits of the checksum.
const SEAL: Range<usize> = 35..99;

/// The same with a checksum that is right, if there is anything to be right about.
fn sealed(input: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(input).ok()?;
    let (_, state) = text.split_once("\"state\":")?;
    let state = state.trim_start();
    let end = state.rfind('}')?;
    let state = state[..end].trim_end();
    let digest = Sha256::digest(state.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    Some(format!("{{ \"format\": 1, \"checksum\": \"sha256:{digest}\", \"state\": {state} }}").into_bytes())
}

/// What an error is about, without values and places.
fn kind(error: &FormatError, text: &str) -> String {
    let name: String = format!("{error:?}").chars().take_while(char::is_ascii_alphabetic).collect();
    let words = text.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let words: String = words.split('"').step_by(2).collect::<Vec<_>>().join("");
    let words = words.split(" at line ").next().unwrap_or_default();
    format!("{name} {}", words.chars().filter(|c| !c.is_ascii_digit()).take(100).collect::<String>())
}
