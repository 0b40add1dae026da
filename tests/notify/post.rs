//! The outbox and what sends it, without a run: each mood of a mail server, and each answer of a web server.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::Utc;
use jbr::desired::{Ping, Security, Url};
use jbr::notify::message::{Message, Signal};

use crate::desk::{Desk, LIMIT, PASSWORD, mail, sent};
use crate::smtp::MailServer;
use crate::web::WebServer;

#[test]
fn starttls_with_a_login_and_a_certificate_of_the_house() {
    let server = MailServer::start(&["--tls", "starttls", "--login", &format!("jbr:{PASSWORD}")]);
    let mut desk = Desk::new(&server, Security::StartTls).login(PASSWORD);
    let tried = desk.post().try_now(mail("one"), Utc::now());
    assert_eq!(tried.failure, None, "{tried:#?}");
    assert_eq!(tried.steps.len(), 5, "{tried:#?}");
    let mails = server.mails();
    assert!(
        mails.len() == 1 && mails[0].contains("X-To: ops@example.com") && mails[0].contains("Subject: one"),
        "{mails:?}"
    );

    // Without the house's certificate the server could be anybody.
    desk.smtp().ca_file = None;
    let tried = desk.post().try_now(mail("two"), Utc::now());
    assert!(
        tried
            .failure
            .is_some_and(|why| why.contains("nobody whom this machine believes; if that is the house's own authority")),
        "{:?}",
        tried.steps
    );
    assert_eq!((server.mails().len(), server.noted("login")), (1, 1));
}

#[test]
fn tls_from_the_first_byte_on_and_no_word_to_a_server_that_cannot_encrypt() {
    let server = MailServer::start(&["--tls", "tls", "--login", &format!("jbr:{PASSWORD}")]);
    let desk = Desk::new(&server, Security::Tls).login(PASSWORD);
    desk.put("one");
    assert_eq!(sent(&desk.send()), (1, 0, 0));
    assert_eq!(server.mails().len(), 1);

    let open = MailServer::start(&[]);
    let mut desk = Desk::new(&open, Security::StartTls).login(PASSWORD);
    desk.smtp().ca_file = Some(server.ca_file());
    desk.put("two");
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    desk.one_waits("no STARTTLS", false);
    assert_eq!((open.mails().len(), open.noted("offered")), (0, 0));
}

#[test]
fn a_wrong_login_is_not_tried_again_and_again_and_the_right_one_sends_all() {
    let server = MailServer::start(&["--tls", "starttls", "--login", &format!("jbr:{PASSWORD}")]);
    let desk = Desk::new(&server, Security::StartTls).login("wrong horse");
    desk.put("one");
    desk.put("two");
    assert_eq!(sent(&desk.send()), (0, 2, 1));
    assert_eq!(sent(&desk.send()), (0, 2, 0), "not again within the hour");
    assert_eq!(server.noted("wrong login"), 1);
    for file in fs::read_dir(desk.folder.path().join("state.json.outbox")).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains("horse") && !text.contains("d3JvbmcgaG9yc2U"), "{text}");
    }

    let desk = desk.login(PASSWORD);
    assert_eq!(sent(&desk.post().send(LIMIT, Utc::now(), true)), (2, 0, 0));
    assert_eq!(server.mails().len(), 2);
}

#[test]
fn a_server_that_wants_a_login_first_refuses_no_mail_and_has_it_once_there_is_one() {
    let server = MailServer::start(&["--tls", "starttls", "--login", &format!("jbr:{PASSWORD}")]);
    let desk = Desk::new(&server, Security::StartTls);
    desk.put("one");
    desk.put("two");
    assert_eq!(sent(&desk.send()), (0, 2, 1), "the way is closed: the second is not tried");
    assert!(desk.waiting().iter().all(|unsent| !unsent.refused), "{:?}", desk.waiting());
    // Whoever mends the plan need not know that something waits.
    let desk = desk.login(PASSWORD);
    assert_eq!(sent(&desk.send()), (2, 0, 0));
}

#[test]
fn what_is_refused_for_good_is_kept_and_said_and_not_tried_again_by_itself() {
    let mut server = MailServer::start(&["--mood", "refuses"]);
    let desk = Desk::new(&server, Security::None);
    desk.put("one");
    let first = desk.send();
    assert_eq!(sent(&first), (0, 1, 1));
    assert!(first.said[0].starts_with("refused, and kept in the outbox: mail \"one\": "), "{first:?}");
    assert!(first.said[0].contains("5.1.1") && !first.said[0].contains('\u{1b}'), "{first:?}");
    assert_eq!(sent(&desk.send()), (0, 1, 0));
    desk.one_waits("5.1.1", true);
    assert_eq!(server.noted("offered"), 1);
    server.restart("takes");
    assert_eq!(sent(&desk.post().send(LIMIT, Utc::now(), true)), (1, 0, 0));
}

