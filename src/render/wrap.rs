//! Text broken into lines, and text cut to a width. A width is in characters: names of jobs, servers and ids are ASCII,
//! and what a server says in wider ones is at worst cut a little late.

/// What begins with a backtick and is longer than this is no command.
const COMMAND_MAX: usize = 30;

/// The text in lines of at most `width` characters, broken between words; a word that is longer is broken itself.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in words(text) {
        let mut word: Vec<char> = word.chars().collect();
        if used > 0 && used + 1 + word.len() > width {
            lines.push(String::new());
            used = 0;
        }
        while word.len() > width {
            let rest = word.split_off(width);
            push(&mut lines, &mut used, &word);
            lines.push(String::new());
            used = 0;
            word = rest;
        }
        push(&mut lines, &mut used, &word);
    }
    lines
}

/// The words of a text; a command between backticks is one word, because it is there to be copied.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match words.last_mut() {
            Some(last) if last.len() < COMMAND_MAX && last.matches('`').count() % 2 == 1 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

fn push(lines: &mut [String], used: &mut usize, word: &[char]) {
    let Some(line) = lines.last_mut() else { return };
    if *used > 0 {
        line.push(' ');
        *used += 1;
    }
    line.extend(word);
    *used += word.len();
}

/// The text, or its beginning with `…` at the end, in at most `width` characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_the_width_and_no_word_is_lost() {
        let check = |text: &str, width: usize, expected: &[&str]| assert_eq!(wrap(text, width), expected, "{text:?}");
        check("", 10, &[""]);
        check("one two three", 7, &["one two", "three"]);
        check("abcdefghij", 4, &["abcd", "efgh", "ij"]);
        check("x abcdefgh y", 4, &["x", "abcd", "efgh", "y"]);
        check("declare `keep: closed`, then", 16, &["declare", "`keep: closed`,", "then"]);
        let lone = wrap("a lone ` in a text, which goes on for long, makes no command of it all", 40);
        assert_eq!(lone.len(), 2, "{lone:?}");
    }

    #[test]
    fn what_is_cut_says_so() {
        assert_eq!(cut("Sauvegarde été", 14), "Sauvegarde été");
        assert_eq!(cut("Sauvegarde été", 12), "Sauvegarde …");
    }
}
