//! What is typed: plans that are none, names that do not exist, options, help, colour and exit codes. No server is needed.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "support/ran.rs"]
mod ran;

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use ran::{Ran, jbr};
use serde_json::Value;
use tempfile::TempDir;

const PLAN: &str = "\
version: 1
servers:
  web1: { host: 127.0.0.1, port: 1, key: /nowhere/key, connect_timeout: 1s }
  web2: { host: 127.0.0.1, port: 1, key: /nowhere/key, connect_timeout: 1s }
jobs:
  - { name: accounts, server: web1, id: aaaaaaaaaaaaaaaaaaaaaaaa }
  - { name: databases, server: web2, id: bbbbbbbbbbbbbbbbbbbbbbbb }
run: { poll: 1s, unreachable_wait: 1s }
";

/// A folder with a plan in it, and `jbr` with nothing of the tester's environment.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(desk.path("plan.yaml"), PLAN).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = jbr(arguments);
        command.env("JBR_PLAN", "plan.yaml").env("JBR_STATE", "state.json").current_dir(self.folder.path());
        command
    }

    fn jbr(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// Ends with this code, and says these words on stderr, without a stray escape sequence.
    fn check(&self, arguments: &[&str], code: i32, words: &[&str]) {
        let ran = self.jbr(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}\n{}{}", ran.stdout, ran.stderr);
        for word in words {
            assert!(ran.stderr.contains(word), "{arguments:?}: `{word}` in:\n{}", ran.stderr);
        }
        assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
        assert!(!self.path("state.json").exists(), "{arguments:?} wrote a state");
    }
}

#[test]
fn s9_a_name_that_does_not_exist_is_an_error_with_those_that_do() {
    let desk = Desk::new();
    for verb in ["plan", "apply", "status"] {
        desk.check(
            &[verb, "--job", "web1/acounts"],
            64,
            &["no job called `web1/acounts`", "did you mean `web1/accounts`?"],
        );
        desk.check(&[verb, "--server", "wbe1"], 64, &["no server called `wbe1`", "did you mean `web1`?"]);
        desk.check(&[verb, "--server", "mailhost"], 64, &["no server called `mailhost`", "it has `web1`, `web2`"]);
        // One good name does not hide a bad one.
        desk.check(&[verb, "--server", "web1", "--server", "mailhost"], 64, &["`mailhost`"]);
        desk.check(
            &[verb, "--server", "web1", "--job", "web2/databases"],
            64,
            &["no job of the plan is left", "must match both"],
        );
        desk.check(&[verb, "--job", "accounts"], 64, &["\"accounts\" is not an address: write it as server/job"]);
        desk.check(&[verb, "--server", "a b"], 64, &["\"a b\" is not a name"]);
    }
}

#[test]
fn what_cannot_be_understood_is_a_usage_error() {
    let desk = Desk::new();
    desk.check(&[], 64, &["Usage: jbr"]);
    desk.check(&["plam"], 64, &["similar subcommand exists: 'plan'"]);
    desk.check(&["plan", "--frob"], 64, &["unexpected argument '--frob'"]);
    desk.check(&["plan", "--job"], 64, &["a value is required"]);
    desk.check(&["plan", "--state", ""], 64, &["a value is required"]);
    desk.check(&["state"], 64, &["show", "list", "history"]);
    desk.check(&["plan", "--color", "sometimes"], 64, &["always", "never"]);
    desk.check(&["apply", "saved", "--fresh"], 64, &["cannot be used with"]);
    desk.check(&["apply", "saved", "--server", "web1"], 64, &["cannot be used with"]);
    desk.check(&["apply", "one", "two"], 64, &["unexpected argument 'two'"]);
}

#[test]
fn a_usage_line_is_the_commands_and_not_of_what_was_typed() {
    let desk = Desk::new();
    for (arguments, usage) in [
        (vec!["hold"], "Usage: jbr hold [OPTIONS] --reason <TEXT> <SERVER/NAME>\n"),
        (vec!["state", "rm", "--plan", "x"], "Usage: jbr state rm [OPTIONS] <SERVER/NAME>\n"),
        (vec!["apply", "a", "b"], "Usage: jbr apply [OPTIONS] [FILE]\n"),
        (vec!["nonsense"], "Usage: jbr [OPTIONS] <COMMAND>\n"),
    ] {
        desk.check(&arguments, 64, &[usage]);
    }
}

