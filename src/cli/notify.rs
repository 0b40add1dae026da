//! `jbr notify test`. And where a run and a check meet those who are told: `reporter`, `teller` and `courier`.

mod courier;
mod reporter;
mod teller;

use std::time::Duration;

use chrono::Utc;
use clap::Subcommand;
use serde::Serialize;

use super::error::CliError;
use super::validate::load;
use super::{Exit, Global, Output};
use crate::clock::Timestamp;
use crate::notify::message::{Message, Signal};
use crate::notify::notice::{Cause, Notice, What};
use crate::notify::post::{Sent, Tried};
use crate::printable::printable;
use crate::render::symbol;

pub(super) use reporter::Reporter;
use teller::Teller;
pub(super) use teller::after_check;

/// How long what waits is sent after a test.
const WAITING_LIMIT: Duration = Duration::from_secs(60);

/// `jbr notify`.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum NotifyVerb {
    /// Send a test mail, ping and webhook now, and say step by step what happens
    ///
    /// Tries what the plan's `notify` has, and then sends what waits in the outbox, what was refused included. Of a dead man's switch `start` and
    /// `success` are fetched; `failure` is only looked up, because it alarms.
    Test {
        /// Fetch the `failure` address too, which alarms somebody
        #[arg(long)]
        alarm: bool,
    },
}

/// `jbr notify`.
pub(super) fn notify(global: &Global, verb: NotifyVerb, output: &Output) -> Result<Exit, CliError> {
    let NotifyVerb::Test { alarm } = verb;
    let desired = load(&global.plan, output)?;
    let Some(teller) = Teller::new(&desired, &global.state, output) else { return Err(CliError::NoNotify) };
    let now = Utc::now();
    let tests = tests(&teller, alarm, now);
    let is_good = tests.iter().all(|test| test.tried.failure.is_none());
    // What waits goes the same ways; one that is closed keeps nothing on the others.
    let sent = teller.post.send(WAITING_LIMIT, now, true);
    let is_sent = is_good && sent.left == 0;
    output.result(&if output.json { json(&tests, &sent, now) } else { text(&tests, &sent) })?;
    Ok(if is_sent { Exit::Success } else { Exit::Error })
}

struct Test {
    name: &'static str,
    tried: Tried,
}

fn tests(teller: &Teller, alarm: bool, now: Timestamp) -> Vec<Test> {
    let notice = Notice { causes: vec![Cause::Test], at: now, host: &teller.host, zone: teller.zone, what: What::Test };
    let messages = teller.desired.notify.as_ref().map(|notify| notice.messages(notify)).unwrap_or_default();
    let ping = |signal: Signal| Message::ping(signal, &format!("jbr on {}: a test", teller.host));
    let (mails, hooks): (Vec<Message>, Vec<Message>) =
        messages.into_iter().partition(|message| matches!(message, Message::Mail { .. }));
    // Success last: after a test of the alarm it is taken back.
    let pings = [Signal::Start, Signal::Failure, Signal::Success].map(ping);
    let all = mails.into_iter().chain(pings).chain(hooks).filter(|message| teller.post.has_channel(message));
    all.map(|message| {
        let name = match &message {
            Message::Mail { .. } => "mail",
            Message::Ping { signal: Signal::Start, .. } => "ping start",
            Message::Ping { signal: Signal::Failure, .. } => "ping failure",
            Message::Ping { signal: Signal::Success, .. } => "ping success",
            Message::Hook { .. } => "webhook",
        };
        let is_alarm = matches!(message, Message::Ping { signal: Signal::Failure, .. });
        let tried =
            if is_alarm && !alarm { teller.post.look_up(Signal::Failure) } else { teller.post.try_now(message, now) };
        Test { name, tried }
    })
    .collect()
}

fn text(tests: &[Test], sent: &Sent) -> String {
    let mut lines = Vec::new();
    for Test { name, tried } in tests {
        lines.push((*name).to_owned());
        lines.extend(tried.steps.iter().map(|step| format!("  {} {}", symbol::DONE, printable(step))));
        lines.extend(tried.failure.iter().map(|why| format!("  {} {}", symbol::ERROR, printable(why))));
    }
    if sent.sent > 0 {
        lines.push(format!("{} from the outbox sent.", crate::render::count(sent.sent, "message")));
    }
    lines.extend(sent.said.iter().map(|said| format!("{} {said}", symbol::ERROR)));
    if sent.left > 0 {
        lines.push(format!(
            "{} still in the outbox: `jbr status` lists them.",
            crate::render::count(sent.left, "message")
        ));
    }
    lines.push(if tests.iter().all(|test| test.tried.failure.is_none()) {
        "Notices arrive, as far as their servers say.".to_owned()
    } else {
        "Not every notice would arrive.".to_owned()
    });
    lines.join("\n")
}

#[derive(Serialize)]
struct TestJson {
    version: u32,
    kind: &'static str,
    at: String,
    channels: Vec<ChannelJson>,
    sent: usize,
    left: usize,
}

#[derive(Serialize)]
struct ChannelJson {
    channel: &'static str,
    good: bool,
    steps: Vec<String>,
    why: Option<String>,
}

fn json(tests: &[Test], sent: &Sent, now: Timestamp) -> String {
    let channel = |test: &Test| ChannelJson {
        channel: test.name,
        good: test.tried.failure.is_none(),
        steps: test.tried.steps.clone(),
        why: test.tried.failure.clone(),
    };
    let json = TestJson {
        version: 1,
        kind: "notify_test",
        at: now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        channels: tests.iter().map(channel).collect(),
        sent: sent.sent,
        left: sent.left,
    };
    // Only a map with keys that are no text could fail, and there is none.
    serde_json::to_string(&json).unwrap_or_default()
}
