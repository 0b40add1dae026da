//! The manual, in both languages: its commands are run in their order, as they stand there, against a real server.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;
#[path = "notify/web.rs"]
mod web;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use chrono::Utc;
use jbr::clock::earlier;
use jbr::simulator::{Execution, Fleet, Job, Log};
use serde_json::json;
use support::desk::Desk;
use support::gate::script;
use support::pages::{blocks, root};
use support::parts::{DESTINATION, with_nas};
use support::ran::{Ran, jbr};
use support::site::{NAS, Site};
use web::WebServer;

/// What the manual's plan uses.
const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
/// How many blocks of commands the manual has at least; fewer were not found.
const BLOCKS_MIN: usize = 18;

#[test]
fn every_command_of_the_manual_works_in_its_order() {
    let execution = Execution::of(Duration::from_millis(300)).starts_after(Duration::from_millis(100));
    let job = Job::new(JOB, "Accounts").writes_to(DESTINATION).script([execution]);
    let fleet = Fleet::new(Utc::now()).server("server1", |server| {
        let mut server = with_nas(server).job(job);
        server.logs.push(old_log());
        server
    });
    let site = Site::start(&fleet);
    let reader = Reader::new(&site);
    let text = page("manual.md");
    let blocks = blocks(&text, "sh");
    assert!(blocks.len() >= BLOCKS_MIN, "{} blocks", blocks.len());
    for block in &blocks {
        reader.run(block);
        reader.desk.take_over();
        if block.contains("jbr import") {
            reader.look_at_what_was_imported();
        }
    }
    let applies = blocks.iter().flat_map(|block| block.lines()).filter(|line| line.contains("jbr apply")).count();
    let account = site.account();
    assert_eq!(account.triggers_by_api("server1", JOB), applies, "each `jbr apply` made a backup");
    assert_eq!(account.max_writers(NAS), 1);
    assert_eq!(reader.web.paths().len(), applies + 1, "each of them told somebody, and so did `jbr notify test`");
}

/// A log that is older than what `jbr audit` is asked for: it proves that no younger one was deleted.
fn old_log() -> Log {
    let ended = earlier(Utc::now(), Duration::from_secs(8 * 24 * 3600));
    Log {
        id: "a".repeat(24),
        kind: 1,
        job: Some(JOB.to_owned()),
        name: "Accounts".to_owned(),
        started: earlier(ended, Duration::from_secs(1)),
        ended: Some(ended),
        status: 1,
        items: 1,
    }
}

#[test]
fn both_languages_have_the_same_examples_and_the_same_exit_codes() {
    let (english, spanish) = (page("manual.md"), page("manual.es.md"));
    for language in ["sh", "yaml"] {
        assert_eq!(blocks(&english, language), blocks(&spanish, language));
    }
    let chapters = |text: &str| text.lines().filter(|line| line.starts_with("## ") || line.starts_with("### ")).count();
    assert_eq!(chapters(&english), chapters(&spanish));
    let rows = |text: &str| text.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows(&english), rows(&spanish));
    let help = Ran::of(&mut jbr(&["--help"])).stdout;
    let table = help.lines().skip_while(|line| *line != "Exit codes:").skip(1).take_while(|line| !line.is_empty());
    let codes = table.filter_map(|line| line.split_whitespace().next()).filter(|word| word.parse::<u8>().is_ok());
    for code in codes {
        for text in [&english, &spanish] {
            assert!(text.contains(&format!("\n| {code} |")), "the manual does not say what {code} means");
        }
    }
}

#[test]
fn the_chapters_that_the_manual_lists_are_there() {
    for name in ["manual.md", "manual.es.md"] {
        let text = page(name);
        let slug = |heading: &str| {
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        };
        let headings: Vec<String> = text.lines().filter_map(|line| line.strip_prefix("## ")).map(slug).collect();
        let targets = text.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap());
        for target in targets {
            assert!(headings.iter().any(|heading| heading == target), "{name}: #{target} is not among {headings:?}");
        }
    }
}

