//! A PHP query string, decoded as PHP's `parse_str` does (documented: one `-D` with `k=v&k=v`, values url-encoded).

use std::fmt;

use serde::{Deserialize, Serialize};

/// PHP's `max_input_vars`; further variables are dropped.
const VARIABLES_MAX: usize = 1000;

/// The variables of a query string, in the order of their first appearance: that of `sort` matters.
///
/// Nested ones keep their full name, `sort[created]`; `a[]` is `a[0]`, `a[1]`, …
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    variables: Vec<(String, String)>,
}

impl Query {
    /// Decodes a query string. A repeated name keeps its last value; a part without a name is dropped.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let mut query = Self::default();
        for pair in text.split('&').take(VARIABLES_MAX) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = php_name(&unescape(name));
            if !name.is_empty() {
                query.set(&name, unescape(value));
            }
        }
        query
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(mine, _)| mine == name).map(|(_, value)| value.as_str())
    }

    /// The value of a variable, empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The keys and values of a nested variable: of `find[info.ID]=x` under `find`, `info.ID` and `x`.
    pub fn under<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.variables.iter().filter_map(move |(mine, value)| {
            let key = mine.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((key, value.as_str()))
        })
    }

    fn set(&mut self, name: &str, value: String) {
        let name = match name.strip_suffix("[]") {
            Some(list) => format!("{list}[{}]", self.under(list).count()),
            None => name.to_owned(),
        };
        match self.variables.iter_mut().find(|(mine, _)| *mine == name) {
            Some((_, old)) => *old = value,
            None => self.variables.push((name, value)),
        }
    }
}

impl fmt::Display for Query {
    /// Decoded, so for people only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.variables.iter().enumerate() {
            let separator = if place > 0 { "&" } else { "" };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

/// PHP replaces dots and spaces by `_` outside of brackets, and knows no name that begins with one.
fn php_name(name: &str) -> String {
    let (head, keys) = name.split_at(name.find('[').unwrap_or(name.len()));
    if head.is_empty() { String::new() } else { head.replace(['.', ' '], "_") + keys }
}

/// `+` and `%20` are spaces; a `%` without two hexadecimal digits is itself.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, beyond @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = beyond;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_is_read_as_php_reads_it() {
        for (query, expected) in [
            ("", ""),
            ("_id=a&disabled=1", "_id=a|disabled=1"),
            ("a=1&b=&a=2", "a=2|b="),
            ("a", "a="),
            ("=1&&b=2&[c]=3", "b=2"),
            ("name=a+b%26c%3Dd%zz%", "name=a b&c=d%zz%"),
            ("sort[name]=1&sort[created]=-1", "sort[name]=1|sort[created]=-1"),
            ("find%5Binfo.ID%5D=x%2By", "find[info.ID]=x+y"),
            ("a[]=1&a[]=2", "a[0]=1|a[1]=2"),
            ("a.b c=1", "a_b_c=1"),
            ("u=%C3%A9", "u=é"),
        ] {
            let read = Query::decode(query);
            let shown: Vec<String> = read.variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(shown.join("|"), expected, "{query}");
        }
    }

    #[test]
    fn a_nested_variable_is_read_by_its_keys() {
        let query = Query::decode("find[info.ID]=x&find[type]=1&finder[a]=2&find=3");
        assert_eq!(query.under("find").collect::<Vec<_>>(), [("info.ID", "x"), ("type", "1")]);
        assert_eq!((query.get("find"), query.get("no"), query.text("no")), (Some("3"), None, ""));
    }
}
