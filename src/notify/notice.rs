//! One thing that somebody is to be told, and the messages that it becomes.

use super::hook;
use super::letter::Letter;
use super::quotes::Quotes;
use crate::clock::Timestamp;
use crate::desired::{MailOn, Notify};
use crate::names::RunId;
use crate::render::{Summary, Zone};

/// The longest text of one message, in bytes; a longer one is cut. A thousand jobs fit.
pub const TEXT_SIZE_MAX: usize = 200 * 1024;
/// The longest body of a ping, in bytes: such services keep little more.
const PING_SIZE_MAX: usize = 1000;

/// Why somebody is told, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Somebody tries whether notices arrive.
    Test,
    /// A run is over, and all is well.
    Finished,
    /// A backup was completed in part.
    Partial,
    /// A server did not answer.
    Unreachable,
    /// A last good backup is too old.
    Stale,
    /// A backup takes longer than its `timeout`.
    Timeout,
    /// A run, or a command that should have begun one, failed.
    Failure,
    /// Two backups wrote at once, a stop was not seen, a gate was left open, or it is not known whether the storage is free.
    Unsafe,
}

impl Cause {
    /// The word that a subject begins with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Test => "TEST",
            Self::Finished => "OK",
            Self::Partial => "PARTIAL",
            Self::Unreachable => "UNREACHABLE",
            Self::Stale => "STALE",
            Self::Timeout => "TIMEOUT",
            Self::Failure => "FAILURE",
            Self::Unsafe => "UNSAFE",
        }
    }

    /// The word for programs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Finished => "finished",
            Self::Partial => "partial",
            Self::Unreachable => "unreachable",
            Self::Stale => "stale",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
            Self::Unsafe => "unsafe",
        }
    }

    /// Whether the plan wants it by mail. What is unsafe is told always: nobody can mean not to know.
    #[must_use]
    pub fn is_wanted(self, on: MailOn) -> bool {
        match self {
            Self::Test | Self::Unsafe => true,
            Self::Finished => on.finished,
            Self::Partial => on.partial,
            Self::Unreachable => on.unreachable,
            Self::Stale => on.stale,
            Self::Timeout => on.timeout,
            Self::Failure => on.failure,
        }
    }
}

/// One thing to tell.
#[derive(Debug, Clone)]
pub struct Notice<'a> {
    /// Every reason for it. None where a run stopped on the way and all is well: that is nothing to tell.
    pub causes: Vec<Cause>,
    /// When it came up.
    pub at: Timestamp,
    /// The machine that it comes from.
    pub host: &'a str,
    /// The reader's time zone.
    pub zone: Zone,
    /// What it is about.
    pub what: What<'a>,
}

/// What a notice is about.
#[derive(Debug, Clone)]
pub enum What<'a> {
    /// A run is over, for now at least.
    RunEnded {
        /// How it went.
        summary: &'a Summary<'a>,
        /// What JetBackup's logs say of what did not end well. For the mail alone: what stands in a log is the customers' business.
        quotes: &'a Quotes,
    },
    /// Something in a run that cannot wait for its end: a sentence.
    Alarm {
        /// In which run.
        run: &'a RunId,
        /// What, printable.
        sentence: String,
    },
    /// Backups that are too old: a line a job, printable.
    Stale(Vec<String>),
    /// A command ended before it had begun a run.
    NoRun {
        /// What it said, printable, a line each.
        said: Vec<String>,
    },
    /// Somebody tries whether notices arrive.
    Test,
}

/// Which address of a dead man's switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// A run begins.
    Start,
    /// All is well.
    Success,
    /// It is not.
    Failure,
}

impl Signal {
    /// As the plan names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// What goes through one of the plan's channels. It holds neither addresses nor secrets: those are the plan's when it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A mail.
    Mail {
        /// Its subject.
        subject: String,
        /// The text.
        text: String,
        /// The same as HTML.
        html: String,
    },
    /// A ping.
    Ping {
        /// Which.
        signal: Signal,
        /// Facts, a line.
        body: String,
    },
    /// A line of JSON for the webhook.
    Hook {
        /// The JSON.
        body: String,
        /// What it is about, as a subject would say it.
        subject: String,
    },
}

