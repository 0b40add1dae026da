//! Servers as they are on a bad night: what `jbr` says of each, how it ends, and that it did no harm.

#![expect(
    clippy::unwrap_used,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use chrono::Utc;
use jbr::simulator::{Destination, Execution, Fault, Fleet, Garble, Job, Rule, Server, When};
use serde_json::{Value, json};
use support::parts::{DESTINATION, with_nas};
use support::site::{NAS, Ran, Site};
use support::sshd::keygen;
use support::until::until;

/// The job on server `a`, and the one on server `b`.
const JOB: &str = "aaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_JOB: &str = "bbbbbbbbbbbbbbbbbbbbbbbb";

/// A job that is good after a second or so.
fn job(id: &str) -> Job {
    let execution = Execution::of(Duration::from_millis(400)).starts_after(Duration::from_millis(200));
    Job::new(id, "Accounts").writes_to(DESTINATION).script([execution])
}

fn with_job(server: Server) -> Server {
    let id = id_on(&server.name);
    with_nas(server).job(job(id))
}

fn id_on(server: &str) -> &'static str {
    if server == "a" { JOB } else { OTHER_JOB }
}

/// One server with one job, and a plan that waits a second for servers that do not answer.
fn site(declare: impl FnOnce(Server) -> Server) -> Site {
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |server| declare(with_job(server))));
    site.write_plan(&rest(&["a"]));
    site
}

fn rest(servers: &[&str]) -> String {
    let mut rest = String::from("run: { poll: 1s, unreachable_wait: 1s }\njobs:\n");
    for name in servers {
        writeln!(rest, "  - {{ name: accounts, server: {name}, id: {} }}", id_on(name)).unwrap();
    }
    rest
}

/// Changes the plan that was written.
fn edit(site: &Site, from: &str, to: &str) {
    let plan = fs::read_to_string(site.plan_path()).unwrap();
    assert!(plan.contains(from), "{from} in {plan}");
    fs::write(site.plan_path(), plan.replacen(from, to, 1)).unwrap();
}

fn apply(site: &Site) -> Ran {
    looked_at(site.jbr(&["apply", "--auto-approve"]))
}

fn plan(site: &Site) -> Ran {
    looked_at(site.jbr(&["plan"]))
}

/// Nothing of what a server says moves a cursor.
fn looked_at(ran: Ran) -> Ran {
    assert!(!ran.text().contains('\u{1b}'), "{ran:?}");
    ran
}

/// Nothing was changed on any server, not even tried.
fn no_harm(site: &Site) {
    let account = site.account();
    assert!(account.triggers.is_empty() && account.writes.is_empty(), "{account:?}");
    let reads = |function: &str| function.starts_with("list") || function.starts_with("get");
    assert!(account.calls.iter().all(|call| reads(&call.function)), "{:?}", account.calls);
}

/// A server that cannot be asked for a whole run: `plan` says why, `apply` runs nothing and says so.
fn check_unreachable(site: &Site, words: &[&str]) {
    let planned = plan(site);
    assert_eq!(planned.code, Some(0), "{}", planned.text());
    planned.says(words);
    assert!(!site.state_path().exists(), "a plan writes no state");

    let applied = apply(site);
    assert_eq!(applied.code, Some(9), "{}", applied.text());
    applied.says(words);
    assert_eq!(site.verdict("a/accounts"), json!("skipped"));
    assert!(!applied.text().contains("JetBackup's log"), "JetBackup has no log of what was skipped");
    check_history(site, "a/accounts", words);
    no_harm(site);
}

/// The last run is remembered as over, with this job skipped and these words of the reason.
fn check_history(site: &Site, address: &str, words: &[&str]) {
    let history = site.jbr(&["state", "history", "--json"]);
    let history: Value = serde_json::from_str(&history.stdout).unwrap();
    let run = &history["runs"][0];
    assert_eq!(run["end"], "complete", "{history}");
    let jobs = run["jobs"].as_array().unwrap();
    let outcome = &jobs.iter().find(|job| job["job"] == address).unwrap()["outcome"];
    assert_eq!(outcome["verdict"], "skipped", "{history}");
    let note = outcome["note"].as_str().unwrap();
    assert!(words.iter().all(|word| note.contains(word)), "{words:?} in {note}");
}

#[test]
fn nothing_listens() {
    let mut site = site(|server| server);
    site.sshd("a").kill();
    check_unreachable(&site, &["no connection to 127.0.0.1 port", "refused", "is the server up"]);
}

#[test]
fn something_listens_and_says_nothing() {
    let site = site(|server| server);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = site.servers[0].1.port();
    edit(&site, &format!("port: {port}"), &format!("port: {}", silent.local_addr().unwrap().port()));
    edit(&site, "connect_timeout: 5s", "connect_timeout: 1s");
    check_unreachable(&site, &["takes connections but says nothing"]);
}

