//! The search finds what it is there for. A fuzzer that cannot fail proves nothing.

use std::hint::black_box;

use crate::engine::{Budget, MIB, Target, search};

/// A reader of `key=value` lines, with a fault.
const fn reader(name: &'static str, check: fn(&[u8]) -> String) -> Target {
    Target {
        name,
        dictionary: &["size=", "name=", "\n", "="],
        executions: 0,
        memory_base: MIB,
        memory_per_byte: 100,
        allocations_base: 1000,
        allocations_per_byte: 20,
        check,
    }
}

fn found(target: &Target) -> (Vec<u8>, String) {
    let corpus = vec![b"name=a\nsize=12\n".to_vec(), b"size=3\n".to_vec()];
    let failure = search(target, corpus, 1, &Budget::Executions(20_000)).err();
    failure.unwrap_or_else(|| panic!("{}: nothing was found", target.name))
}

fn sizes(input: &[u8]) -> Vec<u64> {
    let text = String::from_utf8_lossy(input);
    text.lines().filter_map(|line| line.strip_prefix("size=")?.parse().ok()).collect()
}

#[test]
fn an_overflow_behind_a_number_is_found_and_made_small() {
    let (input, what) = found(&reader("self-overflow", |input| {
        let sum = sizes(input).into_iter().try_fold(0_u64, u64::checked_add);
        sum.expect("the sizes overflow").min(3).to_string()
    }));
    assert!(what.contains("the sizes overflow"), "{what}");
    assert!(input.len() < 80, "{}", input.escape_ascii());
}

#[test]
fn memory_that_a_number_asks_for_is_found() {
    let (_, what) = found(&reader("self-memory", |input| {
        let bytes = usize::try_from(sizes(input).into_iter().max().unwrap_or(0)).unwrap_or(0).min(200_000_000);
        black_box(Vec::<u8>::with_capacity(bytes)).len().to_string()
    }));
    assert!(what.contains("bytes of memory"), "{what}");
}

#[test]
fn work_that_multiplies_is_found() {
    let (_, what) = found(&reader("self-work", |input| {
        let lines = input.split(|byte| *byte == b'\n').count();
        (0..lines * lines * lines).map(|n| black_box(vec![n]).len()).sum::<usize>().min(3).to_string()
    }));
    assert!(what.contains("allocations"), "{what}");
}

#[test]
fn a_rare_pair_of_words_is_found() {
    let (_, what) = found(&reader("self-pair", |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        assert!(!text.contains("name=size="), "a name that is a key");
        text.lines().count().min(5).to_string()
    }));
    assert!(what.contains("a name that is a key"), "{what}");
}
