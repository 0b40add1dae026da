//! The bytes: they bring back what was written, and nothing that was damaged is ever taken for a state.

use std::path::Path;

use jbr::jetbackup::facts::GroupStatus;
use jbr::state::State;
use jbr::state::format::{FILE_SIZE_MAX_BYTES, FORMAT, FormatError, decode, encode};
use proptest::prelude::*;

use crate::{arbitrary, example};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn what_was_written_is_read(state in arbitrary::state()) {
        let bytes = encode(&state).unwrap();
        prop_assert_eq!(&encode(&state.clone()).unwrap(), &bytes, "the same state is the same bytes");
        prop_assert_eq!(decode(&bytes).unwrap(), state);
    }

    #[test]
    fn strangers_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(decode(&bytes).is_err());
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state").join(name)).unwrap()
}

/// Written once by `encode` and never again: whoever has such a file must be able to go on from it for ever.
#[test]
fn a_file_of_format_1_loads_for_ever() {
    assert_eq!(decode(&fixture("v1.json")).unwrap(), example::full());
    assert_eq!(decode(&fixture("v1-unreachable.json")).unwrap(), example::other());
    assert_eq!(decode(&fixture("v1-held.json")).unwrap(), example::held());
    assert_eq!(decode(&fixture("v1-scheduled.json")).unwrap(), example::scheduled());
}

#[test]
fn every_format_that_was_ever_written_has_its_fixture() {
    for format in 1..=FORMAT {
        let state = decode(&fixture(&format!("v{format}.json"))).unwrap();
        assert!(
            state.run.is_some() && !state.jobs.is_empty() && !state.history.is_empty(),
            "v{format}.json says too little"
        );
    }
}

/// The format that is written is the one of the fixture, to the byte; a change of it is a new format.
#[test]
fn what_is_written_today_is_format_1() {
    for (state, name) in [
        (example::full(), "v1.json"),
        (example::other(), "v1-unreachable.json"),
        (example::held(), "v1-held.json"),
        (example::scheduled(), "v1-scheduled.json"),
    ] {
        assert_eq!(String::from_utf8(encode(&state).unwrap()), String::from_utf8(fixture(name)), "{name}");
    }
}

#[test]
fn a_file_from_the_future_is_refused_unread() {
    let error = decode(&fixture("future.json")).unwrap_err();
    assert_eq!(error, FormatError::Newer { found: FORMAT + 1 });
    assert_eq!(error.to_string(), "it was written by a newer jbr (format 2); this one reads up to 1");
}

