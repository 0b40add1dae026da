//! Text from strangers, made safe to show.
//!
//! A server's answer can hold anything: escape sequences that rewrite a terminal, line breaks that forge a log line,
//! characters that turn the reading direction. What goes in here comes out as one line of visible characters.

use std::fmt::Write as _;

/// No message is worth more than this many characters. The longest that must stay whole is `jbr`'s own, of a host key that is not known: its
/// end is the line to add to `known_hosts`, with an RSA key of 4096 bits about 750 characters.
pub const PRINTABLE_LENGTH_MAX: usize = 1500;

/// The text as one line, control and direction characters spelled as `\u{…}`, cut at [`PRINTABLE_LENGTH_MAX`].
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(PRINTABLE_LENGTH_MAX));
    for (count, c) in text.chars().enumerate() {
        if count == PRINTABLE_LENGTH_MAX {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push(' '),
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// [`printable`] of bytes that may not be UTF-8.
#[must_use]
pub fn printable_bytes(bytes: &[u8]) -> String {
    let cut = bytes.len().min(PRINTABLE_LENGTH_MAX * 4);
    printable(String::from_utf8_lossy(&bytes[..cut]).trim())
}

/// Zero-width, direction and separator characters: they change what a reader sees without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_or_forges_a_line_comes_through() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\nc\\u{202e}d");
        assert_eq!(printable("Sauvegarde été"), "Sauvegarde été");
        assert_eq!(printable(&"x".repeat(2 * PRINTABLE_LENGTH_MAX)).chars().count(), PRINTABLE_LENGTH_MAX + 1);
        assert_eq!(printable_bytes(b" \xff\x07 "), "\u{fffd}\\u{7}");
    }
}