#[test]
fn who_is_greylisted_comes_back() {
    let server = MailServer::start(&["--mood", "greylists"]);
    let desk = Desk::new(&server, Security::None);
    desk.put("one");
    desk.put("two");
    assert_eq!(
        sent(&desk.send()),
        (0, 2, 2),
        "each mail by itself: one that is never taken must not keep the others back"
    );
    server.know();
    assert_eq!(sent(&desk.send()), (2, 0, 0));
    let mails = server.mails();
    assert!(mails.len() == 2 && mails[0].contains("Subject: one"), "{mails:?}");
}

#[test]
fn one_address_that_is_not_taken_keeps_no_other_from_its_mail_and_nobody_gets_it_twice() {
    let server = MailServer::start(&["--mood", "partly"]);
    let mut desk = Desk::new(&server, Security::None);
    let to = ["gone@example.com", "ops@example.com", "later@example.com"].map(str::to_owned);
    desk.notify.email.as_mut().unwrap().to = to.to_vec();
    desk.put("one");
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    let words = "taken for 1 recipient, but not taken for gone@example.com (code 550), later@example.com (code 452): 5.1.1 no such user; 4.2.2 mailbox full";
    desk.one_waits(words, false);
    let got = |number: usize, address: &str| server.mails()[number].matches(&format!("X-To: {address}")).count();
    assert_eq!((server.mails().len(), got(0, "ops"), got(0, "gone"), got(0, "later")), (1, 1, 0, 0));

    server.know();
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    desk.one_waits("taken for 1 recipient, but refused for gone@example.com", true);
    assert_eq!(server.noted("offered gone"), 1, "what is refused for good is not offered again beside others");
    assert_eq!((server.mails().len(), got(1, "ops"), got(1, "later")), (2, 0, 1));
    assert_eq!(sent(&desk.send()), (0, 1, 0), "what is refused for good is not tried again by itself");

    // Who does not exist is taken out of the plan, and a test sends what waits.
    desk.notify.email.as_mut().unwrap().to.remove(0);
    assert_eq!(sent(&desk.post().send(LIMIT, Utc::now(), true)), (1, 0, 0));
    assert_eq!(server.mails().len(), 2);
}

#[test]
fn one_address_at_which_the_server_falls_silent_keeps_the_others_waiting_once() {
    let server = MailServer::start(&["--mood", "mute"]);
    let mut desk = Desk::new(&server, Security::None);
    desk.smtp().timeout = Duration::from_secs(1);
    desk.notify.email.as_mut().unwrap().to =
        ["first@example.com", "hang@example.com", "ops@example.com"].map(str::to_owned).to_vec();
    desk.put("one");
    assert_eq!((sent(&desk.send()), server.mails().len()), ((0, 1, 1), 0));
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    desk.one_waits("taken for 2 recipients; next come those at whom the server said no more: hang@example.com", false);
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    let mails = server.mails();
    assert!(mails.len() == 1 && mails[0].contains("X-To: first@") && mails[0].contains("X-To: ops@"), "{mails:?}");
    assert_eq!((server.noted("offered hang"), server.noted("offered ops")), (2, 1));
}