impl Message {
    /// A ping with the facts of what a run did.
    #[must_use]
    pub fn ping(signal: Signal, facts: &str) -> Self {
        Self::Ping { signal, body: cut(&crate::printable::printable(facts), PING_SIZE_MAX) }
    }

    /// What its channel is called.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        match self {
            Self::Mail { .. } => "mail",
            Self::Ping { .. } => "ping",
            Self::Hook { .. } => "webhook",
        }
    }

    /// Where it goes: what is shut for one is shut for the others that go there. Each ping has an address of its own.
    pub(super) fn door(&self) -> &'static str {
        match self {
            Self::Ping { signal: Signal::Start, .. } => "ping start",
            Self::Ping { signal: Signal::Success, .. } => "ping success",
            Self::Ping { signal: Signal::Failure, .. } => "ping failure",
            Self::Mail { .. } | Self::Hook { .. } => self.channel(),
        }
    }

    /// Which message it is, in a line: `mail "…"`.
    pub(super) fn name(&self) -> String {
        format!("{} \"{}\"", self.channel(), crate::printable::printable(&self.title()))
    }

    /// What it is, for a person.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Mail { subject, .. } | Self::Hook { subject, .. } => subject.clone(),
            Self::Ping { signal, .. } => format!("ping {}", signal.word()),
        }
    }
}

impl Notice<'_> {
    /// The worst reason for it; a run that ended without any is over and well.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.causes.iter().copied().max().unwrap_or(Cause::Finished)
    }

    /// The messages that it becomes by this plan: a mail if one of its reasons is wanted, and the webhook's if there is any.
    #[must_use]
    pub fn messages(&self, notify: &Notify) -> Vec<Message> {
        let letter = Letter::new(self);
        let mail = notify.email.as_ref().filter(|email| self.causes.iter().any(|cause| cause.is_wanted(email.on)));
        let mail = mail.map(|_| Message::Mail {
            subject: letter.subject.clone(),
            text: cut(&letter.text(), TEXT_SIZE_MAX),
            html: cut_html(letter.html()),
        });
        let hook = notify
            .webhook
            .as_ref()
            .filter(|_| !self.causes.is_empty())
            .map(|_| Message::Hook { body: hook::json(self, &letter.subject), subject: letter.subject.clone() });
        mail.into_iter().chain(hook).collect()
    }
}

/// A text of so many bytes at most, cut where a character ends.
fn cut(text: &str, size_max: usize) -> String {
    if text.len() <= size_max {
        return text.to_owned();
    }
    let end = (0..=size_max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// HTML cannot be cut in the middle of a tag.
fn cut_html(html: String) -> String {
    if html.len() <= TEXT_SIZE_MAX { html } else { "<p>Too long to be shown: read it as plain text.</p>".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unsafe_is_told_whatever_the_plan_switches_off() {
        let off = MailOn {
            failure: false,
            timeout: false,
            partial: false,
            unreachable: false,
            stale: false,
            finished: false,
        };
        let all = [
            Cause::Finished,
            Cause::Partial,
            Cause::Unreachable,
            Cause::Stale,
            Cause::Timeout,
            Cause::Failure,
            Cause::Unsafe,
        ];
        let wanted: Vec<Cause> = all.into_iter().filter(|cause| cause.is_wanted(off)).collect();
        assert_eq!(wanted, [Cause::Unsafe]);
        let wanted: Vec<Cause> = all.into_iter().filter(|cause| cause.is_wanted(MailOn::default())).collect();
        assert_eq!(wanted, all[1..]);
    }

    #[test]
    fn a_text_is_cut_where_a_character_ends() {
        assert_eq!(cut("añb", 2), "a…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
