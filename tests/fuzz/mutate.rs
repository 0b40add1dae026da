//! Inputs out of inputs: what a careless hand, a broken disk, a cut line or somebody with bad intentions makes of them.

use crate::dice::Dice;

/// A mutated input is cut here: most of what there is to find is in small ones, and small ones are quick.
pub(crate) const LENGTH_MAX: usize = 16 * 1024;

/// How many changes one mutation is at most.
const CHANGES_MAX: usize = 5;

/// How often a piece is repeated at most: more than any limit on nesting or aliases.
const REPEATS_MAX: usize = 200;

/// Numbers at the edges of what programs take for numbers.
const NUMBERS: [&str; 30] = [
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "100",
    "104",
    "127",
    "255",
    "65535",
    "65536",
    "2147483647",
    "-2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "1e308",
    "1e999",
    "-1e-999",
    "0.1",
    "0x1F",
    "010",
    "1_000",
    "00000000000000000000000000000001",
    "99999999999999999999999999999999999999999999999999",
];

/// Bytes that formats are afraid of.
const BYTES: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\r",
    b"\t",
    b"\x1b[2J",
    b"\x7f",
    "\u{202e}".as_bytes(),
    "\u{85}".as_bytes(),
    "é".as_bytes(),
    "\u{1f980}".as_bytes(),
    b"\\u0000",
    b"\n\n",
];

/// A mutation of one of `pool`, with the words of its format.
pub(crate) fn mutate(pool: &[Vec<u8>], dictionary: &[&str], dice: &mut Dice) -> Vec<u8> {
    let mut input = pool[dice.below(pool.len())].clone();
    for _ in 0..=dice.below(CHANGES_MAX) {
        let other = &pool[dice.below(pool.len())];
        change(&mut input, other, dictionary, dice);
        input.truncate(LENGTH_MAX);
    }
    input
}

fn change(input: &mut Vec<u8>, other: &[u8], dictionary: &[&str], dice: &mut Dice) {
    match dice.below(16) {
        0 => flip(input, dice),
        1 => {
            let at = dice.below(input.len() + 1);
            input.truncate(at);
        }
        2 => put(input, dice.pick(dictionary).as_bytes(), dice),
        3 => replace_word(input, dice.pick(dictionary).as_bytes(), dice),
        4 => replace_number(input, dice),
        5 => put(input, dice.pick(&BYTES), dice),
        6 => drop(input.drain(dice.range(input.len()))),
        7 => splice(input, other, dice),
        8 => put(input, &other[dice.range(other.len())], dice),
        9 => repeat(input, dice),
        10 => duplicate_line(input, dice),
        11 => swap_lines(input, dice),
        12 => remove_piece(input, b'\n', dice),
        13 => remove_piece(input, b',', dice),
        14 => {
            let word = words(other);
            let word = if word.is_empty() { 0..0 } else { word[dice.below(word.len())].clone() };
            replace_word(input, &other[word], dice);
        }
        _ => {
            if let Some(at) = (!input.is_empty()).then(|| dice.below(input.len())) {
                input[at] = dice.byte();
            }
        }
    }
}

fn flip(input: &mut [u8], dice: &mut Dice) {
    if !input.is_empty() {
        let at = dice.below(input.len());
        input[at] ^= 1 << dice.below(8);
    }
}

/// Puts a piece in, at times instead of another.
fn put(input: &mut Vec<u8>, piece: &[u8], dice: &mut Dice) {
    let mut range = dice.range(input.len());
    if dice.below(2) == 0 {
        range.end = range.start;
    }
    input.splice(range, piece.iter().copied());
}

fn replace_word(input: &mut Vec<u8>, with: &[u8], dice: &mut Dice) {
    let words = words(input);
    if !words.is_empty() {
        let word = words[dice.below(words.len())].clone();
        input.splice(word, with.iter().copied());
    }
}

fn replace_number(input: &mut Vec<u8>, dice: &mut Dice) {
    let numbers = runs(input, |byte| byte.is_ascii_digit());
    if !numbers.is_empty() {
        let number = numbers[dice.below(numbers.len())].clone();
        input.splice(number, dice.pick(&NUMBERS).bytes());
    }
}

/// The beginning of one and the end of another.
fn splice(input: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    input.truncate(at);
    input.extend_from_slice(&other[dice.below(other.len() + 1)..]);
}

/// One piece many times: what nests and what multiplies is found like this.
fn repeat(input: &mut Vec<u8>, dice: &mut Dice) {
    let range = dice.range(input.len());
    let many = if dice.below(8) == 0 { REPEATS_MAX } else { 4 };
    let times = (1 + dice.below(many)).min(LENGTH_MAX / (range.len() + 1));
    let repeated = input[range.clone()].repeat(times);
    input.splice(range.start..range.start, repeated);
}

fn duplicate_line(input: &mut Vec<u8>, dice: &mut Dice) {
    let lines = lines(input);
    let line = input[lines[dice.below(lines.len())].clone()].to_vec();
    let at = lines[dice.below(lines.len())].start;
    input.splice(at..at, line);
}

/// A line, or an element of a list: what is missing must be noticed.
fn remove_piece(input: &mut Vec<u8>, end: u8, dice: &mut Dice) {
    let ends: Vec<usize> = (0..input.len()).filter(|at| input[*at] == end).collect();
    let last = dice.below(ends.len() + 1);
    let start = last.checked_sub(1).map_or(0, |before| ends[before] + 1);
    input.drain(start..ends.get(last).map_or(input.len(), |end| end + 1));
}

fn swap_lines(input: &mut Vec<u8>, dice: &mut Dice) {
    let lines = lines(input);
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    let mut order: Vec<_> = lines.clone();
    order.swap(one, other);
    *input = order.into_iter().flat_map(|line| input[line].to_vec()).collect();
}

/// The lines with their ends; at least one, which may be empty.
fn lines(input: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    let mut lines: Vec<_> = input
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            start += line.len();
            start - line.len()..start
        })
        .collect();
    if lines.is_empty() {
        lines.push(0..0);
    }
    lines
}

fn words(input: &[u8]) -> Vec<std::ops::Range<usize>> {
    runs(input, |byte| byte.is_ascii_alphanumeric() || b"_.-+".contains(&byte))
}

/// The runs of bytes of one kind.
fn runs(input: &[u8], is_in: impl Fn(u8) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    let mut start = None;
    for (at, byte) in input.iter().enumerate() {
        match (start, is_in(*byte)) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                runs.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    runs.extend(start.map(|from| from..input.len()));
    runs
}
