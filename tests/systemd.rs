//! The units: systemd takes them without a word, what they leave open has its reason beside it, and `jbr` needs nothing that they take
//! away. systemd itself is not started.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::Utc;
use jbr::simulator::Fleet;
use serde_json::Value;
use support::parts::{job, run_with, with_nas, writes_for};
use support::ran::{Ran, jbr};
use support::site::Site;
use tempfile::TempDir;

const SERVICES: [&str; 2] = ["jbr.service", "jbr-check.service"];
/// What `systemd-analyze security` may find at most, in tenths.
const EXPOSURE_MAX: &str = "20";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

fn unit(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// The files of this kind in a folder.
fn files(folder: &Path, kinds: &[&str]) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        all.filter(|path| path.extension().is_some_and(|kind| kinds.iter().any(|known| kind == *known))).collect();
    found.sort();
    found
}

/// The units as they would be installed, with these drop-ins, and the real program in the place of the installed one.
fn installed(drop_ins: &[PathBuf]) -> TempDir {
    let at = tempfile::tempdir().unwrap();
    let copy = |from: &Path, to: PathBuf| {
        let text = fs::read_to_string(from).unwrap().replace("/usr/local/bin/jbr", env!("CARGO_BIN_EXE_jbr"));
        fs::write(to, text).unwrap();
    };
    for path in files(&folder(), &["service", "timer"]) {
        copy(&path, at.path().join(path.file_name().unwrap()));
    }
    for path in drop_ins {
        let said = fs::read_to_string(path).unwrap();
        let is_for = |service: &str| said.lines().next().unwrap().contains(service);
        assert!(SERVICES.iter().any(|service| is_for(service)), "{} says first what it is for", path.display());
        for service in SERVICES.iter().filter(|service| is_for(service)) {
            let folder = at.path().join(format!("{service}.d"));
            fs::create_dir_all(&folder).unwrap();
            copy(path, folder.join(path.file_name().unwrap()));
        }
    }
    at
}

fn analyze(arguments: &[&str], units: &[PathBuf]) -> (bool, String) {
    let ran = Command::new("systemd-analyze").arg("--no-pager").args(arguments).args(units).output().unwrap();
    (ran.status.success(), format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr)))
}

#[test]
fn systemd_takes_the_units_and_every_drop_in_without_a_word() {
    let drop_ins = files(&folder().join("drop-ins"), &["conf"]);
    assert!(drop_ins.len() >= 5);
    for with in [&[][..], &drop_ins] {
        let at = installed(with);
        let units = files(at.path(), &["service", "timer"]);
        assert_eq!(units.len(), 5);
        let (is_good, said) = analyze(&["verify"], &units);
        // It may complain about other units of the machine.
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("jbr")).collect();
        assert!(ours.is_empty() && is_good, "{said}");
    }
}

#[test]
fn what_the_services_leave_open_is_little_and_has_its_reason_beside_it() {
    for service in SERVICES {
        let path = [folder().join(service)];
        let (is_good, said) = analyze(&["security", "--offline=true", &format!("--threshold={EXPOSURE_MAX}")], &path);
        assert!(is_good, "{said}");
        let (_, said) = analyze(&["security", "--offline=true", "--json=short"], &path);
        let rated: Vec<Value> = serde_json::from_str(said.lines().next().unwrap()).unwrap();
        let text = unit(service);
        let reasons: String = text.lines().filter(|line| line.starts_with('#')).collect();
        let open = |rating: &&Value| rating["set"] == false && rating["exposure"].as_str().is_some_and(|e| e != "0.0");
        let open: Vec<&Value> = rated.iter().filter(open).collect();
        assert!(open.len() > 3, "{said}");
        for rating in open {
            let name = rating["name"].as_str().unwrap();
            let directive = name.split('=').next().unwrap();
            assert!(reasons.contains(&format!("{directive}=")), "{service} has no reason for {name}");
        }
    }
}

#[test]
fn both_services_may_do_the_same() {
    let hardening = |name: &str| unit(name).split_once("\n# What it may do").unwrap().1.to_owned();
    assert_eq!(hardening(SERVICES[0]), hardening(SERVICES[1]));
}

#[test]
fn the_commands_are_commands_and_a_stop_is_no_failure() {
    for (path, code) in [("jbr.service", 1), ("jbr-check.service", 3), ("drop-ins/textfile.conf", 3)] {
        let text = unit(path);
        let line = text.lines().rfind(|line| line.starts_with("ExecStart=/")).unwrap();
        let arguments: Vec<&str> = line.split(' ').skip(1).collect();
        let ran = Ran::of(jbr(&arguments).env("JBR_PLAN", "/nowhere/plan.yaml"));
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.stderr);
    }
    assert!(unit("jbr.service").contains("\nSuccessExitStatus=10\n"));
    assert!(unit("jbr-check.service").contains("\nSuccessExitStatus=1\n"));
    assert!(unit("jbr-every.timer").contains("\nUnit=jbr.service\n"));
}