#[test]
fn something_else_listens() {
    let site = site(|server| server);
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = web.local_addr().unwrap().port();
    edit(&site, &format!("port: {}", site.servers[0].1.port()), &format!("port: {port}"));
    std::thread::spawn(move || {
        for caller in web.incoming() {
            let _ = caller.unwrap().write_all(b"HTTP/1.1 400 \x1b[2JBad Request\r\n\r\n");
        }
    });
    check_unreachable(&site, &["HTTP/1.1 400 \\u{1b}[2JBad Request", "`port` in the plan"]);
}

#[test]
fn the_host_key_has_changed() {
    let mut site = site(|server| server);
    assert_eq!(plan(&site).code, Some(0));
    let sshd = site.sshd("a");
    sshd.regenerate_host_key("ed25519");
    sshd.restart();
    // The whole way back: both prints, how to compare, what to run.
    check_unreachable(
        &site,
        &["has changed", "known_hosts line 1", "ssh-keygen -l", "-R '[127.0.0.1]:", "and try again"],
    );
}

#[test]
fn the_host_key_is_unknown_and_the_plan_is_strict() {
    let site = site(|server| server);
    edit(&site, "connect_timeout", "host_key: strict, connect_timeout");
    let line = site.servers[0].1.public_host_key("ed25519");
    check_unreachable(&site, &["is not known", "host_key: strict", "ssh-keygen -l", line.trim()]);
    assert!(!site.path("known_hosts").exists());
}

#[test]
fn the_host_key_is_new_and_cannot_be_recorded() {
    let site = site(|server| server);
    // Where not even root can make a folder.
    let known_hosts = site.path("known_hosts");
    edit(&site, known_hosts.to_str().unwrap(), "/proc/nowhere/known_hosts");
    check_unreachable(&site, &["the host key of [127.0.0.1]:", "is new", "cannot be recorded", "name another one"]);
}

#[test]
fn the_server_does_not_take_the_key() {
    let site = site(|server| server);
    keygen(&site.path("other_key"), "ed25519");
    let key = site.servers[0].1.client_key();
    edit(&site, key.to_str().unwrap(), site.path("other_key").to_str().unwrap());
    check_unreachable(&site, &["does not take the key", "other_key", "authorized_keys"]);
}

#[test]
fn the_key_file_is_missing() {
    let site = site(|server| server);
    let key = site.servers[0].1.client_key();
    edit(&site, key.to_str().unwrap(), "/nowhere/key");
    check_unreachable(&site, &["the key file /nowhere/key does not exist", "`key` in the plan"]);
}

#[test]
fn the_host_has_no_address() {
    let site = site(|server| server);
    edit(&site, "host: 127.0.0.1", "host: nowhere.invalid");
    check_unreachable(&site, &["nowhere.invalid has no address", "`host` in the plan"]);
}

#[test]
fn jetbackup_is_not_installed() {
    let site = site(|server| server.rule(Rule::any(Fault::NotFound).when(When::Always)));
    check_unreachable(&site, &["the command jetbackup5api was not found", "install JetBackup 5", "PATH"]);
}

#[test]
fn everything_is_refused() {
    let refused = Fault::Refused("no \u{1b}[2Jlicence\nroot#".to_owned());
    let site = site(|server| server.rule(Rule::any(refused).when(When::Always)));
    check_unreachable(&site, &["JetBackup refused: no \\u{1b}[2Jlicence\\nroot#"]);
}

/// Nothing is known of the job, but that nothing runs is: the id is JetBackup's own, and JetBackup refuses it if it is wrong.
#[test]
fn the_jobs_cannot_be_listed_and_the_queue_can() {
    let refused = Fault::Refused("not now".to_owned());
    let site = site(|server| server.rule(Rule::of("listBackupJobs", refused).when(When::Always)));
    plan(&site).says(&["its jobs could not be read: listBackupJobs: JetBackup refused: not now."]);
    assert_eq!(apply(&site).code, Some(0));
    assert_eq!(site.account().triggers_by_api("a", JOB), 1);
}

#[test]
fn the_answer_is_garbage() {
    for (how, word) in [
        (Garble::Instead, "the answer is not JSON, it begins with \"PHP Fatal error:"),
        (Garble::Empty, "there is no answer, its output is empty"),
        (Garble::Truncated, "the answer breaks off after"),
    ] {
        let fault = Fault::Garbled { how, carried_out: false };
        check_unreachable(
            &site(|server| server.rule(Rule::any(fault).when(When::Always))),
            &[word, "-O json` on the server shows it whole"],
        );
    }
}

#[test]
fn warnings_before_the_answer_are_tolerated() {
    let fault = Fault::Garbled { how: Garble::WarningBefore, carried_out: true };
    let site = site(|server| server.rule(Rule::any(fault).when(When::Always)));
    assert_eq!(plan(&site).code, Some(0));
    assert_eq!(apply(&site).code, Some(0));
    assert_eq!(site.account().triggers_by_api("a", JOB), 1);
}

