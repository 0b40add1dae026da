//! What the documentation says is so: its examples are run, its links lead somewhere, its lists are whole.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Execution, Fleet, Job};
use support::desk::Desk;
use support::pages::{blocks, root};
use support::parts::{DESTINATION, with_nas};
use support::site::{NAS, Site};

/// What the README's example uses.
const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";

#[test]
fn the_readme_takes_a_user_from_nothing_to_a_first_plan_against_a_real_server() {
    let execution = Execution::of(Duration::from_millis(500)).starts_after(Duration::from_millis(100));
    let job = Job::new(JOB, "Accounts").writes_to(DESTINATION).script([execution]);
    let fleet = Fleet::new(Utc::now()).server("server1", |s| with_nas(s).job(job));
    let site = Site::start(&fleet);
    let desk = Desk::new(&site.servers[0].1, &site.gate("server1"));
    let readme = Readme::read(&site, &desk);
    for folder in ["bin", "plans"] {
        fs::create_dir(site.path(folder)).unwrap();
    }

    readme.run(&site, "install -m 755");
    readme.run(&site, "ssh-keygen");
    desk.run(readme.block("sh", "server/install.sh"));
    desk.take_over();
    readme.run_on_server(&site, "jetbackup5api");
    fs::write(site.path("plans/backups.yaml"), readme.block("yaml", "version: 1")).unwrap();
    readme.run(&site, "jbr validate");

    assert_eq!(site.account().triggers_by_api("server1", JOB), 1, "the last line of the block is `jbr apply`");
    assert_eq!(site.account().max_writers(NAS), 1);
}

/// The README with this site's places instead of a user's.
struct Readme(String);

impl Readme {
    fn read(site: &Site, desk: &Desk) -> Self {
        let (_, sshd) = &site.servers[0];
        let text = fs::read_to_string(root().join("README.md")).unwrap();
        let path = |name: &str| site.path(name).display().to_string();
        let text = desk.place(&text);
        let text = text
            .replace("target/release/jbr", env!("CARGO_BIN_EXE_jbr"))
            .replace("/usr/local/bin", &path("bin"))
            .replace("/etc/jbr/plans", &path("plans"))
            .replace("host: server1.example.com", "host: 127.0.0.1")
            .replace(
                "port: 22 ",
                &format!("port: {}, user: {}, known_hosts: {} ", sshd.port(), sshd.user(), path("known_hosts")),
            );
        // On a terminal, as a user has it, with a user's answer.
        Self(text.replace("\njbr apply\n", "\necho yes | script -qec 'jbr apply' /dev/null\n"))
    }

    /// The one fenced block of this language that has this in it.
    fn block(&self, language: &str, with: &str) -> &str {
        let blocks: Vec<&str> = blocks(&self.0, language).into_iter().filter(|block| block.contains(with)).collect();
        assert_eq!(blocks.len(), 1, "one block with {with:?}");
        blocks[0]
    }

    /// Runs a block as a user on the Pi does.
    fn run(&self, site: &Site, with: &str) {
        let path = format!("{}:/usr/bin:/bin", site.path("bin").display());
        self.shell(site, with, Command::new("/bin/sh").env_clear().env("PATH", path));
    }

    /// Runs a block as a user on the server does.
    fn run_on_server(&self, site: &Site, with: &str) {
        let stand_in = Path::new(env!("CARGO_BIN_EXE_jbr")).with_file_name("examples");
        let mut shell = Command::new("/bin/sh");
        shell.env("PATH", stand_in).env("JBR_SIM_WORLD", site.world.path()).env("JBR_SIM_SERVER", "server1");
        let printed = self.shell(site, with, &mut shell);
        for id in [JOB, DESTINATION] {
            assert!(printed.contains(id), "{id} is found by it: {printed}");
        }
    }

    fn shell(&self, site: &Site, with: &str, shell: &mut Command) -> String {
        let block = self.block("sh", with);
        let shell = shell.arg("-euc").arg(block).current_dir(site.path("")).env("TERM", "xterm");
        let ran = shell.env("JBR_PLAN", site.path("plans")).env("JBR_STATE", site.state_path()).output().unwrap();
        let printed = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        assert!(ran.status.success(), "{block}\n{printed}");
        printed
    }
}

