//! The plan: text to positions, values, checks and defaults, and what is said about it.

use jbr::plan::{self, Finding, Source};
use jbr::printable::printable;
use jbr::render::validation_json::validation_json;

use crate::engine::{MIB, Target, run};

/// Between two files of one plan, which is a folder of them.
const BETWEEN_FILES: &str = "\n%%\n";

const TARGET: Target = Target {
    name: "plan",
    dictionary: &[
        "version: 1\n",
        "defaults:",
        "windows:",
        "servers:",
        "jobs:",
        "run:",
        "notify:",
        "server:",
        "job:",
        "host:",
        "user:",
        "port:",
        "key:",
        "known_hosts:",
        "host_key:",
        "strict",
        "accept-new",
        "destination:",
        "keep: closed",
        "keep: disabled",
        "connect_timeout:",
        "command_timeout:",
        "name:",
        "id:",
        "type:",
        "accounts",
        "priority:",
        "after:",
        "after: [server1/accounts]",
        "when: finished",
        "timeout:",
        "every:",
        "max_age:",
        "retry: { attempts: 2, wait: 15m }",
        "when: [failed, never_started]",
        "hold: { reason: why, until: 2026-12-01 }",
        "window: nights",
        "window: always",
        "fits: true",
        "nights: { days: [mon], from: 22:00, to: \"06:00\", timezone: Europe/Madrid }",
        "except:",
        "dates: [2026-12-24]",
        "sat",
        "24:00",
        "poll:",
        "on_timeout: hold",
        "release",
        "stop",
        "partial:",
        "unreachable_wait:",
        "start_timeout:",
        "resume_within:",
        "30s",
        "4h",
        "1M",
        "no",
        "on",
        "02:00",
        "1e3",
        "null",
        "~",
        "env:NAME",
        "password: x",
        "&a ",
        "*a",
        "<<: *a",
        "!!str ",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "- ",
        "? ",
        ": ",
        " #",
        "|\n",
        ">-\n",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ",",
        "  ",
        "\t",
        "\r\n",
        "\u{feff}",
        BETWEEN_FILES,
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "server1/accounts",
    ],
    executions: 6000,
    memory_base: 8 * MIB,
    memory_per_byte: 100,
    allocations_base: 200_000,
    allocations_per_byte: 2000,
    check,
};

#[test]
fn any_plan() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(input) else { return read_from_disk(input) };
    let sources: Vec<Source> = text.split(BETWEEN_FILES).enumerate().map(|(n, text)| source(n, text)).collect();
    let loaded = plan::load(&sources);
    assert!(loaded == plan::load(&sources), "the same plan gives another");
    serde_json::from_str::<serde_json::Value>(&validation_json(&loaded)).unwrap();
    match loaded {
        Ok(desired) => {
            for job in &desired.jobs {
                assert!(desired.server(&job.address.server).is_some(), "{} has no server", job.address);
                assert!(job.after.iter().all(|after| desired.job(&after.job).is_some()), "{} waits", job.address);
                assert!(!job.fits || !job.windows.is_empty(), "{} fits into nothing", job.address);
            }
            format!("valid: {} servers, {} jobs", desired.servers.len().min(3), desired.jobs.len().min(5))
        }
        Err(findings) => {
            shown(&findings, &sources);
            let mut kinds: Vec<String> = findings.iter().map(kind).collect();
            kinds.sort();
            kinds.dedup();
            kinds.truncate(3);
            kinds.join("; ")
        }
    }
}

fn source(number: usize, text: &str) -> Source {
    Source { path: format!("{number:03}.yaml").into(), text: text.to_owned() }
}

/// What is not text is refused where files are read.
fn read_from_disk(input: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.yaml");
    std::fs::write(&path, input).unwrap();
    let error = plan::read(&path).unwrap_err().to_string();
    assert!(error.contains("is not UTF-8 text"), "{error}");
    "not UTF-8".to_owned()
}

/// Every finding points into the text, and its report moves no cursor.
fn shown(findings: &[Finding], sources: &[Source]) {
    assert!(!findings.is_empty(), "refused without a word");
    let report = plan::report(findings, sources, false);
    let odd = report.chars().find(|c| *c != '\n' && !printable(&c.to_string()).chars().eq([*c]));
    assert_eq!(odd, None, "{report:?}");
    let _ = plan::report(findings, sources, true);
    for Finding { message, place, label, help, .. } in findings {
        // Help may have several lines.
        for text in [message, label, &help.replace('\n', "")] {
            assert!(!text.contains(char::is_control), "{text:?}");
        }
        assert!(!help.is_empty(), "no way to mend: {message}");
        let source = sources.iter().find(|source| source.path == place.file).unwrap();
        assert!(source.text.get(place.span.clone()).is_some(), "{place:?} is not in the text");
    }
}

/// What a finding is about, without names and numbers.
fn kind(finding: &Finding) -> String {
    let outside = finding.message.split('`').step_by(2).collect::<Vec<_>>().join("`");
    outside.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
}
