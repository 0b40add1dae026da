//! End to end: a mail quotes JetBackup's log of what did not end well.

use std::fs;
use std::time::Duration;

use chrono::Utc;
use jbr::jetbackup::client::Client;
use jbr::links::{Link, Links};
use jbr::notify::collect::collect;
use jbr::notify::quotes::{Wanted, Wish};
use jbr::simulator::{Fault, Rule, When};
use jbr::transport::{Failure, FailureKind, Output, Transport};
use serde_json::json;

use crate::run::{email, plain, plan, secret, site, subjects};
use crate::smtp::MailServer;
use crate::support::parts::writes_for;
use crate::support::site::Site;
use crate::web::WebServer;

/// What the simulated JetBackup writes into the log of a backup that failed.
const SAID: &str = "ERROR: Transfer to the destination failed: No space left on device";

/// The last mail without the line breaks of quoted-printable.
fn mail(server: &MailServer) -> String {
    server.mails().last().unwrap().replace("=\r\n", "")
}

/// How many logs were asked for.
fn asked(site: &Site) -> usize {
    let calls = site.account().calls;
    calls.iter().filter(|call| call.parameters.get("get_log_contents") == Some("1")).count()
}

#[test]
fn the_log_of_what_failed_is_quoted_in_the_mail_and_goes_nowhere_else() {
    let (server, web) = (MailServer::start(&[]), WebServer::start(&[]));
    let site = site(writes_for(300).ends(102), "", "");
    let url = secret(&site, "hook", &web.url("/hook"));
    plan(&site, "", &format!("{}  webhook: {{ url: \"{url}\" }}\n", plain(&server)));
    let ran = site.jbr(&["-vv", "apply", "--auto-approve"]);
    assert_eq!((ran.code, server.mails().len()), (Some(3), 1), "{}", ran.text());
    let mail = mail(&server);
    // As text and as HTML.
    assert_eq!(mail.matches(SAID).count(), 2, "{mail}");
    assert!(mail.contains("From JetBackup's log of a/two:") && !mail.contains("log of a/one"), "{mail}");
    assert_eq!(asked(&site), 1, "of what ended well no log is asked for");
    assert_eq!(web.asked().len(), 1);
    let state = fs::read_to_string(site.state_path()).unwrap();
    for out in [&ran.text(), &web.asked()[0].2, &state] {
        assert!(!out.contains("No space left"), "{out}");
    }

    // Whoever does not want it says so.
    plan(&site, "", &format!("{}    log_excerpts: false\n", plain(&server)));
    let ran = site.jbr(&["apply", "--auto-approve", "--job", "a/two"]);
    assert_eq!((ran.code, server.mails().len(), asked(&site)), (Some(3), 2, 1), "{}", ran.text());
    assert!(!server.mails()[1].contains("From JetBackup's log"), "{}", server.mails()[1]);
}

#[test]
fn a_log_that_cannot_be_had_is_said_and_costs_the_mail_nothing() {
    let server = MailServer::start(&[]);
    let site = site(writes_for(300).ends(102), "", &plain(&server));
    let refused = Rule::of("getQueueGroup", Fault::Refused("no such <log>".to_owned())).when(When::Always);
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.rules.push(refused.clone()))).unwrap();
    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!((ran.code, asked(&site)), (Some(3), 1), "{}", ran.text());
    let mail = mail(&server);
    for said in [
        "JetBackup's log of a/two could not be read: getQueueGroup: JetBackup refused: no such <log>.",
        "JetBackup&#39;s log of a/two could not be read: getQueueGroup: JetBackup refused: no such &lt;log&gt;.",
    ] {
        assert_eq!(mail.matches(said).count(), 1, "{mail}");
    }
}

/// A server that gives these answers one after the other.
struct Answers(std::vec::IntoIter<Result<Output, Failure>>);

impl Transport for Answers {
    fn call(&mut self, _: &str) -> Result<Output, Failure> {
        self.0.next().unwrap()
    }

    fn hurry(&mut self, _: std::time::Duration) {}

    fn keep_alive(&mut self) {}
}

/// What becomes of three logs of a server that answers like this, as often as it is asked.
fn read(answers: Vec<Result<Output, Failure>>) -> Vec<String> {
    let wanted = |number: usize| Wanted {
        job: format!("a/job{number}").parse().unwrap(),
        group: format!("{number:024}").parse().unwrap(),
    };
    let wish = Wish { wanted: (0..3).map(wanted).collect(), left_out: 7 };
    let client = Client::new(Box::new(Answers(answers.into_iter())));
    let link = Link { server: "a".parse().unwrap(), guard: None, client };
    let quotes = collect(&mut Links::new(vec![link]), &wish);
    assert_eq!((quotes.quotes.len(), quotes.left_out), (3, 7));
    quotes.quotes.into_iter().map(|(job, quote)| format!("{job}: {quote:?}")).collect()
}

fn log_of(number: usize) -> Output {
    let group = json!({"_id": format!("{number:024}"), "status": 102, "log_contents": "it failed"});
    let stdout = json!({"success": 1, "data": group}).to_string().into_bytes();
    Output { stdout, exit: Some(0), ..Output::default() }
}

#[test]
fn a_server_that_has_fallen_silent_is_not_waited_for_once_a_log() {
    let silent = Failure::lost(FailureKind::Timeout, "no answer within 1m");
    let said = read(vec![Ok(log_of(0)), Err(silent)]);
    assert!(said[0].contains("it failed"), "{said:?}");
    assert!(said[1..].iter().all(|said| said.contains("no answer within 1m")), "{said:?}");

    // One that says too much has answered; and the log of another backup is none.
    let too_much = Failure::lost(FailureKind::OutputLimit, "more than 16 MiB of output");
    let said = read(vec![Err(too_much), Ok(log_of(9)), Ok(log_of(2))]);
    for (said, words) in said.iter().zip(["more than 16 MiB", "asked for 000000000000000000000001, got", "it failed"]) {
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn a_crash_while_the_logs_are_read_takes_the_news_from_nobody() {
    let server = MailServer::start(&[]);
    let site = site(writes_for(300).ends(102), "", &email(&server, ", security: none, timeout: 3s"));
    let slow = Rule::of("getQueueGroup", Fault::Slow).when(When::Always).delay(Duration::from_secs(3));
    let mut running = site.start_apply();
    running.until_event("started", Some("a/two"));
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.rules.push(slow.clone()))).unwrap();
    running.until_event("ended", None);
    running.kill();
    assert_eq!(server.mails().len(), 0, "it was killed before");
    site.world.update(|fleet| fleet.change("a", Utc::now(), |a| a.rules.clear())).unwrap();

    let ran = site.jbr(&["apply", "--auto-approve"]);
    assert_eq!(ran.code, Some(3), "{}", ran.text());
    assert!(subjects(&server)[0].contains("FAILURE: 1 of 2 jobs"), "{:?}", subjects(&server));
    assert!(mail(&server).contains(SAID), "{}", mail(&server));
    assert_eq!(site.account().triggers.len(), 2, "nothing was run again");
}
