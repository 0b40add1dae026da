//! Sends beside the run.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use chrono::Utc;

use crate::clock::Interrupt;
use crate::notify::post::{Post, Sent};

/// How long one pass over what waits may take.
pub(super) const PASS_LIMIT: Duration = Duration::from_secs(60);
/// How long the last messages are waited for once somebody has asked to stop.
const STOPPED_LIMIT: Duration = Duration::from_secs(2);
/// How often the wait for the last messages looks for a signal.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A thread that sends: a mail server that hangs must not keep a backup from being watched.
pub(super) struct Courier {
    go: Sender<()>,
    sent: Receiver<Sent>,
    post: Arc<Post>,
}

impl Courier {
    /// One that waits to be told to go.
    pub(super) fn start(post: Arc<Post>) -> Self {
        let (go, going) = mpsc::channel();
        let (say, sent) = mpsc::channel();
        let sending = Arc::clone(&post);
        // It ends with its sender, and with the process in any case: what it has not sent is in the outbox.
        let spawned = std::thread::Builder::new().name("courier".to_owned()).spawn(move || {
            while let Ok(()) = going.recv() {
                // Whoever told it to go meanwhile meant what this pass sends, too.
                while going.try_recv().is_ok() {}
                if say.send(sending.send(PASS_LIMIT, Utc::now(), false)).is_err() {
                    return;
                }
            }
        });
        // Where there is no thread to be had, what there is to tell waits on the disk.
        drop(spawned);
        Self { go, sent, post }
    }

    pub(super) fn go(&self) {
        // Without the thread nothing goes out now; it waits on the disk.
        let _ = self.go.send(());
    }

    /// Sends the rest and says what came of everything, within a limit that a signal makes shorter, and a second one ends: from here on no signal
    /// ends the process, because how the run ended is its exit code.
    pub(super) fn last(self, limit: Duration, interrupt: &Interrupt) -> Sent {
        interrupt.outlast();
        self.go();
        let Self { go, sent, post } = self;
        // The thread ends when it has done what it was told.
        drop(go);
        let began = Instant::now();
        let mut total = Sent::default();
        loop {
            match sent.recv_timeout(LOOK_EVERY) {
                Ok(more) => {
                    total.sent += more.sent;
                    total.left = more.left;
                    total.said.extend(more.said);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            let limit = match interrupt.wishes() {
                0 => limit,
                1 => STOPPED_LIMIT,
                _ => Duration::ZERO,
            };
            if began.elapsed() >= limit {
                total.said.push("not everything could be sent in time; it waits in the outbox".to_owned());
                break;
            }
        }
        total.said.extend(post.lost());
        total
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::desired::{Email, MailOn, Notify, Security, Smtp};
    use crate::notify::message::Message;
    use crate::notify::vault::Vault;

    #[test]
    fn who_is_told_to_go_often_goes_once_more() {
        let folder = tempfile::tempdir().unwrap();
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let smtp = Smtp {
            host: "127.0.0.1".into(),
            port: server.local_addr().unwrap().port(),
            security: Security::None,
            login: None,
            timeout: Duration::from_secs(5),
            ca_file: None,
        };
        let to = vec!["ops@example.com".to_owned()];
        let email = Email { to, from: "jbr@example.com".into(), smtp, on: MailOn::default(), log_excerpts: true };
        let notify = Notify { email: Some(email), ..Notify::default() };
        let post = Arc::new(Post::new(&folder.path().join("state.json"), &notify, Vault { env: |_| None }));
        let mail = Message::Mail { subject: "s".into(), text: "t".into(), html: "h".into() };
        post.put(vec![mail], Utc::now()).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let (counted, (release, released)) = (Arc::clone(&calls), mpsc::channel::<()>());
        std::thread::spawn(move || {
            // A server that hangs up at once, but the first time only when it may.
            while let Ok((stream, _)) = server.accept() {
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    let _ = released.recv();
                }
                drop(stream);
            }
        });
        let courier = Courier::start(post);
        courier.go();
        while calls.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        for _ in 0..5 {
            courier.go();
        }
        release.send(()).unwrap();
        let sent = courier.last(PASS_LIMIT, &Interrupt::new().unwrap());
        // Five wishes and that of `last` are one, or two where that came when the five were done with already.
        let calls = calls.load(Ordering::SeqCst);
        assert!((sent.sent, sent.left) == (0, 1) && (2..=3).contains(&calls), "{calls} calls, {sent:?}");
    }
}
