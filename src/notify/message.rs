//! What goes through the plan's channels: a mail, a ping, a line of JSON; and which of them a notice becomes.

use super::hook;
use super::letter::Letter;
use super::notice::Notice;
use crate::desired::Notify;
use crate::printable::printable;

/// The longest text of one message, in bytes; a longer one is cut. A thousand jobs fit.
pub const TEXT_SIZE_MAX: usize = 200 * 1024;
/// The longest body of a ping, in bytes: such services keep little more.
const PING_SIZE_MAX: usize = 1000;

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
        Self::Ping { signal, body: cut(&printable(facts), PING_SIZE_MAX) }
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
        format!("{} \"{}\"", self.channel(), printable(&self.title()))
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
    fn a_text_is_cut_where_a_character_ends() {
        assert_eq!(cut("añb", 2), "a…");
        assert_eq!(cut("abc", 3), "abc");
    }
}