#[test]
fn a_job_that_is_disabled_is_skipped_with_the_way_to_run_it() {
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |server| with_nas(server).job(job(JOB).disabled())));
    site.write_plan(&rest(&["a"]));

    let planned = plan(&site);
    assert_eq!(planned.code, Some(0), "{}", planned.text());
    planned.says(&["~ a/accounts: disabled on a; enable it there, or declare `keep: disabled`", "1 not queued"]);
    let applied = apply(&site);
    assert_eq!(applied.code, Some(9), "{}", applied.text());
    applied.says(&["1 skipped", "the plan does not say `keep: disabled`"]);
    check_history(&site, "a/accounts", &["disabled on its server"]);
    no_harm(&site);
}

/// Where nothing is to be started, nobody needs to approve anything.
#[test]
fn a_job_that_cannot_run_asks_for_no_approval() {
    let site = Site::start(&Fleet::new(Utc::now()).server("a", |server| server.job(job(JOB).disabled())));
    site.write_plan(&rest(&["a"]));
    assert_eq!(site.jbr(&["apply"]).code, Some(9));
}

/// Refused by `plan` and by `apply`, with these words, and nothing begins.
fn check_misfit(site: &Site, words: &[&str]) {
    for ran in [plan(site), apply(site)] {
        assert_eq!(ran.code, Some(1), "{}", ran.text());
        ran.says(words);
        ran.says(&["error: the plan does not fit the servers", "nothing was started"]);
    }
    assert!(!site.state_path().exists(), "no run began");
    no_harm(site);
}

#[test]
fn a_job_that_its_server_does_not_have() {
    // One of two jobs: the other, which could run, does not either.
    let site = two_servers();
    edit(&site, JOB, "cccccccccccccccccccccccc");
    check_misfit(
        &site,
        &["a/accounts: a has no backup job with the id cccccccccccccccccccccccc", "`jbr list --server a`"],
    );
}

#[test]
fn a_destination_that_its_server_does_not_have() {
    let site = site(|server| server);
    site.write_plan_with(", destination: cccccccccccccccccccccccc", &rest(&["a"]));
    check_misfit(&site, &["no destination with the id cccccccccccccccccccccccc", "listDestinations"]);
}

#[test]
fn a_destination_that_is_disabled() {
    let site = Site::start(
        &Fleet::new(Utc::now())
            .server("a", |server| server.destination(Destination::on(NAS, DESTINATION).disabled()).job(job(JOB))),
    );
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &rest(&["a"]));

    let planned = plan(&site);
    assert_eq!(planned.code, Some(0), "{}", planned.text());
    planned.says(&["is disabled on a; enable it there, or declare it with `keep: closed`"]);
    let applied = apply(&site);
    assert_eq!(applied.code, Some(9), "{}", applied.text());
    check_history(&site, "a/accounts", &[DESTINATION, "disabled"]);
    no_harm(&site);
}

fn two_servers() -> Site {
    let fleet = Fleet::new(Utc::now()).server("a", with_job).server("b", with_job);
    let site = Site::start(&fleet);
    site.write_plan(&rest(&["a", "b"]));
    site
}

#[test]
fn s5_where_nothing_could_run_it_is_recorded_and_no_success() {
    let mut site = two_servers();
    site.sshd("a").kill();
    site.sshd("b").kill();

    let ran = apply(&site);

    assert_eq!(ran.code, Some(9), "{}", ran.text());
    ran.says(&["2 jobs: 2 skipped.", "Not one good backup was made."]);
    for address in ["a/accounts", "b/accounts"] {
        assert_eq!(site.verdict(address), json!("skipped"));
        check_history(&site, address, &["out of reach for 1s", "no connection"]);
    }
    no_harm(&site);
}

#[test]
fn one_of_two_servers_is_unreachable() {
    let mut site = two_servers();
    site.sshd("a").kill();

    let ran = apply(&site);

    assert_eq!(ran.code, Some(3), "{}", ran.text());
    ran.says(&[
        "a/accounts waits for a, which does not answer; for 1s at most",
        "b/accounts: starting, WITHOUT KNOWING what runs on a",
    ]);
    assert_eq!((site.verdict("a/accounts"), site.verdict("b/accounts")), (json!("skipped"), json!("completed")));
    assert_eq!(site.account().triggers_by_api("b", OTHER_JOB), 1);
}

#[test]
fn a_server_is_gone_when_its_turn_comes() {
    // Long enough for the second server to go while the first one's backup runs.
    let long = job(JOB).script([Execution::of(Duration::from_secs(4))]);
    let on_a = |server: Server| with_nas(server).job(long);
    let mut site = Site::start(&Fleet::new(Utc::now()).server("a", on_a).server("b", with_job));
    site.write_plan(&rest(&["a", "b"]));
    assert_eq!(plan(&site).code, Some(0));
    let mut running = site.spawn(&["apply", "--auto-approve"]);
    until("the first backup was triggered", || site.account().triggers.len() == 1);
    site.sshd("b").kill();

    let code = running.wait().unwrap().code();

    assert_eq!(code, Some(3), "{}", site.printed());
    assert_eq!((site.verdict("a/accounts"), site.verdict("b/accounts")), (json!("completed"), json!("skipped")));
    assert_eq!(site.account().triggers_by_api("b", OTHER_JOB), 0);
}
