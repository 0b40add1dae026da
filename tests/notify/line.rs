//! The line in which messages wait: one that a server chokes on keeps nobody behind it back, a server that is gone is not asked once a
//! message, and what a hostile one says or leaves unsaid does no harm.

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::Utc;
use jbr::desired::{Ping, Security, Url};
use jbr::notify::message::{Message, Signal};

use crate::desk::{Desk, LIMIT, PASSWORD, mail, sent};
use crate::smtp::MailServer;
use crate::support::until::until;
use crate::web::WebServer;

/// A mail server that takes the call and then says a byte now and then, for as long as anybody listens: never a line.
struct Trickle {
    port: u16,
    calls: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Trickle {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (calls, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, over) = (Arc::clone(&calls), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            let mut streams: Vec<TcpStream> = Vec::new();
            listener.set_nonblocking(true).unwrap();
            while !over.load(Ordering::SeqCst) {
                if let Ok((stream, _)) = listener.accept() {
                    counted.fetch_add(1, Ordering::SeqCst);
                    streams.push(stream);
                }
                streams.retain_mut(|stream| stream.write_all(b"2").is_ok());
                std::thread::park_timeout(Duration::from_millis(20));
            }
        });
        Self { port, calls, is_over, thread: Some(thread) }
    }
}

impl Drop for Trickle {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

#[test]
fn a_mail_that_the_server_chokes_on_goes_behind_the_others() {
    let mut server = MailServer::start(&["--mood", "chokes"]);
    let mut desk = Desk::new(&server, Security::None);
    for subject in ["poison", "one", "two"] {
        desk.put(subject);
    }
    let came = desk.send();
    assert_eq!(sent(&came), (2, 1, 1), "{came:?}");
    assert_eq!(server.mails().len(), 2);

    // One that takes the server's whole patience costs it once a time, and behind the others.
    server.restart("stalls");
    desk.smtp().timeout = Duration::from_secs(1);
    desk.put("three");
    let came = desk.send();
    assert_eq!(sent(&came), (1, 1, 1), "{came:?}");
    desk.one_waits("no answer within 1s", false);

    server.restart("takes");
    assert_eq!(sent(&desk.send()), (1, 0, 0), "it is given up by nobody but by its age");
}

#[test]
fn a_new_mail_that_stalls_the_server_is_behind_the_others_the_next_time() {
    let server = MailServer::start(&["--mood", "stalls"]);
    let mut desk = Desk::new(&server, Security::None);
    desk.smtp().timeout = Duration::from_secs(1);
    desk.put("poison");
    desk.put("one");
    assert_eq!(sent(&desk.send()).0, 0, "whose fault it is cannot be told from one mail");
    let came = desk.send();
    assert_eq!(sent(&came), (1, 1, 1), "{came:?}");
}

#[test]
fn a_server_that_always_lets_go_is_not_asked_once_a_message() {
    let server = MailServer::start(&["--mood", "leaves"]);
    let desk = Desk::new(&server, Security::None);
    for number in 0..20 {
        desk.put(&number.to_string());
    }
    let came = desk.send();
    assert_eq!((came.sent, came.left), (0, 20), "{came:?}");
    assert!(server.noted("offered") <= 3, "{}", server.noted("offered"));
}

#[test]
fn what_the_disk_does_not_take_is_tried_as_often_as_anything_else_and_lost_only_at_the_end() {
    let mut server = MailServer::start(&["--mood", "hangs"]);
    let mut desk = Desk::new(&server, Security::None);
    desk.smtp().timeout = Duration::from_secs(1);
    let web = WebServer::start(&[]);
    desk.notify.ping = Ping { success: Some(Url::Plain(web.url("/success"))), ..Ping::default() };
    // As a disk that is full or read-only: there is no place for the outbox.
    let place = desk.folder.path().join("state.json.outbox");
    std::fs::write(&place, "").unwrap();
    let post = desk.post();
    for message in [mail("one"), mail("two"), Message::ping(Signal::Success, "good")] {
        assert!(post.put(vec![message], Utc::now()).is_err());
    }
    let came = post.send(LIMIT, Utc::now(), false);
    assert_eq!((came.sent, web.paths().len()), (1, 1), "{came:?}");
    assert_eq!(server.noted("offered"), 1, "once is enough to know that the way is closed");
    let lost = post.lost();
    assert!(lost.len() == 2 && lost[0].starts_with("LOST: mail \"one\": the outbox cannot be written"), "{lost:?}");

    // The server answers again; then the disk does, too.
    server.restart("takes");
    post.send(LIMIT, Utc::now(), false);
    let mails = server.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
    assert_ne!(id(&mails[0]), id(&mails[1]), "two mails with one name are one for whoever gets them");
    server.stop();
    assert!(post.put(vec![mail("three")], Utc::now()).is_err());
    std::fs::remove_file(&place).unwrap();
    post.send(LIMIT, Utc::now(), false);
    assert!(post.lost().is_empty());
    assert_eq!(desk.waiting().len(), 1, "what could not be sent is on the disk as soon as that takes it");
}

#[test]
fn a_server_that_repeats_the_password_does_not_get_it_into_the_outbox() {
    let server = MailServer::start(&["--tls", "starttls", "--login", &format!("jbr:{PASSWORD}"), "--mood", "repeats"]);
    let desk = Desk::new(&server, Security::StartTls).login(PASSWORD);
    desk.put("one");
    let came = desk.send();
    assert_eq!(sent(&came), (0, 1, 1), "{came:?}");
    desk.one_waits("550", true);
    let token = "amJyAGNvcnJlY3QgaG9yc2UgYmF0dGVyeQ";
    let mut shown = format!("{came:?}{:?}", desk.waiting()).to_lowercase();
    for file in std::fs::read_dir(desk.folder.path().join("state.json.outbox")).unwrap() {
        shown += &std::fs::read_to_string(file.unwrap().path()).unwrap().to_lowercase();
    }
    assert!(!shown.contains("horse") && !shown.contains(&token.to_lowercase()), "{shown}");
}

#[test]
fn who_does_not_get_to_send_says_that_another_does_and_a_later_jbrs_message_is_left_to_it() {
    let server = MailServer::start(&[]);
    let desk = Desk::new(&server, Security::None);
    desk.put("one");
    let folder = desk.folder.path().join("state.json.outbox");
    let held = std::fs::File::create(folder.join("lock")).unwrap();
    rustix::fs::flock(&held, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let came = desk.post().send(Duration::from_millis(100), Utc::now(), true);
    assert_eq!((came.sent, came.left), (0, 1), "{came:?}");
    assert!(came.said.iter().any(|said| said.contains("another jbr is sending")), "{came:?}");

    drop(held);
    std::fs::write(folder.join("20260101T000000000Z-000001-1-mail.json"), r#"{"version":2}"#).unwrap();
    let came = desk.send();
    assert_eq!((came.sent, came.left), (1, 0), "{came:?}");
}

#[test]
fn while_one_try_hangs_no_other_is_begun_beside_it() {
    let trickle = Trickle::start();
    let mut desk = Desk::new(&MailServer::start(&[]), Security::None);
    desk.smtp().port = trickle.port;
    desk.put("one");
    let post = desk.post();
    let came = post.send(Duration::from_millis(300), Utc::now(), false);
    assert!(came.said.len() == 1 && came.said[0].contains("it took too long"), "{came:?}");
    for _ in 0..3 {
        let came = post.send(Duration::from_millis(300), Utc::now(), false);
        assert!(came.said.len() == 1 && came.said[0].contains("an earlier try still hangs"), "{came:?}");
    }
    assert_eq!(trickle.calls.load(Ordering::SeqCst), 1);
    // Once that is over, the next one is made.
    drop(trickle);
    until("the next try is made", || {
        let came = post.send(LIMIT, Utc::now(), false);
        came.said.iter().any(|said| said.contains("refused"))
    });
}
