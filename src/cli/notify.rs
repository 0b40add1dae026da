//! Where a run and a check meet those who are told: what they say goes into the outbox, and out within a limit. And `jbr notify test`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::Utc;
use clap::Subcommand;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::error::CliError;
use super::validate::load;
use super::{Exit, Global, Output};
use crate::check::Check;
use crate::clock::{Interrupt, Timestamp};
use crate::desired::Desired;
use crate::execute::drive::Listen;
use crate::execute::event::Event;
use crate::names::{RunId, ServerName};
use crate::notify::notice::{Cause, Message, Notice, Signal, What};
use crate::notify::policy::{self, Standing};
use crate::notify::post::{Post, Sent, Telling, Tried};
use crate::notify::vault::Vault;
use crate::printable::printable;
use crate::render::{Summary, Zone, symbol};

/// The end of a command waits this long for what it has to tell. The rest goes with the next command.
const LAST_LIMIT: Duration = Duration::from_secs(60);
/// The same once somebody has asked to stop.
const STOPPED_LIMIT: Duration = Duration::from_secs(2);
/// A check waits less: whoever started it counts the seconds.
const CHECK_LIMIT: Duration = Duration::from_secs(10);
/// How often the wait for the last messages looks for a signal.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What one process may say at once; more of it is in the summary.
const URGENT_MAX: usize = 50;

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

/// Tells others of one `apply`.
pub(super) struct Reporter {
    teller: Teller,
    courier: Courier,
    interrupt: Interrupt,
    output: Output,
    run: Option<RunId>,
    /// Servers that did not answer at some time.
    silent: BTreeSet<ServerName>,
    /// What was told at once, so that nothing is told twice.
    urgent: BTreeSet<String>,
    has_told_end: bool,
}

/// Makes messages of facts, and keeps them.
struct Teller {
    post: Arc<Post>,
    desired: Desired,
    host: String,
    zone: Zone,
    output: Output,
}

impl Teller {
    fn new(desired: &Desired, state: &Path, output: &Output) -> Option<Self> {
        let notify = desired.notify.as_ref()?;
        let post = Arc::new(Post::new(state, notify, vault()));
        Some(Self { post, desired: desired.clone(), host: host(), zone: output.page().zone, output: output.clone() })
    }

    /// Whether it is on the disk.
    fn tell(&self, causes: Vec<Cause>, at: Timestamp, what: What<'_>) -> bool {
        let Some(notify) = &self.desired.notify else { return true };
        let notice = Notice { causes, at, host: &self.host, zone: self.zone, what };
        self.keep(notice.messages(notify))
    }

    /// Tells what was not told within the last day. Where that cannot be remembered it is told each time: better twice than never.
    fn tell_once(&self, key: &str, causes: Vec<Cause>, at: Timestamp, what: What<'_>) {
        let telling = self.post.telling(&[], &[key.to_owned()], Utc::now());
        if telling.is_due() {
            self.tell_and_remember(telling, causes, at, what);
        }
    }

    /// First the one, then the other: a crash between the two, or a disk that takes no message, must not make anybody believe it was told.
    fn tell_and_remember(&self, telling: Telling, causes: Vec<Cause>, at: Timestamp, what: What<'_>) {
        let remembered = if self.tell(causes, at, what) { telling.remember() } else { Ok(()) };
        if let Err(error) = remembered {
            let why = printable(&error.to_string());
            self.output.say(format_args!(
                "notify: that this was told could not be remembered, so it is told again the next time: {why}"
            ));
        }
    }

    fn ping(&self, signal: Signal, facts: &str) {
        self.keep(vec![Message::ping(signal, &format!("jbr on {}: {facts}", self.host))]);
    }

    /// Whether the disk took them.
    fn keep(&self, messages: Vec<Message>) -> bool {
        let kept = self.post.put(messages, Utc::now());
        if let Err(error) = &kept {
            let why = printable(&error.to_string());
            self.output.say(format_args!(
                "notify: the outbox cannot be written, so what cannot be sent by this command is lost: {why}"
            ));
        }
        kept.is_ok()
    }
}

