//! What the tests of the outbox send from: a folder for it, and what the plan would say.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use jbr::desired::{Email, MailLogin, MailOn, Notify, Ping, Secret, Security, Smtp};
use jbr::notify::message::Message;
use jbr::notify::outbox;
use jbr::notify::post::{Post, Sent};
use jbr::notify::vault::Vault;
use jbr::status::Unsent;
use tempfile::TempDir;

use crate::smtp::MailServer;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A folder for an outbox, and what the plan would say.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    pub(crate) notify: Notify,
}

impl Desk {
    pub(crate) fn new(server: &MailServer, security: Security) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let smtp = Smtp {
            host: "localhost".into(),
            port: server.port(),
            security,
            login: None,
            timeout: Duration::from_secs(10),
            ca_file: (security != Security::None).then(|| server.ca_file()),
        };
        let to = vec!["ops@example.com".to_owned()];
        let email = Email { to, from: "jbr@example.com".into(), smtp, on: MailOn::default(), log_excerpts: true };
        Self { folder, notify: Notify { email: Some(email), ..Notify::default() } }
    }

    pub(crate) fn web(ping: Ping, webhook: Option<&str>) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), notify: Notify::default() };
        let webhook = webhook.map(|url| desk.secret("webhook", url));
        Self { notify: Notify { email: None, ping, webhook }, ..desk }
    }

    pub(crate) fn smtp(&mut self) -> &mut Smtp {
        &mut self.notify.email.as_mut().unwrap().smtp
    }

    pub(crate) fn login(mut self, password: &str) -> Self {
        let password = self.secret("password", password);
        self.smtp().login = Some(MailLogin { user: "jbr".into(), password });
        self
    }

    pub(crate) fn secret(&self, name: &str, text: &str) -> Secret {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Secret::File(path)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    /// As a new process has it.
    pub(crate) fn post(&self) -> Post {
        Post::new(&self.state(), &self.notify, Vault { env: |name| std::env::var_os(name) })
    }

    pub(crate) fn put(&self, subject: &str) {
        self.post().put(vec![mail(subject)], Utc::now()).unwrap();
    }

    pub(crate) fn send(&self) -> Sent {
        self.post().send(LIMIT, Utc::now(), false)
    }

    pub(crate) fn waiting(&self) -> Vec<Unsent> {
        outbox(&self.state()).unwrap().unsent
    }

    /// The one that waits.
    pub(crate) fn one_waits(&self, why: &str, refused: bool) {
        let [one] = &self.waiting()[..] else { panic!("{:#?}", self.waiting()) };
        assert!(one.refused == refused && one.why.as_ref().is_some_and(|said| said.contains(why)), "{one:#?}");
    }
}

pub(crate) fn mail(subject: &str) -> Message {
    Message::Mail { subject: subject.into(), text: "Text é\n.\n".into(), html: "<p>é</p>".into() }
}

pub(crate) fn sent(sent: &Sent) -> (usize, usize, usize) {
    (sent.sent, sent.left, sent.said.len())
}
