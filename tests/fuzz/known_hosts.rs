//! `known_hosts`: any file, judged for a host whose key is shown. No key is ever known that does not stand there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jbr::transport::ssh::known_hosts::{HostNames, KnownHosts, PublicKey, Verdict};

use crate::engine::{MIB, Target, run};

/// The key that the server shows; the corpus knows it, and others.
const SHOWN: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAcUIS47SFVib3yJlqOwvcrX5PH+CxglMj9MWWZzgI2a";

const TARGET: Target = Target {
    name: "known_hosts",
    dictionary: &[
        "server1.example.com",
        "[server1.example.com]:51514",
        "10.0.0.7",
        "[10.0.0.7]:2222",
        "*",
        "?",
        "!",
        ",",
        "*.example.com",
        "|1|",
        "|",
        "@revoked ",
        "@cert-authority ",
        "ssh-ed25519 ",
        "ssh-rsa ",
        "ecdsa-sha2-nistp256 ",
        SHOWN,
        "AAAA",
        "=",
        "==",
        "#",
        " ",
        "\t",
        "\r\n",
        "\n",
        "\0",
    ],
    executions: 40_000,
    memory_base: MIB,
    memory_per_byte: 100,
    allocations_base: 2000,
    allocations_per_byte: 60,
    check,
};

#[test]
fn any_known_hosts() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    let key = PublicKey::from_blob(&STANDARD.decode(SHOWN).unwrap()).unwrap();
    let known = KnownHosts::parse(input);
    let lines: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
    let is_shown_in = |line: &[u8]| line.windows(SHOWN.len()).any(|window| window == SHOWN.as_bytes());
    let judged =
        [("server1.example.com", 22), ("Server1.example.com", 51514), ("10.0.0.7", 2222)].map(|(host, port)| {
            let names = HostNames::new(host, port);
            let algorithms = known.algorithms(&names);
            assert_eq!(algorithms.split(',').count(), 6, "{algorithms}");
            let verdict = known.judge(&names, &key);
            if lines
                .iter()
                .any(|line| line.strip_prefix(b"@revoked * ssh-ed25519 ").is_some_and(|rest| rest == SHOWN.as_bytes()))
            {
                assert!(matches!(verdict, Verdict::Revoked { .. }), "a revoked key is {verdict:?}");
            }
            match &verdict {
                Verdict::Known => {
                    assert!(lines.iter().any(|line| is_shown_in(line) && !line.starts_with(b"@")), "out of nothing");
                }
                Verdict::Unknown => {}
                Verdict::Changed { line, old } => assert!(*line <= lines.len() && old.blob != key.blob),
                Verdict::Revoked { line } => assert!(is_shown_in(lines[line - 1]), "line {line}"),
            }
            let text = format!("{verdict:?}");
            text.chars().take_while(char::is_ascii_alphabetic).collect::<String>()
        });
    format!("{judged:?} of {}", lines.len().min(8))
}
