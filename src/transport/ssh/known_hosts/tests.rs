//! The matcher against `ssh-keygen`, and against noise.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;

use super::*;

/// A fresh public key: type and base64, as they stand in a file.
fn key(directory: &Path, kind: &str) -> String {
    let file = directory.join(format!("key-{}", fs::read_dir(directory).unwrap().count()));
    let made = Command::new("ssh-keygen").args(["-q", "-t", kind, "-N", "", "-C", "", "-f"]).arg(&file).status();
    assert!(made.unwrap().success());
    fs::read_to_string(file.with_extension("pub")).unwrap().trim().to_owned()
}

/// What the line of a public key file stands for.
fn public(line: &str) -> PublicKey {
    let blob = line.split_ascii_whitespace().nth(1).unwrap();
    PublicKey::from_blob(&STANDARD.decode(blob).unwrap()).unwrap()
}

/// The lines that `ssh-keygen -F` finds for a name.
fn oracle(file: &Path, name: &str) -> Vec<usize> {
    let found = Command::new("ssh-keygen").arg("-f").arg(file).args(["-F", name]).output().unwrap();
    let said = String::from_utf8(found.stdout).unwrap();
    let numbers = said.lines().filter_map(|line| line.split_once("found: line ")).filter_map(|(_, rest)| {
        // Certificate authorities are passed over here.
        (!rest.contains("CA")).then(|| rest.split_ascii_whitespace().next()?.parse().ok()).flatten()
    });
    numbers.collect()
}

fn lines_for(content: &str, name: &str) -> Vec<usize> {
    let known = KnownHosts::parse(content.as_bytes());
    known.entries.iter().filter(|entry| entry.hosts.matches(name)).map(|entry| entry.line).collect()
}

#[test]
fn the_same_lines_match_as_for_ssh_keygen() {
    let directory = tempfile::tempdir().unwrap();
    let key = key(directory.path(), "ed25519");
    let fields = [
        "plain.example.com",
        "[ported.example.com]:51514",
        "one.example.com,two.example.com,192.0.2.7",
        "*.wild.example.com",
        "*.neg.example.com,!secret.neg.example.com",
        "h?st.example.com",
        "UPPER.example.com",
        "@revoked plain.example.com",
        "@cert-authority *.example.com",
        "@unknown plain.example.com",
        "[*.ported.example.com]:*",
        "2001:db8::1,[2001:db8::2]:2222",
        "!negated.example.com",
        "a*b*c*d.example.com",
        "  indented.example.com",
    ];
    let mut content = "# a comment\n\nplain.example.com ssh-ed25519 notbase64!\n".to_owned();
    for field in fields {
        writeln!(content, "{field} {key} some comment").unwrap();
    }
    let file = directory.path().join("known_hosts");
    fs::write(&file, &content).unwrap();
    let names = [
        "plain.example.com",
        "ported.example.com",
        "[ported.example.com]:51514",
        "[ported.example.com]:51515",
        "two.example.com",
        "192.0.2.7",
        "x.wild.example.com",
        "wild.example.com",
        "a.b.wild.example.com",
        "ok.neg.example.com",
        "secret.neg.example.com",
        "host.example.com",
        "hst.example.com",
        "upper.example.com",
        "[x.ported.example.com]:7",
        "2001:db8::1",
        "[2001:db8::2]:2222",
        "negated.example.com",
        "axbxcxd.example.com",
        "abdc.example.com",
        "indented.example.com",
        "nobody.invalid",
    ];
    for name in names {
        let mut expected = oracle(&file, name);
        // ssh-keygen does not look at the key when it searches; ssh and this matcher do.
        expected.retain(|line| *line != 3);
        assert_eq!(lines_for(&content, name), expected, "{name}");
    }

    // ssh-keygen hashes no file with a bad line in it.
    let is_good = |line: &&str| !line.contains("notbase64") && !line.starts_with("@unknown");
    fs::write(&file, content.lines().filter(is_good).collect::<Vec<_>>().join("\n")).unwrap();
    let hashing = Command::new("ssh-keygen").arg("-Hf").arg(&file).output().unwrap();
    assert!(hashing.status.success(), "{}", String::from_utf8_lossy(&hashing.stderr));
    let hashed = fs::read_to_string(&file).unwrap();
    assert!(hashed.contains("|1|"), "{hashed}");
    for name in names {
        assert_eq!(lines_for(&hashed, name), oracle(&file, name), "{name} in the hashed file");
    }
}

#[test]
fn a_fingerprint_is_the_one_that_ssh_keygen_shows() {
    let directory = tempfile::tempdir().unwrap();
    for kind in ["ed25519", "rsa", "ecdsa"] {
        let line = key(directory.path(), kind);
        let file = directory.path().join("one.pub");
        fs::write(&file, &line).unwrap();
        let shown = Command::new("ssh-keygen").arg("-lf").arg(&file).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let key = public(&line);
        assert!(shown.contains(&key.fingerprint()), "{shown}");
        assert!(shown.contains(&format!("({})", key.kind_for_people())), "{shown}");
    }
}