impl Reporter {
    /// Somebody who tells, if the plan says whom. What waits from earlier is sent meanwhile.
    pub(super) fn new(desired: &Desired, state: &Path, interrupt: &Interrupt, output: &Output) -> Option<Self> {
        let teller = Teller::new(desired, state, output)?;
        let courier = Courier::start(Arc::clone(&teller.post));
        Some(Self {
            teller,
            courier,
            interrupt: interrupt.clone(),
            output: output.clone(),
            run: None,
            silent: BTreeSet::new(),
            urgent: BTreeSet::new(),
            has_told_end: false,
        })
    }

    /// A run begins, or goes on.
    pub(super) fn begin(&mut self, run: &RunId) {
        self.run = Some(run.clone());
        self.teller.ping(Signal::Start, &format!("run {run} begins"));
        self.courier.go();
    }

    /// The run is over, for this process at least.
    pub(super) fn run_ended(&mut self, summary: &Summary<'_>, is_good: bool) {
        self.has_told_end = true;
        let (causes, standing) = policy::of_run(summary, is_good, &self.silent);
        self.teller.tell(causes, summary.now, What::RunEnded(summary));
        let good = summary.queue.items.iter().filter_map(|item| summary.journal.outcome(&item.address));
        let good = good.filter(|outcome| outcome.verdict.is_good()).count();
        let facts =
            format!("run {}: {good} of {} good", summary.run, crate::render::count(summary.queue.items.len(), "job"));
        match standing {
            Standing::Good | Standing::Paused => self.teller.ping(Signal::Success, &facts),
            Standing::Bad => self.teller.ping(Signal::Failure, &facts),
            // Neither: if nothing goes on from here, the switch must fire.
            Standing::Stopped => {}
        }
    }

    /// The command is over. `is_attended`: a person was there, and saw what kept it from beginning.
    pub(super) fn finish(mut self, ended: &Result<Exit, CliError>, is_attended: bool) {
        match ended {
            _ if self.has_told_end => {}
            Ok(Exit::Success) => self.teller.ping(Signal::Success, "nothing was due"),
            // No window is open: that is as it should be.
            Ok(Exit::Stopped) => self.teller.ping(Signal::Success, "no window was open"),
            Ok(_) => self.teller.ping(Signal::Failure, "nothing ran although something was asked for"),
            Err(error) if is_attended || is_expected(error) => {}
            Err(error) => self.no_run(error),
        }
        let mut sent = self.courier.last(&self.interrupt);
        sent.said.extend(self.teller.post.lost());
        say(&sent, &self.output);
    }

    /// A timer that fires every 15 minutes would tell it as often: the same thing is told once a day.
    fn no_run(&mut self, error: &CliError) {
        let text = error.to_string();
        let said: Vec<String> =
            text.lines().chain(error.help().as_deref().unwrap_or_default().lines()).map(printable).collect();
        self.teller.ping(Signal::Failure, &format!("nothing was run: {}", said.first().map_or("", String::as_str)));
        let key = format!("apply {}", BASE64.encode(Sha256::digest(text.as_bytes())));
        self.teller.tell_once(&key, vec![Cause::Failure], Utc::now(), What::NoRun { said });
    }
}

/// What a person asked for by mistake or on purpose, and what the process that holds the lock tells by itself.
fn is_expected(error: &CliError) -> bool {
    matches!(error.exit(), Exit::NotApproved | Exit::Locked | Exit::Usage | Exit::Stopped)
}

impl Listen for Reporter {
    /// What cannot wait goes into the outbox before the run goes on, and out of it beside the run.
    fn hear(&mut self, at: Timestamp, event: &Event) {
        if let Event::Unreachable { server, why: _ } = event {
            self.silent.insert(server.clone());
        }
        let (Some((cause, sentence)), Some(run)) = (policy::urgent(event), &self.run) else { return };
        if self.urgent.len() < URGENT_MAX && self.urgent.insert(sentence.clone()) {
            self.teller.tell(vec![cause], at, What::Alarm { run, sentence });
            self.courier.go();
        }
    }
}

