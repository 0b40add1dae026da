//! The disk on a bad night: states that cannot be read, written or trusted, and a disk that fills while a backup runs.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Execution, Fleet, Job};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use support::parts::{DESTINATION, with_nas};
use support::site::{NAS, Ran, Site};
use support::until::until;

const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

/// A server with one job that takes this long.
fn site(takes: Duration) -> Site {
    let job = Job::new(JOB, "Accounts")
        .writes_to(DESTINATION)
        .script([Execution::of(takes).starts_after(Duration::from_millis(100))]);
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |server| with_nas(server).job(job)));
    site.write_plan(&format!("run: {{ poll: 1s }}\njobs:\n  - {{ name: accounts, server: a, id: {JOB} }}\n"));
    site
}

fn quick() -> Site {
    site(Duration::from_millis(200))
}

/// Refused by every command that reads the state, with these words, each once; nothing is started and the file stays as it is.
fn check_refused(site: &Site, words: &[&str]) {
    let before = fs::read(site.state_path()).ok();
    for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["state", "show"], &["state", "history"]] {
        let ran = site.jbr(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text());
        ran.says(words);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
        assert_eq!(ran.stderr.matches(words[0]).count(), 1, "a cause is said once:\n{}", ran.stderr);
    }
    assert_eq!(fs::read(site.state_path()).ok(), before, "a state is never replaced by a guess");
    assert!(site.account().triggers.is_empty());
}

#[test]
fn a_state_that_is_no_whole_state_is_refused_with_the_way_back() {
    let site = quick();
    fs::create_dir(site.path("state")).unwrap();
    let zeros = "\0".repeat(700);
    for (content, what) in [
        ("{\"x\": 1", "is damaged: it is not a state file"),
        ("", "is damaged: it is empty"),
        (zeros.as_str(), "is damaged: it holds nothing but zeros"),
    ] {
        fs::write(site.state_path(), content).unwrap();
        check_refused(&site, &[what, "To start over with nothing remembered: rm -f"]);
    }
}

#[test]
fn a_damaged_state_leads_to_its_newest_generation_and_that_way_works() {
    let site = quick();
    for _ in 0..2 {
        assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
    }
    let whole = fs::read(site.state_path()).unwrap();
    fs::write(site.state_path(), &whole[..whole.len() / 2]).unwrap();
    let refused = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(refused.code, Some(1), "{}", refused.text());
    let (_, command) = refused.stderr.split_once("To go back to it: ").unwrap();
    let (command, _) = command.split_once(". What").unwrap();
    let copied = Command::new("sh").args(["-c", command]).status().unwrap();
    assert!(copied.success(), "{command}");
    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
    assert_eq!(site.account().max_writers(NAS), 1);
}

#[test]
fn a_state_of_the_future_is_refused() {
    let site = quick();
    fs::create_dir(site.path("state")).unwrap();
    fs::write(site.state_path(), r#"{"format": 2, "content": {}}"#).unwrap();
    check_refused(&site, &["was written by a newer jbr (format 2)", "install that jbr again"]);
}

#[test]
fn a_folder_in_the_place_of_the_state() {
    let site = quick();
    fs::create_dir_all(site.state_path()).unwrap();
    check_refused(&site, &["state.json is not a file", "name a file with --state"]);
}

#[test]
fn a_state_below_a_file() {
    let site = quick();
    fs::write(site.path("state"), "a file").unwrap();
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    ran.says(&["state.json: Not a directory", "name a file in an existing folder with --state"]);
    assert_eq!(ran.stderr.matches("Not a directory").count(), 1, "{}", ran.stderr);
    assert!(site.account().calls.is_empty(), "no server was asked for a run that cannot be kept");
}

#[test]
fn the_folder_of_the_state_is_made_for_its_owner_by_apply_alone() {
    let site = quick();
    for arguments in [&["plan"][..], &["state", "show"], &["validate"]] {
        assert_eq!(site.jbr(arguments).code, Some(0), "{arguments:?}");
        assert!(!site.path("state").exists(), "{arguments:?}");
    }
    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(site.path("state")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700);
}

/// `jbr` with the signal of a file that may not grow ignored, so that it is an error as on a full disk; `before` is shell.
fn without_room(site: &Site, before: &str) -> Command {
    let jbr = site.command(&["apply", "--auto-approve"]);
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("trap '' XFSZ; {before} exec \"$0\" \"$@\""))
        .arg(jbr.get_program())
        .args(jbr.get_args());
    command.env_clear().envs(jbr.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // Pipes, for the limit is on files.
    command.current_dir(site.path("")).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn a_disk_that_fills_while_a_backup_runs_ends_the_run_and_not_the_backup() {
    let site = site(Duration::from_secs(5));
    let mut running = without_room(&site, "").spawn().unwrap();
    until("the backup runs", || !site.account().writes.is_empty());
    let pid = Pid::from_child(&running);
    // Less than the state takes.
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();

    let code = running.wait().unwrap().code();
    let mut text = String::new();
    running.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    running.stderr.take().unwrap().read_to_string(&mut text).unwrap();

    assert_eq!(code, Some(1), "{text}");
    for word in ["the state could not be stored", "File too large", "the backup that was running goes on"] {
        assert!(text.contains(word), "`{word}` in:\n{text}");
    }
    let leftovers = fs::read_dir(site.path("state")).unwrap();
    let leftovers = leftovers.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".tmp"));
    assert_eq!(leftovers.count(), 0, "nothing half written is left");

    let again = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(again.code, Some(0), "{}", again.text());
    assert_eq!(site.account().triggers_by_api("a", JOB), 1, "adopted, not started again");
    assert_eq!(site.verdict("a/accounts"), json!("completed"));
}

