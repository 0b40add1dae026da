//! Secrets that stand in a plan: found by their key or by their look, reported, and never repeated in a message.
//!
//! The predecessor had a password committed with its notes; a plan is kept in git as well.

use super::problem::Problem;
use super::spanned::Span;
use super::tree::{Content, Entry, Node};

/// Words in a key that promise a secret, without `-` and `_`.
const WORDS: [&str; 8] = ["password", "passwd", "passphrase", "secret", "token", "pwd", "privatekey", "apikey"];

/// What a reference to a secret begins with.
pub(super) const PREFIXES: [&str; 3] = ["env:", "file:", "credential:"];

/// The problem; the caller hides the place.
pub(super) fn problem(message: impl Into<String>) -> Problem {
    Problem::new(message, "a secret never stands in a plan").help(
        "remove it, and replace it wherever it is used: whoever can read this plan, or its history in git, knows it.\n\
         jbr logs in with a key's file (`key: /path/of/the/file`) or with an SSH agent",
    )
}

/// Whether a key or what stands below it looks like a secret.
pub(super) fn is_in(entry: &Entry) -> bool {
    (is_secret_key(&entry.key.scalar.text) && !is_reference(&entry.value)) || is_inside(&entry.value)
}

/// Whether a node only says where a secret is.
fn is_reference(node: &Node) -> bool {
    matches!(&node.content, Content::Scalar(scalar) if PREFIXES.iter().any(|prefix| scalar.text.starts_with(prefix)))
}

/// What to hide of a node: all of it, if a secret stands somewhere in it.
pub(super) fn span(node: &Node) -> Option<Span> {
    is_inside(node).then_some(node.span)
}

fn is_inside(node: &Node) -> bool {
    match &node.content {
        Content::Scalar(scalar) => is_key_text(&scalar.text),
        Content::List(items) => items.iter().any(is_inside),
        Content::Map(entries) => entries.iter().any(is_in),
    }
}

/// Whether a text is a private key rather than the path of one.
pub(super) fn is_key_text(text: &str) -> bool {
    text.contains("PRIVATE KEY")
}

/// Whether an address of the web has a part whose name promises a secret: `?token=…`.
pub(super) fn is_word_in(address: &str) -> bool {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|part| part.split_once('=')).any(|(name, _)| is_secret_key(name))
}

fn is_secret_key(key: &str) -> bool {
    let plain: String = key.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    WORDS.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_secret_key;

    #[test]
    fn secrets_are_known_by_their_key() {
        for key in ["password", "ssh_password", "Key-Passphrase", "api_token", "private_key"] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in ["key", "host_key", "known_hosts", "user"] {
            assert!(!is_secret_key(key), "{key}");
        }
    }
}
