//! End to end: the real `jbr apply`, `check` and `notify test`, with real OpenSSH servers, a real mail server and a web server.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::simulator::{Destination, Execution, Fault, Fleet, Rule, When};
use serde_json::Value;

use crate::smtp::MailServer;
use crate::support::parts::{DESTINATION, job, run_with, with_nas, writes_for};
use crate::support::site::{NAS, Site};
use crate::support::until::{until, until_within};
use crate::web::WebServer;

const PASSWORD: &str = "correct horse battery";

/// A server with two jobs; the second one goes like this.
fn fleet(second: Execution) -> Fleet {
    Fleet::new(Utc::now()).server("a", |a| with_nas(a).job(job(1, writes_for(300))).job(job(2, second)))
}

pub(crate) fn site(second: Execution, extra: &str, notify: &str) -> Site {
    let site = Site::start(&fleet(second));
    plan(&site, extra, notify);
    site
}

pub(crate) fn plan(site: &Site, extra: &str, notify: &str) {
    let jobs = run_with(", unreachable_wait: 1s", &[("a/one", 1, ""), ("a/two", 2, extra)]);
    site.write_plan(&format!("{jobs}notify:\n{notify}"));
}

pub(crate) fn email(server: &MailServer, more: &str) -> String {
    format!(
        "  email:\n    to: ops@example.com\n    from: jbr@example.com\n    smtp: {{ host: localhost, port: {}{more} }}\n",
        server.port()
    )
}

pub(crate) fn plain(server: &MailServer) -> String {
    email(server, ", security: none, timeout: 3s")
}

pub(crate) fn secret(site: &Site, name: &str, text: &str) -> String {
    fs::write(site.path(name), text).unwrap();
    fs::set_permissions(site.path(name), Permissions::from_mode(0o600)).unwrap();
    format!("file:{}", site.path(name).display())
}

fn subject(mail: &str) -> String {
    // Folded lines are one.
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    head.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().trim().to_owned()
}

pub(crate) fn subjects(server: &MailServer) -> Vec<String> {
    server.mails().iter().map(|mail| subject(mail)).collect()
}

fn waiting(site: &Site) -> usize {
    jbr::notify::outbox(&site.state_path()).unwrap().unsent.len()
}