#[test]
fn jbr_needs_no_power_no_call_and_no_place_that_the_service_takes_away() {
    let fleet = Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(300))));
    let site = Site::start(&fleet);
    site.write_plan(&run_with("", &[("a/one", 1, "")]));
    let trace = site.path("trace");
    let allowed = allowed();
    // A warning is what a check of this fleet ends with.
    for (arguments, code) in [(&["apply", "--auto-approve", "--no-input"][..], 0), (&["check"], 1)] {
        let jbr = site.command(arguments);
        let mut sandbox = Command::new("setpriv");
        if rustix::process::geteuid().is_root() {
            sandbox.args(["--bounding-set=-all", "--inh-caps=-all"]);
        }
        sandbox.args(["--no-new-privs", "strace", "-f", "-qq", "-o", trace.to_str().unwrap()]);
        let set = jbr.get_envs().filter_map(|(name, value)| Some((name, value?)));
        sandbox.arg(jbr.get_program()).args(jbr.get_args()).env_clear().envs(set).current_dir(site.path(""));
        sandbox.env("JBR_LOG_FILE", site.path("jbr.log"));
        let ran = sandbox.output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{arguments:?}: {ran:?}");

        let traced = fs::read_to_string(&trace).unwrap();
        let called = calls(&traced);
        assert!(called.contains("connect") && called.contains("openat") && called.len() > 20, "{called:?}");
        let refused: Vec<&&str> = called.iter().filter(|call| !allowed.contains(**call)).collect();
        assert!(refused.is_empty(), "{arguments:?}: the service does not let it call {refused:?}");
        for path in written(&traced) {
            let is_its_own = Path::new(path).starts_with(site.path("")) || path.starts_with("/dev/");
            assert!(is_its_own || !path.starts_with('/'), "{arguments:?} writes {path}");
        }
    }
}

#[test]
fn the_page_names_every_file_and_says_how_they_are_rated() {
    let page = fs::read_to_string(folder().with_file_name("docs").join("systemd.md")).unwrap();
    let drop_ins = files(&folder().join("drop-ins"), &["conf"]);
    for path in files(&folder(), &["service", "timer"]).iter().chain(&drop_ins) {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
    let unprivileged: Vec<PathBuf> = drop_ins.into_iter().filter(|path| path.ends_with("unprivileged.conf")).collect();
    for (drop_ins, said) in [(&[][..], "gives "), (&unprivileged, "with `unprivileged.conf` ")] {
        let at = installed(drop_ins);
        let (_, rated) = analyze(&["security", "--offline=true"], &[at.path().join("jbr.service")]);
        let exposure = rated.split("exposure level for jbr.service: ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(page.contains(&format!("{said}{exposure}")), "{said}{exposure}");
    }
    let at = installed(&[]);
    let example = page.split("```ini\n").nth(1).unwrap().split("```").next().unwrap();
    fs::create_dir(at.path().join("jbr.timer.d")).unwrap();
    fs::write(at.path().join("jbr.timer.d/override.conf"), example).unwrap();
    let (is_good, said) = analyze(&["verify"], &[at.path().join("jbr.timer")]);
    assert!(is_good && !said.contains("jbr"), "{said}");
}

/// The system calls of a trace.
fn calls(trace: &str) -> BTreeSet<&str> {
    let call = |line: &'_ str| -> Option<(usize, usize)> {
        let begin = line.find(' ')? + 1;
        let begin = begin + (line[begin..].len() - line[begin..].trim_start().len());
        let end = begin + line[begin..].find('(')?;
        line[begin..end].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some((begin, end))
    };
    trace
        .lines()
        .filter_map(|line| call(line).map(|(begin, end)| &line[begin..end]))
        .filter(|call| !call.is_empty())
        .collect()
}

/// What is opened to be written.
fn written(trace: &str) -> impl Iterator<Item = &str> {
    let opened = trace.lines().filter(|line| line.contains("openat(") || line.contains(" open("));
    let to_write = opened.filter(|line| ["O_WRONLY", "O_RDWR", "O_CREAT"].iter().any(|flag| line.contains(flag)));
    to_write.filter_map(|line| line.split('"').nth(1))
}

/// The system calls that the service leaves, by systemd's own lists.
fn allowed() -> BTreeSet<String> {
    let text = unit("jbr.service");
    let mut allowed = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let (is_denied, groups) = line.strip_prefix('~').map_or((false, line), |groups| (true, groups));
        for group in groups.split(' ') {
            for call in members(group) {
                if is_denied {
                    allowed.remove(&call);
                } else {
                    allowed.insert(call);
                }
            }
        }
    }
    allowed
}

fn members(group: &str) -> BTreeSet<String> {
    let (is_good, said) = analyze(&["syscall-filter", group], &[]);
    assert!(is_good, "{said}");
    let names = said.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty() && !name.starts_with('#')).collect();
    names
        .into_iter()
        .flat_map(|name| if name.starts_with('@') { members(name) } else { BTreeSet::from([name.to_owned()]) })
        .collect()
}