/// Sends beside the run: a mail server that hangs must not keep a backup from being watched.
struct Courier {
    go: Sender<Duration>,
    sent: Receiver<Sent>,
}

impl Courier {
    fn start(post: Arc<Post>) -> Self {
        let (go, going) = mpsc::channel::<Duration>();
        let (say, sent) = mpsc::channel();
        // It ends with its sender, and with the process in any case: what it has not sent is in the outbox.
        let spawned = std::thread::Builder::new().name("courier".to_owned()).spawn(move || {
            while let Ok(limit) = going.recv() {
                if say.send(post.send(limit, Utc::now(), false)).is_err() {
                    return;
                }
            }
        });
        // Where there is no thread to be had, what there is to tell waits on the disk.
        drop(spawned);
        let courier = Self { go, sent };
        courier.go();
        courier
    }

    fn go(&self) {
        // Without the thread nothing goes out now; it waits on the disk.
        let _ = self.go.send(LAST_LIMIT);
    }

    /// Sends the rest and says what came of everything, within a limit that a signal makes shorter.
    fn last(self, interrupt: &Interrupt) -> Sent {
        self.go();
        let Self { go, sent } = self;
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
            let limit = if interrupt.is_requested() { STOPPED_LIMIT } else { LAST_LIMIT };
            if began.elapsed() >= limit {
                total.said.push("not everything could be sent in time; it waits in the outbox".to_owned());
                break;
            }
        }
        total
    }
}

/// What a check found goes out, and what waits with it. The verdict is printed already, and nothing here changes it.
pub(super) fn after_check(desired: &Desired, state: &Path, check: &Check, output: &Output) {
    let Some(teller) = Teller::new(desired, state, output) else { return };
    let key = |address: &str| format!("stale {address}");
    let asked: Vec<String> = check.jobs.iter().map(|job| key(&job.address.to_string())).collect();
    let too_old = policy::stale(check);
    let keys: Vec<String> = too_old.iter().map(|(address, _)| key(address)).collect();
    let telling = teller.post.telling(&asked, &keys, check.at);
    if let (true, Some(error)) = (telling.is_due(), telling.forgets()) {
        // Told without being remembered it would be told at every check, to somebody who has the verdict already. It stays due.
        let why = printable(&error.to_string());
        output.say(format_args!(
            "notify: what is too old is not told, since it could not be remembered that it was: {why}"
        ));
    } else if telling.is_due() {
        let lines = too_old.into_iter().map(|(_, line)| line).collect();
        teller.tell_and_remember(telling, vec![Cause::Stale], check.at, What::Stale(lines));
    } else {
        // What could not be forgotten is forgotten at the next check.
        let _ = telling.remember();
    }
    let mut sent = teller.post.send(CHECK_LIMIT, check.at, false);
    sent.said.extend(teller.post.lost());
    say(&sent, output);
}

fn say(sent: &Sent, output: &Output) {
    let mut said = BTreeSet::new();
    for line in sent.said.iter().filter(|line| said.insert(line.as_str())) {
        output.say(format_args!("notify: {line}"));
    }
}

/// `jbr notify`.
pub(super) fn notify(global: &Global, verb: NotifyVerb, output: &Output) -> Result<Exit, CliError> {
    let NotifyVerb::Test { alarm } = verb;
    let desired = load(&global.plan, output)?;
    let Some(teller) = Teller::new(&desired, &global.state, output) else { return Err(CliError::NoNotify) };
    let now = Utc::now();
    let tests = tests(&teller, alarm, now);
    let is_good = tests.iter().all(|test| test.tried.failure.is_none());
    // What waits goes the same way; where the way is closed it would only fail again.
    let sent = if is_good { teller.post.send(LAST_LIMIT, now, true) } else { Sent::default() };
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

fn vault() -> Vault {
    Vault { env: |name| std::env::var_os(name) }
}

fn host() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    printable(&name).chars().take(64).collect()
}