#[test]
fn the_demo_shows_the_plan_the_run_and_the_state_in_less_than_half_a_minute() {
    let site = Site::start(&Fleet::new(Utc::now()));
    let ran = site.jbr(&["demo", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let lines: Vec<serde_json::Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().filter_map(|line| line["kind"].as_str()).collect();
    assert_eq!(kinds, ["plan", "summary", "state"]);
    let items = lines.iter().find(|line| line["kind"] == "summary").unwrap()["jobs"].as_array().unwrap();
    let of = |key: &str| items.iter().filter(|item| item["outcome"]["verdict"] == key).count();
    assert_eq!((of("completed"), of("partial")), (4, 1), "{items:?}");
    assert!(items.iter().any(|item| item["outcome"]["overdue"] == true), "one is slow");
    // 900 of the fleet's seconds pass in one of ours; 5 s are for everything else.
    let at = |line: &serde_json::Value| line["at"].as_str().unwrap().parse::<chrono::DateTime<Utc>>().unwrap();
    let events: Vec<_> = lines.iter().filter(|line| line["event"].is_string()).map(at).collect();
    let span_s = (*events.last().unwrap() - events[0]).num_seconds();
    assert!((3600..25 * 900).contains(&span_s), "{span_s} simulated seconds");
}

#[test]
fn every_relative_link_leads_to_a_file() {
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            assert!(document.with_file_name(target).exists(), "{}: {target}", document.display());
        }
    }
}

#[test]
fn the_servers_readme_names_every_function_that_is_called_and_no_other() {
    let text = fs::read_to_string(root().join("server/README.md")).unwrap();
    let source = fs::read_to_string(root().join("src/jetbackup/command.rs")).unwrap();
    let rows: String = text.lines().filter(|line| line.starts_with('|')).collect();
    let is_function = |word: &&str| {
        ["list", "get", "run", "stop", "manage"]
            .iter()
            .any(|verb| word.starts_with(verb) && word.len() > verb.len() + 3)
    };
    let named: Vec<&str> = rows.split('`').skip(1).step_by(2).filter(is_function).collect();
    for function in &named {
        assert!(source.contains(&format!("\"{function}\"")), "{function} is never called");
    }
    for function in source.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).filter(is_function) {
        assert!(named.contains(&function), "{function} is not named");
    }
}

#[test]
fn the_page_on_reliability_names_tests_settings_and_invariants_that_exist() {
    let text = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let tests: String = sources(&root().join("tests")).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    for word in text.split('`').skip(1).step_by(2) {
        let is_path = word.starts_with("tests/");
        assert!(!is_path || root().join(word).exists(), "{word}");
        for setting in word.split(&[' ', '='][..]).filter(|part| part.starts_with("JBR_")) {
            assert!(tests.contains(&format!("\"{setting}\"")), "nobody reads {setting}");
        }
        if let Some(test) = word.split("--test ").nth(1) {
            assert!(root().join("tests").join(test).with_extension("rs").exists(), "{word}");
        }
    }
    let invariants = text.split("The model's invariants").nth(1).unwrap().split("It has one job").next().unwrap();
    let source = fs::read_to_string(root().join("tests/model/search.rs")).unwrap()
        + &fs::read_to_string(root().join("tests/model/truth.rs")).unwrap()
        + &fs::read_to_string(root().join("src/execute/invariant.rs")).unwrap();
    for name in invariants.split('`').skip(1).step_by(2) {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
    let mutants = fs::read_to_string(root().join("tests/model/mutants.rs")).unwrap();
    let count = mutants.split("&str); ").nth(1).unwrap().split(']').next().unwrap();
    assert!(text.contains(&format!("{count} mutants")), "there are {count} mutants");
}

#[test]
fn the_architecture_names_every_room_and_every_test() {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for room in library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        assert!(text.contains(&format!("\n| `{room}` |")) || text.contains(&format!("\n| `{room}/` |")), "{room}");
    }
    for entry in fs::read_dir(root().join("tests")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(text.contains(&format!("`tests/{name}`")), "tests/{name} is not named");
        }
    }
}

#[test]
fn each_room_imports_only_from_those_above_it() {
    let library = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rooms: Vec<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    for (place, room) in rooms.iter().enumerate() {
        for path in sources(&root().join("src").join(room)) {
            let text = fs::read_to_string(&path).unwrap();
            let outside_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for import in outside_tests.split("crate::").skip(1) {
                let name = import.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let is_below = rooms.iter().position(|known| *known == name).is_some_and(|below| below > place);
                assert!(!is_below, "{} imports from {name}, which stands below it", path.display());
            }
        }
    }
}

/// The files of a module, given its path without `.rs`.
fn sources(module: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = [module.with_extension("rs")].into_iter().filter(|file| file.is_file()).collect();
    for entry in fs::read_dir(module).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(if path.is_dir() { sources(&path) } else { vec![path] });
        }
    }
    found
}

fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md"), root().join("server/README.md")];
    found.extend(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    found
}