#[test]
fn the_manuals_plan_is_valid() {
    let site = Site::start(&Fleet::new(Utc::now()));
    let text = page("manual.md");
    let plans = blocks(&text, "yaml");
    assert_eq!(plans.len(), 1);
    fs::write(site.plan_path(), plans[0]).unwrap();
    let ran = site.jbr(&["validate"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
}

/// What moves away from the predecessor. What becomes of each key of its configuration is looked at by `tests/import.rs`.
#[test]
fn every_command_of_the_page_about_moving_works() {
    let execution = Execution::of(Duration::from_millis(300));
    let job = |id: &str, name: &str| Job::new(id, name).writes_to(DESTINATION).script([execution.clone()]);
    let late = "b".repeat(24);
    let fleet = Fleet::new(Utc::now())
        .server("server1", |server| with_nas(server).job(job(JOB, "Accounts")).job(job(&late, "Late")));
    let site = Site::start(&fleet);
    let reader = Reader::new(&site);
    fs::write(site.path("units/jetbackup-remote.timer"), "").unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_jbr"), site.path("bin/jbr")).unwrap();
    fs::copy(site.servers[0].1.client_key(), reader.desk.path("ssh/jbr")).unwrap();
    let asked = "--host server1.example.com --host server2.example.com";
    let text = page("migrating.md").replace(asked, "--host server1.example.com --port 22");
    let blocks = blocks(&text, "sh");
    assert_eq!(blocks.len(), 4);
    reader.move_from_the_predecessor(blocks[0]);
    reader.run(blocks[1]);
    reader.run(blocks[2]);
    reader.look_at_what_was_imported();
    reader.run(blocks[3]);
    let more = fs::read_to_string(site.path("etc/more.yaml")).unwrap();
    assert!(more.contains(&late) && !more.contains(JOB), "{more}");
    reader.run("jbr validate");
}

/// Somebody who follows the manual, with this site's places instead of his own.
struct Reader<'a> {
    site: &'a Site,
    desk: Desk,
    /// Where the plan's `notify` goes.
    web: WebServer,
}

impl<'a> Reader<'a> {
    fn new(site: &'a Site) -> Self {
        let desk = Desk::new(&site.servers[0].1, &site.gate("server1"));
        let reader = Self { site, desk, web: WebServer::start(&[]) };
        for folder in ["bin", "etc", "units", "man1", "completions", "state"] {
            fs::create_dir_all(site.path(folder)).unwrap();
        }
        reader.stand_in("cargo", "[ \"$*\" = 'build --release' ]");
        // What systemd would be told to start must be there to be started.
        let units = site.path("units").display().to_string();
        let is_unit = format!("case $word in *.service|*.timer) [ -f '{units}'/\"$word\" ] || exit 4;; esac");
        for program in ["systemctl", "journalctl"] {
            reader.stand_in(program, &format!("for word; do {is_unit}; done"));
        }
        reader.stand_in("tmux", "[ \"$1\" = attach ] || eval \"exec ${5}\"");
        reader
    }

    fn stand_in(&self, name: &str, text: &str) {
        script(&self.site.path("bin").join(name), text);
    }

    fn run(&self, block: &str) {
        let (site, (_, sshd)) = (self.site, &self.site.servers[0]);
        let path = |name: &str| site.path(name).display().to_string();
        let login = format!("--port {} --user {} --known-hosts {}", sshd.port(), sshd.user(), path("known_hosts"));
        let text = block
            .replace("--host server1.example.com", "--host 127.0.0.1")
            .replace("--port 22", &login)
            .replace("target/release/jbr", env!("CARGO_BIN_EXE_jbr"))
            .replace("/usr/share/bash-completion/completions", &path("completions"))
            .replace("/usr/local/share/man/man1", &path("man1"))
            .replace("/usr/local/bin/jbr", &path("bin/jbr"))
            .replace("/etc/systemd/system", &path("units"))
            .replace("/etc/jbr/plans", &path("etc"))
            .replace("/var/log/jbr.log", &path("jbr.log"));
        // On a terminal, as a user has it, with a user's answer.
        let asks =
            |line: &str| line.starts_with("jbr apply") && !line.contains("--auto-approve") && !line.contains(".json");
        let answered = |line: &str| format!("echo yes | script -qec '{line}' /dev/null");
        let lines: Vec<String> =
            text.lines().map(|line| if asks(line) { answered(line) } else { line.to_owned() }).collect();
        let programs = format!("{}:{}:/usr/sbin:/usr/bin:/sbin:/bin", path("bin"), self.desk.path("bin").display());
        let mut shell = Command::new("/bin/sh");
        shell.args(["-euc", &self.desk.place(&lines.join("\n"))]).current_dir(root()).env_clear();
        shell.env("PATH", programs).env("HOME", site.path("")).env("TERM", "xterm").env("TZ", "UTC");
        let ran = shell.env("JBR_PLAN", site.path("etc")).env("JBR_STATE", site.state_path()).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{block}\n{said}");
    }

    /// Its configuration becomes a plan that fits the server.
    fn move_from_the_predecessor(&self, block: &str) {
        let (_, sshd) = &self.site.servers[0];
        let config = json!({
            "ssh_key": self.desk.path("ssh/jbr"),
            "servers": {"server1": {"host": "127.0.0.1", "port": sshd.port(), "user": sshd.user(), "destination_id": DESTINATION}},
            "jobs": [{"job_id": JOB, "label": "Accounts", "server": "server1", "type": "accounts", "priority": 1}],
        });
        let (config_path, plan_path) = (self.site.path("config.json"), self.site.path("etc/backups.yaml"));
        fs::write(&config_path, config.to_string()).unwrap();
        let block = block.replace("/etc/jetbackup-remote/config.json", &config_path.display().to_string());
        let (import, rest) = block.split_once('\n').unwrap();
        self.run(import);
        // Host keys are kept here, and not where they are on a user's machine.
        let imported = fs::read_to_string(&plan_path).unwrap();
        let here = format!("host: 127.0.0.1, known_hosts: {}", self.site.path("known_hosts").display());
        fs::write(&plan_path, imported.replace("host: 127.0.0.1", &here)).unwrap();
        assert_eq!(rest, "jbr validate\njbr plan");
        self.run(rest);
        fs::remove_file(&plan_path).unwrap();
    }

    /// The plan has the server's one job. From here on it is the manual's: the server has its name, and the job too.
    fn look_at_what_was_imported(&self) {
        let imported = fs::read_to_string(self.site.path("etc/backups.yaml")).unwrap();
        assert!(imported.contains(JOB) && imported.contains(DESTINATION), "{imported}");
        self.run("jbr validate");
        let (_, sshd) = &self.site.servers[0];
        let plan = format!(
            "version: 1\nservers:\n  server1: {{ host: 127.0.0.1, port: {}, user: {}, key: {}, known_hosts: {}, destination: {DESTINATION} }}\n\
             jobs:\n  - {{ name: accounts, server: server1, id: {JOB} }}\nrun: {{ poll: 1s }}\nnotify: {{ ping: {{ success: \"{}\" }} }}\n",
            sshd.port(),
            sshd.user(),
            self.desk.path("ssh/jbr").display(),
            self.site.path("known_hosts").display(),
            self.web.url("/ping"),
        );
        fs::write(self.site.path("etc/backups.yaml"), plan).unwrap();
    }
}

fn page(name: &str) -> String {
    let path: PathBuf = root().join("docs").join(name);
    fs::read_to_string(path).unwrap()
}
