//! Characters that nobody sees, in text whose byte offsets must stay what they are.

use crate::printable::printable;

/// The first character that has no place in a plan, with its byte offset: controls other than tabs and line ends, and
/// what changes the reading direction. A byte order mark is allowed at the very start.
pub(super) fn first_invisible(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(at, c)| match c {
        '\n' | '\t' => false,
        '\r' => !text[at + 1..].starts_with('\n'),
        '\u{feff}' => *at != 0,
        c => !is_visible(*c),
    })
}

/// The character itself if it is harmless, otherwise a visible one of the same length in bytes.
pub(super) fn stand_in(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\r' => ' ',
        c if is_visible(c) => c,
        c => placeholder(c),
    }
}

/// A visible character of the same length in bytes that says nothing of the original.
pub(super) fn mask(c: char) -> char {
    match c {
        '\n' => c,
        c if c.is_ascii() => '*',
        c => placeholder(c),
    }
}

fn placeholder(c: char) -> char {
    match c.len_utf8() {
        1 => '?',
        2 => '\u{bf}',
        3 => '\u{fffd}',
        _ => '\u{1f5d9}',
    }
}

/// `printable` is the judge: what it would spell out cannot be seen.
fn is_visible(c: char) -> bool {
    c.is_ascii_graphic() || c == ' ' || printable(c.encode_utf8(&mut [0; 4])).chars().eq([c])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_tabs_and_letters_are_visible_and_the_rest_is_not() {
        assert_eq!(first_invisible("\u{feff}a: é\r\n\tb: 日\n"), None);
        for (text, at) in
            [("a\rb", 1), ("a\u{0}", 1), ("é\u{202e}", 2), ("a\u{feff}", 1), ("a\u{85}", 1), ("\u{1b}", 0)]
        {
            assert_eq!(first_invisible(text).map(|(at, _)| at), Some(at), "{text:?}");
        }
    }

    #[test]
    fn a_stand_in_has_the_length_of_the_original() {
        for c in ['a', '\u{1b}', '\u{85}', '\u{202e}', '\u{e0041}', '\r', 'é'] {
            assert_eq!(stand_in(c).len_utf8(), c.len_utf8());
            assert_eq!(mask(c).len_utf8(), c.len_utf8());
        }
    }
}