#[test]
fn verdicts() {
    let directory = tempfile::tempdir().unwrap();
    let [good, other] = [key(directory.path(), "ed25519"), key(directory.path(), "ed25519")];
    let ecdsa = key(directory.path(), "ecdsa");
    let names = HostNames::new("Host.example.com", 51514);
    let changed = |line, old: &str| Verdict::Changed { line, old: public(old) };
    let table = [
        ("nothing known", String::new(), Verdict::Unknown),
        ("known", format!("[host.example.com]:51514 {good}"), Verdict::Known),
        ("known on 22 only", format!("host.example.com {good}"), Verdict::Known),
        ("another key on 22 says nothing", format!("host.example.com {other}"), Verdict::Unknown),
        ("one of several", format!("[host.example.com]:* {other}\n[host.example.com]:51514 {good}"), Verdict::Known),
        ("changed", format!("# x\n[host.example.com]:51514 {other}"), changed(2, &other)),
        ("another type is changed as well", format!("[host.example.com]:51514 {ecdsa}"), changed(1, &ecdsa)),
        (
            "the same type is named first",
            format!("[host.example.com]:51514 {ecdsa}\n[host.example.com]:51514 {other}"),
            changed(2, &other),
        ),
        ("revoked wins", format!("[host.example.com]:51514 {good}\n@revoked * {good}"), Verdict::Revoked { line: 2 }),
        ("another key revoked", format!("@revoked * {other}"), Verdict::Unknown),
        ("an authority is no key", format!("@cert-authority * {good}"), Verdict::Unknown),
        (
            "a bad line hides nothing",
            format!("[host.example.com]:51514 rubbish\n[host.example.com]:51514 {good}"),
            Verdict::Known,
        ),
        (
            "another type in front",
            format!("[host.example.com]:51514 {}", good.replacen("ssh-ed25519", "ssh-rsa", 1)),
            Verdict::Unknown,
        ),
    ];
    for (what, content, expected) in table {
        assert_eq!(KnownHosts::parse(content.as_bytes()).judge(&names, &public(&good)), expected, "{what}");
    }
}

#[test]
fn types_that_are_known_are_asked_for_first() {
    let directory = tempfile::tempdir().unwrap();
    let names = HostNames::new("h", 22);
    let known = |kind| KnownHosts::parse(format!("h {}", key(directory.path(), kind)).as_bytes()).algorithms(&names);
    assert!(known("rsa").starts_with("rsa-sha2-512,rsa-sha2-256,ssh-ed25519"));
    assert!(known("ecdsa").starts_with("ecdsa-sha2-nistp256,ssh-ed25519"));
    assert!(KnownHosts::default().algorithms(&names).starts_with("ssh-ed25519,"));
    assert!(!known("rsa").split(',').any(|algorithm| algorithm == "ssh-rsa"), "no SHA-1");
}

#[test]
fn a_pattern_of_many_stars_takes_no_time() {
    let glob = "*a".repeat(200);
    assert!(!glob_matches(glob.as_bytes(), "a".repeat(199).as_bytes()));
    assert!(glob_matches(glob.as_bytes(), "a".repeat(200).as_bytes()));
}

proptest! {
    #[test]
    fn noise_never_panics(content in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let known = KnownHosts::parse(&content);
        let shown = PublicKey { kind: "ssh-ed25519".into(), blob: vec![] };
        let _ = known.judge(&HostNames::new("h", 1), &shown);
    }

    #[test]
    fn what_looks_like_an_entry_never_panics(
        line in r"(@revoked |@cert-authority )?[!*?a-c,|1=\[\]:]{0,20} (ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]{0,80}",
    ) {
        let _ = KnownHosts::parse(line.as_bytes()).algorithms(&HostNames::new("a", 22));
    }

    #[test]
    fn a_key_that_is_written_is_found_again(host in "[a-z0-9.-]{1,20}", port in 1_u16.., tail in any::<[u8; 32]>()) {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend(tail);
        let (key, names) = (PublicKey::from_blob(&blob).unwrap(), HostNames::new(&host, port));
        let known = KnownHosts::parse(key.line_for(&names).as_bytes());
        prop_assert_eq!(known.judge(&names, &key), Verdict::Known);
    }

    #[test]
    fn globs_mean_what_a_slow_matcher_means(glob in "[ab*?]{0,8}", name in "[ab]{0,8}") {
        fn slow(glob: &[u8], name: &[u8]) -> bool {
            match glob.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|n| slow(rest, &name[n..])),
                Some((c, rest)) => name.first().is_some_and(|n| *c == b'?' || c == n) && slow(rest, &name[1..]),
            }
        }
        prop_assert_eq!(glob_matches(glob.as_bytes(), name.as_bytes()), slow(glob.as_bytes(), name.as_bytes()));
    }
}