#[test]
fn a_goodbye_without_end_makes_nobody_get_a_mail_twice() {
    let server = MailServer::start(&["--mood", "dribbles"]);
    let mut desk = Desk::new(&server, Security::None);
    desk.notify.email.as_mut().unwrap().to = ["ops@example.com", "gone@example.com"].map(str::to_owned).to_vec();
    desk.put("one");
    for _ in 0..2 {
        desk.post().send(Duration::from_secs(2), Utc::now(), false);
        desk.one_waits("taken for 1 recipient, but not taken for gone@example.com (code 550)", true);
    }
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_server_that_does_not_say_goodbye_has_taken_the_mail_all_the_same() {
    let server = MailServer::start(&["--mood", "lingers"]);
    let desk = Desk::new(&server, Security::None);
    desk.put("one");
    desk.put("two");
    let began = Instant::now();
    assert_eq!(sent(&desk.send()), (2, 0, 0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // The goodbye alone takes longer than all the time that there is.
    desk.put("three");
    assert_eq!(sent(&desk.post().send(Duration::from_millis(500), Utc::now(), false)), (1, 0, 0));
    assert_eq!(server.mails().len(), 3);
}

#[test]
fn what_keeps_a_connection_from_being_believed_is_said_with_what_mends_it() {
    let server = MailServer::start(&["--tls", "starttls"]);
    let tried = |desk: &Desk| desk.post().try_now(mail("one"), Utc::now()).failure.unwrap_or_default();
    let says = |why: &str, words: &[&str]| assert!(words.iter().all(|words| why.contains(words)), "{why}");
    let mut desk = Desk::new(&server, Security::StartTls);
    desk.smtp().host = "127.0.0.1".into();
    let place = format!("127.0.0.1 port {}: ", server.port());
    says(&tried(&desk), &[&place, "its certificate is for another name: localhost"]);
    desk.smtp().host = "localhost".into();
    desk.smtp().security = Security::Tls;
    says(&tried(&desk), &["does not speak TLS from the first byte on; try `security: starttls`"]);
    desk.smtp().security = Security::StartTls;
    let file = desk.folder.path().join("broken.pem");
    fs::write(&file, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n").unwrap();
    desk.smtp().ca_file = Some(file);
    says(&tried(&desk), &["ca_file ", "broken.pem: what it calls a certificate is none"]);

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut desk = Desk::new(&server, Security::None);
    desk.smtp().port = other.local_addr().unwrap().port();
    let thread = std::thread::spawn(move || other.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n"));
    says(&tried(&desk), &["what answers there is no mail server: HTTP/1.1 400"]);
    thread.join().unwrap().unwrap();

    let silent = MailServer::start(&["--tls", "tls"]);
    let mut desk = Desk::new(&silent, Security::StartTls);
    desk.smtp().timeout = Duration::from_secs(1);
    says(&tried(&desk), &["no answer within 1s; ", "`security: tls`"]);
}

#[test]
fn a_server_that_hangs_costs_its_timeout_and_keeps_the_mail() {
    let server = MailServer::start(&["--mood", "hangs"]);
    let mut desk = Desk::new(&server, Security::None);
    desk.smtp().timeout = Duration::from_secs(1);
    desk.put("one");
    desk.put("two");
    let began = Instant::now();
    assert_eq!(sent(&desk.send()), (0, 2, 1), "one is enough to know that the way is closed");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(desk.waiting()[0].why.as_ref().unwrap().contains("no answer within 1s"), "{:?}", desk.waiting());

    // Whatever the plan's timeout, whoever sends has a limit.
    desk.smtp().timeout = Duration::from_secs(60);
    let began = Instant::now();
    desk.post().send(Duration::from_secs(1), Utc::now(), false);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(desk.waiting().len(), 2);
}

#[test]
fn a_server_that_is_down_gets_its_mail_later_once_whoever_sends() {
    let mut server = MailServer::start(&[]);
    let desk = Desk::new(&server, Security::None);
    server.stop();
    for number in 0..5 {
        desk.put(&number.to_string());
    }
    assert_eq!(sent(&desk.send()), (0, 5, 1));
    server.restart("takes");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| desk.send());
        }
    });
    assert_eq!((desk.waiting().len(), server.mails().len()), (0, 5), "each once, though four sent at a time");
}

#[test]
fn a_disk_that_takes_nothing_does_not_keep_a_mail_from_going_out() {
    let server = MailServer::start(&[]);
    let desk = Desk::new(&server, Security::None);
    // As a disk that is full or read-only: there is no place for the outbox.
    fs::write(desk.folder.path().join("state.json.outbox"), "").unwrap();
    let post = desk.post();
    assert!(post.put(vec![mail("one")], Utc::now()).is_err());
    assert_eq!(post.send(LIMIT, Utc::now(), false).sent, 1);
    assert_eq!(server.mails().len(), 1);
}

#[test]
fn a_mail_server_that_hangs_keeps_no_ping_back_and_one_ping_not_another() {
    let server = MailServer::start(&["--mood", "hangs"]);
    let mut desk = Desk::new(&server, Security::None);
    let web = WebServer::start(&[500, 500, 200]);
    desk.smtp().timeout = Duration::from_secs(60);
    desk.notify.ping = Ping {
        start: Some(Url::Plain(web.url("/start"))),
        success: None,
        failure: Some(Url::Plain(web.url("/failure"))),
    };
    let messages =
        vec![mail("one"), Message::ping(Signal::Start, "begins"), Message::ping(Signal::Failure, "it is bad")];
    desk.post().put(messages, Utc::now()).unwrap();
    let came = desk.post().send(Duration::from_secs(4), Utc::now(), false);
    assert_eq!(web.paths(), ["/start", "/start", "/failure"], "{came:?}");
    assert_eq!(desk.waiting().len(), 2, "{came:?}");
}

#[test]
fn an_address_of_the_web_that_hangs_keeps_no_mail_back() {
    let server = MailServer::start(&[]);
    let mut desk = Desk::new(&server, Security::None);
    // Connections come about, and nobody ever says anything.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", silent.local_addr().unwrap().port());
    desk.notify.webhook = Some(desk.secret("webhook", &url));
    desk.notify.ping.success = Some(Url::Plain(url));
    let hook = Message::Hook { body: "{}".into(), subject: "s".into() };
    desk.post().put(vec![hook, mail("one"), Message::ping(Signal::Success, "all is well")], Utc::now()).unwrap();
    let came = desk.post().send(Duration::from_secs(4), Utc::now(), false);
    assert_eq!((came.sent, came.left, server.mails().len()), (1, 2, 1), "{came:?}");
}

#[test]
fn a_notice_that_leads_elsewhere_was_not_delivered() {
    let web = WebServer::start(&[301, 200]);
    let desk = Desk::web(Ping::default(), Some(&web.url("/hook")));
    desk.post().put(vec![Message::Hook { body: "{}".into(), subject: "s".into() }], Utc::now()).unwrap();
    assert_eq!(sent(&desk.send()), (0, 1, 1));
    assert_eq!(web.paths(), ["/hook"], "nobody is told by a GET without the notice");
    desk.one_waits("answered with code 301: it leads to another address", true);
}

#[test]
fn what_the_disk_does_not_give_now_stays_and_keeps_nothing_else_back() {
    let server = MailServer::start(&[]);
    let desk = Desk::new(&server, Security::None);
    desk.put("one");
    // A disk that answers with an error, whoever asks.
    let unreadable = desk.folder.path().join("state.json.outbox/20260101T000000000Z-000001-1-mail.json");
    fs::create_dir(&unreadable).unwrap();
    // A pipe that nobody writes into.
    let pipe = desk.folder.path().join("state.json.outbox/20260101T000000000Z-000002-1-mail.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let came = desk.send();
    assert_eq!((came.sent, server.mails().len()), (1, 1), "{came:?}");
    assert!(came.said.iter().any(|said| said.contains("cannot be read now, and stays in the outbox")), "{came:?}");
    assert!(unreadable.exists());
    let seen = jbr::notify::outbox(&desk.state()).unwrap();
    assert_eq!(
        (seen.unsent.len(), seen.unreadable, seen.shut),
        (0, 2, None),
        "what cannot be read may wait all the same"
    );
}

#[test]
fn pings_and_webhooks_go_to_where_the_plan_says_and_are_tried_again() {
    let server = WebServer::start(&[503, 200, 405, 200, 404]);
    let ping = Ping {
        start: Some(Url::Plain(server.url("/start"))),
        success: Some(Url::Plain(server.url("/success"))),
        failure: None,
    };
    let desk = Desk::web(ping, Some(&server.url("/hook/hunter2")));
    let hook = Message::Hook { body: "{}".into(), subject: "s".into() };
    let messages = vec![
        Message::ping(Signal::Start, "begins"),
        Message::ping(Signal::Success, "2 good"),
        Message::ping(Signal::Failure, "x"),
        hook,
    ];
    desk.post().put(messages, Utc::now()).unwrap();
    assert_eq!(desk.waiting().len(), 3, "what the plan has no address for is not kept");
    let came = desk.send();
    assert_eq!(sent(&came), (2, 1, 1), "{came:?}");
    let asked = server.asked();
    let asked: Vec<(&str, &str, &str)> =
        asked.iter().map(|(method, path, body)| (&**method, &**path, &**body)).collect();
    assert_eq!(
        asked,
        [
            ("POST", "/start", "begins"),
            ("POST", "/start", "begins"),
            ("POST", "/success", "2 good"),
            ("GET", "/success", ""),
            ("POST", "/hook/hunter2", "{}"),
        ]
    );
    desk.one_waits("answered with code 404", true);
    assert!(!format!("{came:?}{:?}", desk.waiting()).contains("hunter2"));
}