/// The files below a folder that hold a text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).contains(text) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn a_run_with_a_failure_mails_once_and_a_good_one_not_at_all_and_the_password_is_nowhere() {
    let server = MailServer::start(&["--tls", "starttls", "--login", &format!("jbr:{PASSWORD}")]);
    let site = site(writes_for(300).ends(102), "", "");
    let password = secret(&site, "password", PASSWORD);
    let more = format!(", user: jbr, password: \"{password}\", ca_file: {}", server.ca_file().display());
    plan(&site, "", &email(&server, &more));

    let ran = site.jbr(&["-vv", "apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "{}", ran.text());
    assert!(subject(&mails[0]).contains("FAILURE: 1 of 2 jobs without a good backup: a/two"), "{}", subject(&mails[0]));
    assert!(
        mails[0].contains("multipart/alternative") && mails[0].contains("Auto-Submitted: auto-generated"),
        "{}",
        mails[0]
    );
    for word in ["a/one", "a/two", "completed", "failed", "<table"] {
        assert!(mails[0].contains(word), "{word}: {}", mails[0]);
    }
    assert_eq!((waiting(&site), site.account().max_writers(NAS)), (0, 1));
    assert!(!ran.text().contains(PASSWORD));
    let folder = site.plan_path().parent().unwrap().to_owned();
    assert_eq!(files_with(&folder, PASSWORD), ["password"], "nowhere but where the plan says that it is");

    let ran = site.jbr(&["apply", "--auto-approve", "--job", "a/one"]);
    assert_eq!((ran.code, server.mails().len()), (Some(0), 1), "{}", ran.text());
    // Switched on, it tells of a good run, too.
    plan(&site, "", &format!("{}    on: {{ finished: true }}\n", email(&server, &more)));
    let ran = site.jbr(&["apply", "--auto-approve", "--job", "a/one"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert!(subjects(&server)[1].contains("OK: 1 job, all good"), "{:?}", subjects(&server));
}

#[test]
fn a_timeout_is_told_at_once_while_the_run_goes_on() {
    let server = MailServer::start(&[]);
    let site = site(writes_for(5000), ", timeout: 1s", &plain(&server));
    let mut running = site.start_apply();
    until_within(Duration::from_secs(20), "a mail comes", || !server.mails().is_empty());
    assert!(!running.has_ended() && site.runs("a", &crate::support::parts::id(2)), "{}", running.stderr());
    assert!(subjects(&server)[0].contains("TIMEOUT: a/two takes longer than its timeout"), "{:?}", subjects(&server));
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    // Who was alarmed hears how it ended.
    let subjects = subjects(&server);
    assert!(
        subjects.len() == 2 && subjects[1].contains("TIMEOUT: 1 job took longer than the timeout, and ended well"),
        "{subjects:?}"
    );
}

#[test]
fn a_mail_server_that_is_down_or_hangs_changes_nothing_but_the_outbox() {
    let mut server = MailServer::start(&["--mood", "hangs"]);
    let site = site(writes_for(300).ends(102), "", &plain(&server));
    let began = Instant::now();
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!((ran.code, waiting(&site)), (Some(3), 1), "{}", ran.text());
    assert!(ran.stderr.contains("notify: could not be sent, and kept in the outbox: mail \"[jbr "), "{}", ran.stderr);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());

    server.stop();
    let ran = site.jbr(&["apply", "--auto-approve", "--job", "a/two"]);
    assert_eq!((ran.code, waiting(&site)), (Some(3), 2), "{}", ran.text());

    let status = site.jbr(&["status"]);
    assert_eq!(status.stdout.matches("not sent: mail \"[jbr ").count(), 2, "{}", status.text());

    // The next command that talks to somebody sends them, and its verdict is its own.
    server.restart("takes");
    let ran = site.jbr(&["check"]);
    let subjects = subjects(&server);
    assert_eq!((ran.code, waiting(&site)), (Some(2), 0), "{}", ran.text());
    assert!(
        subjects.len() == 3 && subjects[2].contains("STALE: 1 job without a backup that is young enough: a/two"),
        "{subjects:?}"
    );
    assert!(!ran.stderr.contains("notify:"), "{}", ran.stderr);
}

#[test]
fn what_is_too_old_is_told_once_a_day_and_not_at_every_check() {
    let server = MailServer::start(&[]);
    let site = site(writes_for(300), "", &plain(&server));
    for _ in 0..3 {
        let ran = site.jbr(&["check"]);
        assert!(ran.code == Some(2) && !ran.stderr.contains("notify:"), "{}", ran.text());
    }
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("a/one: no good backup of it is known"), "{}", mails[0]);
    // What has a backup again is forgotten; what still has none was told already.
    assert_eq!(site.jbr(&["apply", "--auto-approve", "--job", "a/one"]).code, Some(0));
    assert_eq!(site.jbr(&["check"]).code, Some(2));
    let told = fs::read_to_string(site.path("state/state.json.outbox/told.json")).unwrap();
    assert!(told.contains("a/two") && !told.contains("a/one"), "{told}");
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn what_keeps_a_run_from_beginning_is_told_once_and_the_switch_hears_it_each_time() {
    let (server, web) = (MailServer::start(&[]), WebServer::start(&[]));
    let site = site(writes_for(300), "", "");
    let mut notify = plain(&server);
    writeln!(
        notify,
        "  ping: {{ start: \"{}\", success: \"{}\", failure: \"{}\" }}",
        web.url("/start"),
        web.url("/ok"),
        web.url("/bad")
    )
    .unwrap();
    plan(&site, "", &notify);
    let good = fs::read_to_string(site.plan_path()).unwrap();
    // An id that the server does not have.
    fs::write(site.plan_path(), good.replace(&crate::support::parts::id(2), &crate::support::parts::id(9))).unwrap();
    for _ in 0..2 {
        let ran = site.jbr(&["apply", "--auto-approve"]);
        assert_eq!(ran.code, Some(1), "{}", ran.text());
    }
    assert_eq!(web.paths(), ["/bad", "/bad"]);
    let told = subjects(&server);
    assert!(
        told.len() == 1 && told[0].contains("FAILURE: nothing was run: the plan does not fit the servers"),
        "{told:?}"
    );

    // Whoever types is there to see it.
    fs::write(site.plan_path(), &good).unwrap();
    assert_eq!(site.jbr(&["apply", "--auto-approve", "--job", "a/nothing"]).code, Some(64));
    assert_eq!(site.jbr(&["apply"]).code, Some(5));
    assert_eq!((web.paths().len(), server.mails().len()), (2, 1));

    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!(web.paths()[2..], ["/start", "/ok"]);
    let (method, _, body) = &web.asked()[3];
    assert!(method == "POST" && body.contains("2 of 2 jobs good"), "{body}");
}

#[test]
fn on_a_disk_that_takes_nothing_a_run_that_cannot_begin_is_told_all_the_same_and_that_is_said() {
    let server = MailServer::start(&[]);
    let site = site(writes_for(300), "", &plain(&server));
    let good = fs::read_to_string(site.plan_path()).unwrap();
    fs::write(site.plan_path(), good.replace(&crate::support::parts::id(2), &crate::support::parts::id(9))).unwrap();
    fs::create_dir_all(site.path("state")).unwrap();
    fs::write(site.path("state/state.json.outbox"), "").unwrap();
    for count in 1..=2 {
        let ran = site.jbr(&["apply", "--auto-approve"]);
        assert_eq!((ran.code, server.mails().len()), (Some(1), count), "{}", ran.text());
        assert!(ran.stderr.contains("notify: the outbox cannot be written"), "{}", ran.stderr);
    }
    // What can be neither written nor sent is named.
    drop(server);
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert!(ran.code == Some(1) && ran.stderr.contains("notify: LOST: mail \"[jbr "), "{}", ran.text());
    // A check has its verdict, and whoever reads it every five minutes is not mailed as often.
    let ran = site.jbr(&["check"]);
    assert!(ran.stderr.contains("what is too old is not told, since it could not be remembered"), "{}", ran.text());
}

#[test]
fn a_webhook_gets_every_notice_as_json_and_its_address_is_kept_nowhere() {
    let web = WebServer::start(&[]);
    let site = site(writes_for(300).ends(102), "", "");
    let url = secret(&site, "hook", &web.url("/hook/hunter2"));
    plan(&site, "", &format!("  webhook: {{ url: \"{url}\" }}\n"));
    let ran = site.jbr(&["apply", "--auto-approve", "--json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    let asked = web.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    let notice: Value = serde_json::from_str(&asked[0].2).unwrap();
    assert_eq!((&notice["kind"], &notice["notice"]), (&"notice".into(), &"failure".into()), "{notice:#}");
    assert_eq!((&notice["summary"]["kind"], &notice["summary"]["good"]), (&"summary".into(), &1.into()), "{notice:#}");
    assert!(!ran.text().contains("hunter2"), "{}", ran.text());
    let folder = site.plan_path().parent().unwrap().to_owned();
    assert_eq!(files_with(&folder, "hunter2"), ["hook"]);
}

#[test]
fn a_signal_does_not_wait_for_a_mail_server_that_hangs() {
    let server = MailServer::start(&["--mood", "hangs"]);
    let site = site(writes_for(8000), ", timeout: 1s", &email(&server, ", security: none, timeout: 60s"));
    let mut running = site.start_apply();
    running.until_event("overdue", None);
    until("the mail is offered", || server.noted("offered") > 0);
    let (ran, took) = running.ended_by(rustix::process::Signal::TERM);
    assert_eq!(ran.code, Some(10), "{}", ran.text());
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(waiting(&site) >= 1);
}

#[test]
fn two_signals_while_the_last_mail_goes_out_do_not_change_how_the_run_ended() {
    let server = MailServer::start(&["--mood", "hangs"]);
    let site = site(writes_for(300).ends(102), "", &email(&server, ", security: none, timeout: 60s"));
    let mut running = site.start_apply();
    until_within(Duration::from_secs(20), "the mail is offered", || server.noted("offered") > 0);
    running.signal(rustix::process::Signal::INT);
    let (ran, took) = running.ended_by(rustix::process::Signal::TERM);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(took < Duration::from_secs(2) && waiting(&site) == 1, "{took:?}");
}

#[test]
fn who_finds_the_lock_held_or_is_answered_no_does_not_wait_for_old_mail() {
    let server = MailServer::start(&["--mood", "hangs"]);
    let site = site(writes_for(8000), "", &email(&server, ", security: none, timeout: 60s"));
    let outbox = site.path("state/state.json.outbox");
    fs::create_dir_all(&outbox).unwrap();
    let made = Utc::now();
    let json = format!(
        r#"{{"version":1,"made":"{}","tries":0,"last":null,"message":{{"channel":"mail","subject":"old","text":"t","html":"h"}}}}"#,
        made.to_rfc3339()
    );
    fs::write(outbox.join("20260101T000000000Z-000001-1-mail.json"), json).unwrap();
    // Nobody is there to say "yes".
    let began = Instant::now();
    assert_eq!(site.jbr(&["apply"]).code, Some(5));
    assert_eq!((server.noted("offered"), waiting(&site)), (0, 1));
    let mut running = site.start_apply();
    running.until_event("started", None);
    let second = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(second.code, Some(6), "{}", second.text());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    let (ran, _) = running.ended_by(rustix::process::Signal::TERM);
    assert_eq!(ran.code, Some(10), "{}", ran.text());
}

#[test]
fn what_a_hostile_server_says_is_text_in_the_mail() {
    let server = MailServer::start(&[]);
    let hostile = "</td><script>x</script>\r\nBcc: evil@example.com\r\n\r\n.\r\n\u{1b}[2J\u{202e}";
    let refuses = Rule::of("runBackupJobManually", Fault::Refused(hostile.to_owned())).when(When::Always);
    let mut two = job(2, writes_for(300));
    two.name = "<b>&\r\nSubject: x".to_owned();
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| with_nas(a).job(job(1, writes_for(300))))
        .server("b", |b| with_nas(b).job(two).rule(refuses));
    let site = Site::start(&fleet);
    let jobs = run_with(", unreachable_wait: 1s", &[("a/one", 1, ""), ("b/two", 2, "")]);
    site.write_plan(&format!("{jobs}notify:\n{}", plain(&server)));
    let ran = site.jbr(&["apply", "--auto-approve"]);
    let mails = server.mails();
    assert_eq!((ran.code, mails.len()), (Some(3), 1), "{}", ran.text());
    let (head, body) = mails[0].split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("Bcc") && !head.contains("evil") && head.matches("Subject:").count() == 1, "{head}");
    // Without the line breaks of quoted-printable; as plain text a tag is none.
    let body = body.replace("=\r\n", "");
    let (_, html) = body.split_once("text/html").unwrap();
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{body}");
    assert!(!body.contains('\u{1b}') && !body.contains('\u{202e}'), "{body:?}");
}

#[test]
fn pings_go_through_the_proxy_that_the_environment_names() {
    let (proxy, direct) = (WebServer::start(&[]), WebServer::start(&[]));
    let site = site(writes_for(300), "", "");
    let notify = |url: &str| format!("  ping: {{ success: \"{url}\" }}\n");
    let test = |no_proxy: &str| {
        let mut command = site.command(&["notify", "test"]);
        command.env("HTTP_PROXY", proxy.url("")).env("NO_PROXY", no_proxy).output().unwrap();
    };
    plan(&site, "", &notify("http://status.example.com/ok"));
    test("");
    let asked = format!("{:?}", proxy.asked());
    assert!(asked.contains("status.example.com"), "{asked}");
    let before = proxy.asked().len();
    plan(&site, "", &notify(&direct.url("/ok")));
    test("127.0.0.1");
    assert_eq!((proxy.asked().len(), direct.paths()), (before, vec!["/ok".to_owned()]));
}

#[test]
fn what_stays_open_whatever_is_done_is_told_once_a_day_and_at_once_when_it_comes_back() {
    let server = MailServer::start(&[]);
    let destination = Destination::on(NAS, DESTINATION).disabled();
    let fleet = Fleet::new(Utc::now()).server("a", |a| a.destination(destination).job(job(1, writes_for(1500))));
    let site = Site::start(&fleet);
    let jobs = run_with("", &[("a/one", 1, ", every: 1d")]);
    let keep = format!(", destination: {{ id: {DESTINATION}, keep: closed }}");
    site.write_plan_with(&keep, &format!("{jobs}notify:\n{}", plain(&server)));
    let mut running = site.start_apply();
    site.until_runs("a", &crate::support::parts::id(1));
    let stubborn = ["manageDestinationState", "manageDestination"]
        .map(|function| Rule::of(function, Fault::DoesNotStick).when(When::Always));
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.rules.extend(stubborn.clone()))).unwrap();
    assert_eq!(running.ended().code, Some(8));
    let told = subjects(&server);
    assert!(told.len() == 2 && told.iter().all(|subject| subject.contains("UNSAFE")), "{told:?}");
    // A timer comes by every 15 minutes, and each time it is a run that does nothing else.
    for count in [3, 3] {
        let ran = site.jbr(&["apply", "--auto-approve"]);
        assert_eq!((ran.code, subjects(&server).len()), (Some(8), count), "{} {:?}", ran.text(), subjects(&server));
    }
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.rules.clear())).unwrap();
    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(0));
    let told = fs::read_to_string(site.path("state/state.json.outbox/told.json")).unwrap();
    assert!(!told.contains("open a "), "{told}");
}