#[test]
fn a_disk_that_is_full_before_anything_starts() {
    let site = quick();
    // The known_hosts file has room and is there already; one block is enough for it and for the lock, and too little for a state.
    assert_eq!(site.jbr(&["plan"]).code, Some(0));
    let ran = Ran::from(without_room(&site, "ulimit -f 1;").output().unwrap());
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    ran.says(&["state.json", "File too large"]);
    assert!(site.account().triggers.is_empty());
    // And nothing is in the way once there is room.
    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
}

#[test]
fn a_link_to_a_state_is_followed() {
    let site = quick();
    fs::create_dir(site.path("elsewhere")).unwrap();
    fs::create_dir(site.path("state")).unwrap();
    symlink(site.path("elsewhere/real.json"), site.state_path()).unwrap();
    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
    assert!(fs::symlink_metadata(site.state_path()).unwrap().is_symlink(), "the link stays");
    assert!(Path::new(&site.path("elsewhere/real.json")).is_file());
}

/// How a state is lost, and what the message's words for the way back begin with.
struct Loss {
    /// So many of the newest files are damaged.
    damaged: u64,
    /// What is left of them.
    content: fn(&[u8]) -> Vec<u8>,
    /// What is said of it.
    says: &'static str,
    /// The command to follow.
    command: &'static str,
    /// Whether the state that this leads to knows that the backup was asked for.
    is_remembered: bool,
}

/// The second job of the plan, which must wait for the first.
const SECOND: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

/// A site whose first backup runs and whose `jbr` was killed.
fn killed_while_a_backup_runs() -> Site {
    let job = |id: &str, takes: u64| {
        let execution = Execution::of(Duration::from_millis(takes)).starts_after(Duration::from_millis(100));
        Job::new(id, format!("job {id}")).writes_to(DESTINATION).script([execution])
    };
    let site = Site::start(
        &Fleet::new(Utc::now()).server("a", |server| with_nas(server).job(job(JOB, 8000)).job(job(SECOND, 200))),
    );
    site.write_plan(&format!(
        "run: {{ poll: 1s }}\njobs:\n  - {{ name: accounts, server: a, id: {JOB} }}\n  - {{ name: files, server: a, id: {SECOND} }}\n"
    ));
    let mut jbr = site.spawn(&["apply", "--auto-approve"]);
    site.until_runs("a", JOB);
    let knows = || fs::read_to_string(site.state_path()).is_ok_and(|state| state.contains("\"running\""));
    until("jbr knows of it", knows);
    jbr.kill().unwrap();
    jbr.wait().unwrap();
    site
}

/// A backup runs and the state is damaged: whichever way back is taken, the backup is found and not started again.
fn check_way_back(loss: &Loss) {
    let site = killed_while_a_backup_runs();
    for n in 0..loss.damaged {
        let file = if n == 0 { site.state_path() } else { site.path(&format!("state/state.json.{n}")) };
        let whole = fs::read(&file).unwrap_or_default();
        fs::write(&file, (loss.content)(&whole)).unwrap();
    }
    let refused = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(refused.code, Some(1), "{}", refused.text());
    refused.says(&[loss.says, "Nothing was changed", "a backup that runs is still found"]);
    assert_eq!(site.account().triggers_by_api("a", JOB), 1, "nothing is started from a guess");
    assert!(site.runs("a", JOB), "and nothing is stopped");

    let (_, rest) = refused.stderr.split_once(loss.command).unwrap();
    let arguments = rest.split([';', '\n']).next().unwrap().split(". What").next().unwrap();
    let command = format!("{}{arguments}", loss.command);
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success(), "{command}");
    let remembered = fs::read_to_string(site.state_path()).unwrap_or_default();
    assert_eq!(remembered.contains("\"triggered\""), loss.is_remembered, "{remembered}");
    let again = site.jbr(&["apply", "--auto-approve"]);

    assert_eq!(again.code, Some(0), "{}", again.text());
    let account = site.account();
    assert_eq!((account.triggers_by_api("a", JOB), account.triggers_by_api("a", SECOND)), (1, 1), "{}", again.text());
    assert_eq!(account.max_writers(NAS), 1, "{:?}", account.overlaps(NAS));
    assert_eq!((site.verdict("a/accounts"), site.verdict("a/files")), (json!("completed"), json!("completed")));
}

#[test]
fn a_backup_that_runs_is_found_from_the_newest_generation() {
    check_way_back(&Loss {
        damaged: 1,
        content: |whole| whole[..whole.len() / 2].to_vec(),
        says: "state.json is damaged: it is not a state file",
        command: "cp ",
        is_remembered: true,
    });
}

#[test]
fn a_backup_that_runs_is_found_from_a_state_that_does_not_know_of_it() {
    check_way_back(&Loss {
        damaged: 3,
        content: |whole| vec![0; whole.len()],
        says: "state.json is damaged: it holds nothing but zeros",
        command: "cp ",
        is_remembered: false,
    });
}

#[test]
fn a_backup_that_runs_is_found_with_nothing_remembered() {
    check_way_back(&Loss {
        damaged: 4,
        content: |whole| whole.iter().map(|byte| byte ^ 1).collect(),
        says: "No earlier generation of it is whole",
        command: "rm -f ",
        is_remembered: false,
    });
}
