//! Paths of a plan: whole ones, or relative to the plan file; nothing that a shell would have to expand.

use std::path::PathBuf;

use super::finding::quoted;
use super::problem::Problem;
use super::scalar;
use super::tree::Scalar;

/// Reads the path of a private key.
///
/// # Errors
/// What [`path`] refuses, and the public half.
pub(super) fn key(scalar: &Scalar) -> Result<PathBuf, Problem> {
    if scalar.text.starts_with("ssh-") && scalar.text.contains(' ') {
        return Err(Problem::new("holds a public key", "this is the text of a key, not a path")
            .help("write the path of the private key's file, such as /root/.ssh/id_ed25519"));
    }
    let path = path(scalar)?;
    if path.extension().is_some_and(|extension| extension == "pub") {
        return Err(Problem::new(format!("is the public half of a key: {}", quoted(&scalar.text)), "ends in .pub")
            .help("name the private half: the same path without .pub"));
    }
    Ok(path)
}

/// Reads a path.
///
/// # Errors
/// What only a shell would understand, and what is not a path at all.
pub(super) fn path(scalar: &Scalar) -> Result<PathBuf, Problem> {
    let text = scalar::text(scalar)?;
    let wrong =
        |label: &str, help: &str| Err(Problem::new(format!("is not a path: {}", quoted(&text)), label).help(help));
    if text.starts_with('~') {
        return wrong(
            "`~` has no meaning here",
            "write the whole path: under systemd there is no home folder to begin at",
        );
    }
    if text.contains('$') {
        return wrong("variables have no meaning here", "write the whole path: a plan says the same on every machine");
    }
    if let Some(prefix) = super::secret::PREFIXES.iter().find(|prefix| text.starts_with(**prefix)) {
        return wrong(&format!("`{prefix}` has no meaning here"), "write the path itself: /root/.ssh/id_ed25519");
    }
    if text.ends_with('/') {
        return wrong("a folder", "write the path of a file");
    }
    Ok(PathBuf::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(text: &str) -> Scalar {
        Scalar { text: text.into(), source: format!("'{text}'"), plain: false }
    }

    #[test]
    fn whole_and_relative_paths_are_paths() {
        for good in ["/root/.ssh/id_ed25519", "keys/pi", "../keys/pi", "/a b/c"] {
            assert_eq!(key(&quotes(good)).unwrap(), PathBuf::from(good));
        }
    }

    #[test]
    fn what_a_shell_would_expand_and_what_is_no_path_is_refused() {
        for (bad, message) in [
            ("~/.ssh/id", "not a path"),
            ("$HOME/.ssh/id", "not a path"),
            ("env:KEY", "not a path"),
            ("/root/.ssh/", "not a path"),
            ("/root/.ssh/id.pub", "public half"),
            ("ssh-ed25519 AAAA root@pi", "public key"),
        ] {
            let problem = key(&quotes(bad)).unwrap_err();
            assert!(problem.message.contains(message), "{bad}: {}", problem.message);
        }
    }
}
