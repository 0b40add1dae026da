//! Who logs in where: host names and user names, without the shorthand of other tools.

use std::net::IpAddr;

use super::finding::quoted;
use super::problem::Problem;
use super::scalar;
use super::tree::Scalar;

/// The longest host name that DNS knows, in characters; all of them are ASCII.
pub(super) const HOST_LENGTH_MAX: usize = 253;

/// The longest user name that common systems know, in characters; all of them are ASCII.
pub(super) const USER_LENGTH_MAX: usize = 32;

/// Reads a host: a name, or an address without brackets.
///
/// # Errors
/// Anything that holds a user, a port or a path as well; each has a key of its own or no place in a plan.
pub(super) fn host(scalar: &Scalar) -> Result<String, Problem> {
    let host = scalar::text(scalar)?;
    if is_address(&host) {
        return Ok(host);
    }
    let wrong =
        |label: &str, help: String| Err(Problem::new(format!("is not a host: {}", quoted(&host)), label).help(help));
    if host.contains("://") {
        return wrong("an address of another kind", "write the host name alone; jbr always uses SSH".into());
    }
    if let Some((user, rest)) = host.split_once('@') {
        let help = format!("write `user: {}` and `host: {}`", show(user), show(rest));
        return wrong("a user and a host", help);
    }
    if let Some(inside) = host.strip_prefix('[') {
        let (address, port) = inside.split_once(']').unwrap_or((inside, ""));
        let port = port.strip_prefix(':').map(|port| format!(" and `port: {}`", show(port))).unwrap_or_default();
        return wrong("brackets belong to other notations", format!("write `host: \"{}\"`{port}", show(address)));
    }
    if let Some((name, port)) = host.split_once(':') {
        let help = format!("write `host: {}` and `port: {}`", show(name), show(port));
        return wrong("a host and a port", help);
    }
    if host.chars().any(char::is_whitespace) {
        return wrong("a space inside", "write one host name; another server is another entry of `servers`".into());
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if host.len() > HOST_LENGTH_MAX || !host.bytes().all(allowed) || host.starts_with(['-', '.']) {
        return wrong("not a host name", "write a name such as server1.example.com, or an IP address".into());
    }
    Ok(host)
}

/// IPv4 or IPv6, the latter also with the name of an interface.
fn is_address(host: &str) -> bool {
    let (address, interface) = host.split_once('%').unwrap_or((host, "eth0"));
    let named = !interface.is_empty() && interface.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    named && address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6() || !host.contains('%'))
}

/// Reads a user's name.
///
/// # Errors
/// Anything that is not a name of a Unix user.
pub(super) fn user(scalar: &Scalar) -> Result<String, Problem> {
    let user = scalar::text(scalar)?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if user.len() <= USER_LENGTH_MAX && user.bytes().all(allowed) && !user.starts_with('-') {
        return Ok(user);
    }
    Err(Problem::new(format!("is not a user name: {}", quoted(&user)), "not the name of a user")
        .help("write the login name alone, such as root; the host has a key of its own"))
}

fn show(text: &str) -> String {
    crate::printable::printable(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quotes(text: &str) -> Scalar {
        Scalar { text: text.into(), source: format!("'{text}'"), plain: false }
    }

    #[test]
    fn names_and_addresses_are_hosts() {
        for good in ["server1.example.com", "localhost", "10.0.0.1", "2001:db8::1", "::1", "fe80::1%eth0", "my_host"] {
            assert_eq!(host(&quotes(good)).unwrap(), good);
        }
    }

    #[test]
    fn shorthand_is_refused_and_taken_apart() {
        for (bad, help) in [
            ("root@server1", "`user: root` and `host: server1`"),
            ("server1:22", "`host: server1` and `port: 22`"),
            ("[::1]:22", "`host: \"::1\"` and `port: 22`"),
            ("ssh://server1", "host name alone"),
            ("a b", "one host name"),
            ("server1/", "a name such as"),
            ("-oProxyCommand=x", "a name such as"),
            ("10.0.0.1%eth0", "a name such as"),
            ("fe80::1%a b", "`port: "),
        ] {
            let problem = host(&quotes(bad)).unwrap_err();
            assert!(problem.help.contains(help), "{bad}: {}", problem.help);
        }
    }

    #[test]
    fn users_are_names() {
        assert_eq!(user(&quotes("jbr-backup")).unwrap(), "jbr-backup");
        for bad in ["root@host", "a b", "-x", "é", &"x".repeat(33)] {
            assert!(user(&quotes(bad)).is_err(), "{bad}");
        }
    }
}