#[test]
fn a_file_that_ends_early_is_refused_at_every_length() {
    let bytes = encode(&example::small()).unwrap();
    // The last byte is a line break, which says nothing.
    for length in 0..bytes.len() - 1 {
        assert!(decode(&bytes[..length]).is_err(), "{length} of {} bytes were taken for a state", bytes.len());
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let bytes = encode(&example::small()).unwrap();
    for (place, bit) in (0..bytes.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << bit;
        assert!(decode(&flipped).is_err(), "byte {place} bit {bit}");
    }
}

#[test]
fn every_value_of_every_byte_is_noticed() {
    let state = example::small();
    let bytes = encode(&state).unwrap();
    let checked = find(&bytes, b"\"state\": ") + b"\"state\": ".len()..bytes.len() - b"\n}\n".len();
    for (place, value) in (0..bytes.len()).flat_map(|place| (0..=255).map(move |value| (place, value))) {
        let mut changed = bytes.clone();
        changed[place] = value;
        match decode(&changed) {
            Ok(read) => {
                assert!(read == state && (value == bytes[place] || !checked.contains(&place)), "{place} {value}");
            }
            Err(error) => assert_ne!(value, bytes[place], "{error}"),
        }
    }
}

/// What a power cut leaves on some file systems: the right length, and zeros.
#[test]
fn a_zeroed_block_is_refused() {
    let bytes = encode(&example::full()).unwrap();
    for start in (0..bytes.len()).step_by(512) {
        let mut zeroed = bytes.clone();
        let end = (start + 512).min(bytes.len());
        zeroed[start..end].fill(0);
        assert!(decode(&zeroed).is_err(), "block at {start}");
    }
    assert!(decode(&vec![0; bytes.len()]).is_err());
    assert_eq!(decode(b""), Err(FormatError::Empty));
    assert_eq!(decode(&vec![b' '; FILE_SIZE_MAX_BYTES + 1]), Err(FormatError::TooLarge));
}

/// The state's value replaced, under a checksum that is right: as a program would write that is not this one.
fn with_state(change: impl Fn(&str) -> String) -> Result<State, FormatError> {
    use sha2::Digest as _;
    let text = String::from_utf8(encode(&example::full()).unwrap()).unwrap();
    let start = find(text.as_bytes(), b"\"state\": ") + b"\"state\": ".len();
    let old = &text[start..text.len() - b"\n}\n".len()];
    let new = change(old);
    assert_ne!(old, new, "nothing was changed");
    let digest =
        sha2::Sha256::digest(new.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    decode(format!("{{ \"format\": 1, \"checksum\": \"sha256:{digest}\", \"state\": {new} }}").as_bytes())
}

fn find(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).position(|window| window == what).unwrap()
}

#[test]
fn what_format_1_does_not_know_is_refused_by_name() {
    for (old, new, says) in [
        ("\"serial\"", "\"colour\": 1, \"serial\"", "unknown field `colour`"),
        ("\"serial\": 17", "\"serial\": 17, \"serial\": 18", "duplicate field `serial`"),
        ("\"overdue\": false,", "", "missing field `overdue`"),
        ("\"last_success\": null,", "", "missing field `last_success`"),
        ("\"tries\": 2", "\"tries\": 2, \"colour\": 1", "unknown field `colour`"),
        ("\"opening\"", "\"ajar\"", "unknown variant `ajar`"),
        ("\"serial\": 17", "\"serial\": -1", "invalid value"),
        ("server2/databases", "server2", "is not an address"),
        ("2026-11-23T02:00:00Z", "yesterday", "\\\"yesterday\\\" is not a time"),
        ("14400", "\"4h\"", "\"4h\" is not a number of seconds"),
        ("6503eec8ebbf07708d06f1d2", "$(id)", "is not a JetBackup id"),
    ] {
        let error = with_state(|text| text.replacen(old, new, 1)).unwrap_err();
        let FormatError::Content(what) = &error else { panic!("{old} -> {new}: {error}") };
        assert!(what.contains(&says.replace('\\', "")), "{old} -> {new}: {error}");
    }
}

#[test]
fn an_envelope_with_more_or_less_is_refused() {
    let text = String::from_utf8(encode(&example::small()).unwrap()).unwrap();
    for (old, new) in [
        ("\"format\": 1,", "\"format\": 1, \"colour\": 1,"),
        ("\"format\": 1,", ""),
        ("\"format\": 1,", "\"format\": \"1\","),
        ("\"format\": 1,", "\"format\": 0,"),
        ("\"format\": 1,", "\"format\": 1, \"format\": 1,"),
        ("sha256:", "SHA256:"),
        ("\n}\n", "\n}\n}"),
    ] {
        assert!(text.contains(old));
        assert!(decode(text.replacen(old, new, 1).as_bytes()).is_err(), "{old} -> {new}");
    }
}

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let far = chrono::DateTime::from_timestamp(300_000_000_000, 0).unwrap();
    let mut state = example::full();
    // A status that no server's number stands for would come back as another one.
    let confirming = example::confirming_with(GroupStatus::Other(1));
    state.run.as_mut().unwrap().journal.entry_mut(&"server1/confirming".parse().unwrap()).phase = confirming;
    assert!(matches!(encode(&state), Err(FormatError::NotReversible(_))));

    let mut state = example::full();
    // A run's id of the year 11476 has a sign in it, which no id may have.
    state.history[0].id = jbr::names::RunId::new(far, 1);
    assert!(matches!(encode(&state), Err(FormatError::NotReversible(_))));
}

/// So that a night's writes can be counted: the numbers stand in docs/state.md.
#[test]
fn a_remembered_item_takes_less_than_half_a_kilobyte() {
    let mut state = example::full();
    let before = encode(&state).unwrap().len();
    let item = state.history[0].items[0].clone();
    state.history[0].items.extend(std::iter::repeat_n(item, 100));
    let each = (encode(&state).unwrap().len() - before) / 100;
    assert!((200..500).contains(&each), "{each} bytes");
}
