//! The state file: bytes to a state, back to bytes, and to what a person is shown of it.

use chrono::{DateTime, FixedOffset};
use jbr::printable::printable;
use jbr::render::style::Style;
use jbr::render::{self, Page, Zone};
use jbr::state::State;
use jbr::state::format::{FormatError, decode, encode};
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
    executions: 6000,
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
    let as_it_is = understood(input);
    // A checksum keeps nearly all of these out. What is behind it must hold as well: a program may have written it.
    match resealed(input) {
        Some(input) => format!("{as_it_is} / {}", understood(&input)),
        None => as_it_is,
    }
}

fn understood(input: &[u8]) -> String {
    match decode(input) {
        Ok(state) => {
            written_again(&state);
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

/// What was read can be written, and is then read as the same; what cannot be is refused before anything is touched.
fn written_again(state: &State) {
    match encode(state) {
        Ok(bytes) => {
            assert_eq!(decode(&bytes).as_ref(), Ok(state));
            assert_eq!(encode(state).unwrap(), bytes, "the same state is the same bytes");
        }
        Err(error) => panic!("it was read and cannot be written: {error}"),
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

/// The same with a checksum that is right, if there is anything to be right about.
fn resealed(input: &[u8]) -> Option<Vec<u8>> {
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
