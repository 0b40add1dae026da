//! What `jbr` says of itself to shells and to `man`: the scripts work in the shells that are here, the pages are pages.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "support/ran.rs"]
mod ran;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ran::{Ran, jbr};

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "elvish", "powershell"];

fn print(arguments: &[&str]) -> String {
    let ran = Ran::of(&mut jbr(arguments));
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
    ran.stdout
}

/// Every command, as `--help` lists them.
fn verbs() -> Vec<String> {
    let help = print(&["--help"]);
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let verbs = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    verbs.filter(|verb| !verb.is_empty() && *verb != "help").map(str::to_owned).collect()
}

#[test]
fn every_shell_has_a_script_that_names_every_command() {
    for shell in SHELLS {
        let script = print(&["completions", shell]);
        for verb in verbs() {
            assert!(script.contains(&verb), "{shell}: {verb}");
        }
    }
    let ran = Ran::of(&mut jbr(&["completions", "tcsh"]));
    assert!(ran.code == Some(64) && ran.stderr.contains("bash"), "{}", ran.stderr);
}

/// What bash offers after these words.
fn offered(script: &Path, words: &[&str]) -> Vec<String> {
    let ask = r#"
        set -eu
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        set +eu
        _jbr jbr "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let ran = Command::new("bash").args(["--norc", "-c", ask, "-"]).arg(script).args(words).output().unwrap();
    assert!(ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_words() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("jbr");
    fs::write(&script, print(&["completions", "bash"])).unwrap();
    assert!(Command::new("bash").arg("-n").arg(&script).status().unwrap().success());

    let commands = offered(&script, &["jbr", ""]);
    for verb in verbs() {
        assert!(commands.contains(&verb), "{verb}: {commands:?}");
    }
    assert_eq!(offered(&script, &["jbr", "appl"]), ["apply"]);
    assert_eq!(offered(&script, &["jbr", "apply", "--auto"]), ["--auto-approve"]);
    assert_eq!(offered(&script, &["jbr", "state", "hi"]), ["history"]);
    assert_eq!(offered(&script, &["jbr", "--color", ""]), ["auto", "always", "never"]);
    assert_eq!(offered(&script, &["jbr", "completions", "z"]), ["zsh"]);
}

#[test]
fn zsh_and_fish_take_their_scripts_where_they_are_installed() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["zsh", "fish"] {
        let script = folder.path().join(shell);
        fs::write(&script, print(&["completions", shell])).unwrap();
        let checked = Command::new(shell).arg("-n").arg(&script).stdin(Stdio::null()).output();
        // Neither is worth its size to whoever only wants to run the tests.
        let Ok(checked) = checked else { continue };
        assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}

/// What `man` would show; groff has nothing to complain about.
fn rendered(page: &Path) -> String {
    let ran = Command::new("groff").args(["-Kutf8", "-man", "-ww", "-Tutf8", "-P-cbou"]).arg(page).output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{}: {ran:?}", page.display());
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn every_command_has_a_page_that_man_shows_without_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("share/man1");
    let Ran { code, stdout, stderr: said } = Ran::of(&mut jbr(&["man", "--out", out.to_str().unwrap()]));
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    let pages: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(said.starts_with(&format!("{} pages are in ", pages.len())), "{said}");
    for verb in verbs() {
        assert!(out.join(format!("jbr-{verb}.1")).exists(), "{verb} has no page");
    }
    for page in &pages {
        let text = rendered(page);
        assert!(["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"].iter().all(|heading| text.contains(heading)), "{text}");
    }
    assert!(out.join("jbr-state-show.1").exists());

    let first = folder.path().join("first");
    fs::write(&first, print(&["man"])).unwrap();
    let text = rendered(&first);
    assert_eq!(text, rendered(&out.join("jbr.1")));
    assert!(text.contains("EXIT STATUS") && text.contains("stopped; `jbr apply` goes on from there"), "{text}");
    assert!(text.contains("JBR_PLAN") && text.contains("/var/lib/jbr/state.json"), "{text}");

    let Ran { code, stderr: said, .. } = Ran::of(&mut jbr(&["man", "--out", "/dev/null/pages"]));
    assert!(code == Some(1) && said.contains("/dev/null/pages") && said.contains("because"), "{said}");
}