#[test]
fn a_log_file_is_never_a_file_of_jbrs_own() {
    let desk = Desk::new();
    for file in ["state.json", "./state.json", "state.json.lock"] {
        desk.check(&["state", "show", "--log-file", file], 64, &["the log file", "nothing was done", "$JBR_LOG_FILE"]);
    }
    desk.check(&["check", "--log-file", "state.json.1"], 64, &["an earlier generation of the state"]);
    fs::create_dir(desk.path("plans")).unwrap();
    for (plan, file) in [("plan.yaml", "./plan.yaml"), ("plans", "plans/new.yml")] {
        desk.check(&["check", "--plan", plan, "--log-file", file], 64, &["the log file", "is of the plan"]);
    }
    // A state that is a link has its lock and its generations beside the file that it leads to.
    fs::create_dir(desk.path("there")).unwrap();
    std::os::unix::fs::symlink("there/state.json", desk.path("state.link")).unwrap();
    for file in ["there/state.json.lock", "there/state.json.3"] {
        desk.check(&["plan", "--state", "state.link", "--log-file", file], 64, &["the log file", "of the state"]);
    }
    fs::write(desk.path("state.json"), "{}").unwrap();
    std::os::unix::fs::symlink("state.json", desk.path("link.log")).unwrap();
    let ran = desk.jbr(&["plan", "--log-file", "link.log"]);
    assert!(ran.code == Some(64) && ran.stderr.contains("is the state"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(desk.path("state.json")).unwrap(), "{}");
}

#[test]
fn a_path_that_is_not_text_is_logged_all_the_same() {
    let desk = Desk::new();
    let mut command = desk.command(&["check", "--log-file", "jbr.log", "--plan"]);
    let ran = Ran::of(command.arg(std::ffi::OsStr::from_bytes(b"no\xfftext.yaml")));
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    let log = fs::read_to_string(desk.path("jbr.log")).unwrap();
    assert!(log.contains("begins: check --log-file jbr.log --plan no\u{fffd}text.yaml"), "{log}");
}

#[test]
fn help_and_version_are_results() {
    let desk = Desk::new();
    for verb in [
        &[][..],
        &["plan"],
        &["apply"],
        &["check"],
        &["hold"],
        &["release"],
        &["state"],
        &["state", "show"],
        &["state", "rm"],
        &["state", "mv"],
        &["status"],
        &["test"],
        &["list"],
        &["stop"],
        &["import"],
        &["graph"],
        &["validate"],
        &["completions"],
        &["man"],
        &["schema"],
        &["demo"],
    ] {
        for flag in ["--help", "-h"] {
            let ran = desk.jbr(&[verb, &[flag]].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{verb:?} {flag}");
            assert!(ran.stdout.contains("Usage: jbr"), "{}", ran.stdout);
        }
        let ran = desk.jbr(&[verb, &["--version"]].concat());
        assert_eq!(ran.code, Some(0), "{verb:?}");
        assert!(ran.stdout.ends_with(&format!("{}\n", env!("CARGO_PKG_VERSION"))), "{}", ran.stdout);
    }
    let help = desk.jbr(&["--help"]).stdout;
    for code in ["  0 ", "  1 ", "  2 ", "  3 ", "  4 ", "  5 ", "  6 ", "  7 ", "  8 ", "  9 ", "  10 ", "  64 "] {
        assert!(help.contains(code), "{code} in {help}");
    }
}

#[test]
fn a_plan_that_is_none_is_an_error_that_says_which_and_why() {
    let desk = Desk::new();
    fs::create_dir(desk.path("empty")).unwrap();
    fs::write(desk.path("binary.yaml"), [0x7f, b'E', b'L', b'F', 0xff, 0xfe]).unwrap();
    assert!(Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap().success());
    for verb in [&["validate"][..], &["plan"], &["apply", "--auto-approve"]] {
        for (path, words) in [
            ("nowhere.yaml", &["nowhere.yaml: there is no such file or folder", "jbr demo"][..]),
            ("empty", &["empty: the folder holds no *.yaml or *.yml file"]),
            ("binary.yaml", &["binary.yaml:1: is not UTF-8 text"]),
            ("/dev/null", &["/dev/null: is neither a file nor a folder"]),
            ("pipe", &["pipe: is neither a file nor a folder"]),
            ("\u{1b}[2J", &["\\u{1b}[2J: there is no such file"]),
        ] {
            desk.check(&[verb, &["--plan", path]].concat(), 1, words);
        }
    }
}

#[test]
fn every_problem_of_a_plan_is_said_at_once_and_nothing_is_done() {
    let desk = Desk::new();
    fs::write(desk.path("plan.yaml"), "version: 1\nserver:\n  a: {}\njobs:\n  - { name: x, server: a, id: 7 }\n")
        .unwrap();
    let problems = ["unknown key `server`", "declares no servers", "plan.yaml:2:1", "plan.yaml:5:"];
    desk.check(&["plan"], 1, &problems);
    desk.check(&["apply", "--auto-approve"], 1, &problems);
    let validated = desk.jbr(&["validate"]);
    assert_eq!(validated.code, Some(1));
    assert!(problems.iter().all(|problem| validated.stdout.contains(problem)), "{}", validated.stdout);
    assert!(validated.stderr.starts_with("error: the plan has "), "{}", validated.stderr);

    let validated = desk.jbr(&["validate", "--json"]);
    assert_eq!(validated.code, Some(1));
    let facts: Value = serde_json::from_str(&validated.stdout).unwrap();
    assert_eq!(facts["valid"], false);
    assert!(facts["problems"].as_array().unwrap().iter().all(|problem| problem["line"].is_u64()), "{facts}");
}

#[test]
fn a_valid_plan_is_said_to_be_one() {
    let desk = Desk::new();
    let ran = desk.jbr(&["validate"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "plan.yaml: valid: 2 servers, 2 jobs\n", "")
    );
    let facts: Value = serde_json::from_str(&desk.jbr(&["validate", "--json"]).stdout).unwrap();
    assert_eq!((&facts["valid"], &facts["servers"], &facts["jobs"]), (&true.into(), &2.into(), &2.into()));
    // The example that is shipped, which has something of each kind.
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/example.yaml");
    assert_eq!(desk.jbr(&["validate", "-f", example]).code, Some(0));
}

#[test]
fn options_stand_anywhere_and_beat_the_environment() {
    let desk = Desk::new();
    fs::rename(desk.path("plan.yaml"), desk.path("other.yaml")).unwrap();
    desk.check(&["validate"], 1, &["plan.yaml: there is no such file"]);
    for arguments in [
        &["--plan", "other.yaml", "validate"][..],
        &["validate", "--plan", "other.yaml"],
        &["-f", "other.yaml", "validate"],
        &["validate", "--plan=other.yaml", "--no-input"],
        &["--color", "never", "validate", "-fother.yaml", "-vv"],
    ] {
        desk.check(arguments, 0, &[]);
    }
    fs::write(desk.path("no.json"), "no state").unwrap();
    desk.check(&["state", "show", "--state", "no.json"], 1, &["no.json is damaged"]);
    desk.check(&["--state", "no.json", "state", "show"], 1, &["no.json is damaged"]);
    desk.check(&["state", "--state", "no.json", "show"], 1, &["no.json is damaged"]);
    desk.check(&["state", "show"], 0, &["state.json: no state yet"]);
    let help =
        desk.command(&["--help"]).env_remove("JBR_PLAN").env_remove("JBR_STATE").output().map(Ran::from).unwrap();
    assert!(
        help.stdout.contains("/etc/jbr/plans") && help.stdout.contains("/var/lib/jbr/state.json"),
        "{}",
        help.stdout
    );
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let desk = Desk::new();
    // Neither a closed standard input nor one that says yes is a person who has seen the plan.
    for arguments in [&["apply"][..], &["apply", "--no-input"], &["apply", "--json"]] {
        desk.check(arguments, 5, &["nobody is there to approve the plan", "--auto-approve", "jbr plan --out FILE"]);
    }
    let mut running = desk.command(&["apply"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    // Whoever is not asked does not read: the answer may find nobody.
    let _ = running.stdin.take().unwrap().write_all(b"yes\n");
    assert_eq!(running.wait().unwrap().code(), Some(5));
}

/// On a terminal of its own (`script` makes one), typed after the question: the exit code.
fn typed_at_the_question(desk: &Desk, keys: &[u8]) -> Option<i32> {
    let line = format!("exec {} apply", env!("CARGO_BIN_EXE_jbr"));
    let jbr = desk.command(&[]);
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .envs(jbr.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm").env("SHELL", "/bin/sh").current_dir(desk.path(""));
    let mut running = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = running.stdout.take().unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"will do: ") {
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    let mut stdin = running.stdin.take().unwrap();
    stdin.write_all(keys).unwrap();
    stdout.read_to_end(&mut said).unwrap();
    running.wait().unwrap().code()
}

#[test]
fn only_a_whole_yes_is_an_approval_and_ctrl_c_is_an_answer() {
    let desk = Desk::new();
    assert_eq!(typed_at_the_question(&desk, b"y\n"), Some(5));
    assert_eq!(typed_at_the_question(&desk, b"\n"), Some(5));
    assert_eq!(typed_at_the_question(&desk, b"\x04"), Some(5), "end of input");
    assert_eq!(typed_at_the_question(&desk, b"\x03"), Some(10), "the first Ctrl-C, not the second");
    assert!(!desk.path("state.json").exists());
    assert_eq!(typed_at_the_question(&desk, b"yes\n"), Some(9), "it ran, and no server answered");
    assert!(desk.path("state.json").exists());
}

#[test]
fn what_is_no_saved_plan_is_not_run() {
    let desk = Desk::new();
    fs::create_dir(desk.path("folder")).unwrap();
    fs::write(desk.path("future"), r#"{"jbr_saved_plan": 2}"#).unwrap();
    fs::write(desk.path("damaged"), r#"{"jbr_saved_plan": 1, "plan": 7}"#).unwrap();
    assert!(Command::new("mkfifo").arg(desk.path("pipe")).status().unwrap().success());
    for (path, word) in [
        ("nowhere", "nowhere: it cannot be read: No such file"),
        ("plan.yaml", "plan.yaml: it is not a plan saved by `jbr plan --out`"),
        ("folder", "folder: it is no regular file"),
        ("pipe", "pipe: it is no regular file"),
        ("future", "it was saved by a newer jbr (format 2;"),
        ("damaged", "damaged: it is damaged:"),
        ("\u{1b}[2J", "\\u{1b}[2J: it cannot be read"),
    ] {
        desk.check(&["apply", path], 1, &[word, "a plan in YAML is named with `--plan PATH`"]);
    }
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let desk = Desk::new();
    let has_colour = |arguments: &[&str], no_color: bool| {
        let mut command = desk.command(arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let ran = Ran::from(command.output().unwrap());
        (ran.stdout.contains("\u{1b}["), ran.stderr.contains("\u{1b}["))
    };
    // A result on stdout, an error on stderr.
    let (result, error) = (&["plan"][..], &["plan", "--job", "web1/none"][..]);
    for (flags, no_color, expected) in [
        (&[][..], false, false),
        (&["--color", "auto"], false, false),
        (&["--color", "never"], false, false),
        (&["--color", "always"], false, true),
        (&["--color", "always"], true, true),
        (&[], true, false),
    ] {
        assert_eq!(has_colour(&[result, flags].concat(), no_color).0, expected, "{flags:?} {no_color}");
        assert_eq!(has_colour(&[error, flags].concat(), no_color).1, expected, "{flags:?} {no_color}");
    }
}

#[test]
fn json_is_never_coloured() {
    let desk = Desk::new();
    for verb in [&["validate"][..], &["plan"], &["state", "show"]] {
        let ran = desk.jbr(&[verb, &["--json", "--color", "always"]].concat());
        assert_eq!(ran.code, Some(0), "{verb:?}");
        let _: Value = serde_json::from_str(&ran.stdout).unwrap();
    }
}