#[test]
fn a_partial_backup_and_a_server_that_is_silent_are_mailed_by_their_names() {
    let server = MailServer::start(&[]);
    let mut site = site(writes_for(300).ends(101), "", &plain(&server));
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    site.sshd("a").kill();
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_ne!(ran.code, Some(0), "{}", ran.text());
    let subjects = subjects(&server);
    assert!(subjects.len() == 2 && subjects[0].contains("PARTIAL: 1 of 2 jobs in part: a/two"), "{subjects:?}");
    let mails = server.mails();
    assert!(mails[1].contains("out of reach") && mails[1].contains("a/one"), "{}", mails[1]);
}

#[test]
fn a_test_says_step_by_step_what_happens_and_sends_what_waits() {
    let (mut server, web) = (MailServer::start(&["--mood", "refuses"]), WebServer::start(&[]));
    let site = site(writes_for(300).ends(102), "", "");
    let without = site.jbr(&["notify", "test"]);
    assert_eq!(without.code, Some(1), "{}", without.text());
    let mut notify = plain(&server);
    writeln!(notify, "  ping: {{ success: \"{}\", failure: env:NOWHERE }}", web.url("/ok")).unwrap();
    plan(&site, "", &notify);

    assert_eq!(site.jbr(&["apply", "--auto-approve"]).code, Some(3));
    let ran = site.jbr(&["notify", "test"]);
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    for words in [
        "mail\n  · connected to localhost port ",
        "\n  x not taken for ops@example.com (code 550): 5.1.1 nobody",
        "ping failure\n  x env:NOWHERE is not set",
        "ping success\n",
        "answered with code 200",
        "Not every notice would arrive.",
    ] {
        assert!(ran.stdout.contains(words), "{words}: {}", ran.stdout);
    }

    server.restart("takes");
    fs::write(site.plan_path(), fs::read_to_string(site.plan_path()).unwrap().replace(", failure: env:NOWHERE", ""))
        .unwrap();
    let ran = site.jbr(&["notify", "test", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    assert_eq!((&ran.lines()[0]["kind"], &ran.lines()[0]["left"]), (&"notify_test".into(), &0.into()));
    let subjects = subjects(&server);
    assert!(
        subjects[0].contains("TEST: notices arrive") && subjects[1].contains("FAILURE: 1 of 2 jobs"),
        "{subjects:?}"
    );
}

#[test]
fn a_job_whose_place_another_ones_backup_took_is_no_success_for_the_switch() {
    let web = WebServer::start(&[]);
    let notify = format!("  ping: {{ success: \"{}\", failure: \"{}\" }}\n", web.url("/success"), web.url("/failure"));
    let site = Site::start(&fleet(writes_for(4000)));
    let declare = |number: usize| {
        site.write_plan(&format!("{}notify:\n{notify}", run_with("", &[("a/two", number, "")])));
    };
    declare(2);
    let mut killed = site.start_apply();
    killed.until_event("started", None);
    killed.kill();
    // The address is another job's now, and the backup of the one that had it is watched to its end.
    declare(1);
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(ran.stderr.contains("was not run: the backup that was watched under its name"), "{}", ran.stderr);
    assert_eq!(web.paths(), ["/failure"], "{}", ran.text());
}
