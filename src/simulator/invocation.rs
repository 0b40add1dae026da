//! A command line of `jetbackup5api`, understood.

use serde::{Deserialize, Serialize};

use super::query::Query;

/// Which of several `-D` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeptData {
    /// The first.
    First,
    /// The last.
    Last,
}

/// What a caller wants.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Invocation {
    /// The API function; empty where none was given.
    pub(super) function: String,
    /// The decoded `-D`.
    pub(super) parameters: Query,
    /// Whether JSON was asked for; plain text is the default (documented).
    pub(super) json: bool,
}

impl Invocation {
    /// Understands the words after the program's name: `-F`/`--func`, `-D`/`--data`, `-O`/`--output` in any order, an optional
    /// leading `backup` (documented). The value follows, or is joined by `=` or (short form) directly. Other words are
    /// ignored (inferred).
    pub(super) fn parse(arguments: &[String], kept: KeptData) -> Self {
        let mut words = arguments.iter().map(String::as_str).peekable();
        let _ = words.next_if_eq(&"backup");
        let (mut function, mut output, mut data) = ("", "", Vec::new());
        while let Some(word) = words.next() {
            let Some((flag, joined)) = flag(word) else { continue };
            let value = joined.or_else(|| words.next()).unwrap_or_default();
            match flag {
                Flag::Function => function = value,
                Flag::Output => output = value,
                Flag::Data => data.push(value),
            }
        }
        let data = match kept {
            KeptData::First => data.first(),
            KeptData::Last => data.last(),
        };
        Self {
            function: function.to_owned(),
            parameters: Query::decode(data.copied().unwrap_or_default()),
            json: output == "json",
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Flag {
    Function,
    Data,
    Output,
}

fn flag(word: &str) -> Option<(Flag, Option<&str>)> {
    const FLAGS: [(&str, &str, Flag); 3] =
        [("--func", "-F", Flag::Function), ("--data", "-D", Flag::Data), ("--output", "-O", Flag::Output)];
    for (long, short, flag) in FLAGS {
        if word == long || word == short {
            return Some((flag, None));
        }
        let joined = word.strip_prefix(long).and_then(|rest| rest.strip_prefix('='));
        if let Some(value) = joined.or_else(|| word.strip_prefix(short)) {
            return Some((flag, Some(value)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (String, String, bool) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let found = Invocation::parse(&words, KeptData::Last);
        (found.function, found.parameters.to_string(), found.json)
    }

    #[test]
    fn flags_come_in_any_order_and_only_the_last_data_counts() {
        for line in [
            "-F f -D a=1 -O json",
            "-O json -D a=1 -F f",
            "backup --output json --func f --data a=1",
            "--func=f --data=a=1 --output=json",
            "-Ff -Da=1 -Ojson",
            "-F f -D b=2 -D a=1 -O json",
        ] {
            assert_eq!(parse(line), ("f".to_owned(), "a=1".to_owned(), true), "{line}");
        }
        assert_eq!(parse("-F f"), ("f".to_owned(), String::new(), false));
        assert_eq!(parse("x -F"), (String::new(), String::new(), false));
        let words = ["-D", "a=1", "-D", "b=2"].map(str::to_owned);
        assert!(Invocation::parse(&words, KeptData::First).parameters.get("a").is_some());
    }
}
