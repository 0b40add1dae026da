//! One pass over what waits: each message in its turn, as long as its way is open and there is time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use super::entry::{Entry, Try, Unreadable};
use super::failure::{Failure, FailureKind};
use super::message::Message;
use super::outbox::Locked;
use super::post::{Post, Sent};
use crate::clock::{Timestamp, elapsed};
use crate::printable::printable;

/// How long a refused login keeps everything of its channel back: trying every five minutes gets an account locked.
const LOGIN_PAUSE: Duration = Duration::from_secs(3600);
/// After so many messages in a row that the other side did not take, it is the way that is closed: a server that is gone is not asked once
/// a message.
const FAULTS_IN_A_ROW_MAX: usize = 3;

/// One pass.
struct Pass<'a> {
    post: &'a Post,
    end: Instant,
    now: Timestamp,
    also_refused: bool,
    /// The ways that are closed for the rest of it.
    closed: BTreeSet<&'static str>,
    /// How many messages were not taken, one after the other.
    in_a_row: BTreeMap<&'static str, usize>,
    sent: Sent,
}

/// A message in the line.
struct Waiting {
    name: String,
    entry: Entry,
    /// It is on the disk.
    is_kept: bool,
}

impl Post {
    /// Sends what waits, oldest first, within `limit`. `also_refused`: those that were refused for good, too, and whatever a refused login keeps
    /// back. Somebody else who sends is waited for within the limit.
    pub fn send(&self, limit: Duration, now: Timestamp, also_refused: bool) -> Sent {
        Pass::new(self, Instant::now() + limit, now, also_refused).run()
    }
}

impl<'a> Pass<'a> {
    fn new(post: &'a Post, end: Instant, now: Timestamp, also_refused: bool) -> Self {
        Self { post, end, now, also_refused, closed: BTreeSet::new(), in_a_row: BTreeMap::new(), sent: Sent::default() }
    }

    /// Sends what can be sent.
    fn run(mut self) -> Sent {
        // A disk that took nothing then may do so now.
        self.post.save();
        let (lock, mut line) = self.kept().unwrap_or_else(|error| {
            self.sent.said.push(format!("the outbox cannot be used: {}", printable(&error.to_string())));
            (None, Vec::new())
        });
        let unsaved = self.post.unsaved().clone();
        line.extend(unsaved.into_iter().map(|(name, entry)| Waiting { name, entry, is_kept: false }));
        line.sort_by_cached_key(|waiting| place(&waiting.entry, &waiting.name));
        let mut line = VecDeque::from(line);
        while let Some(waiting) = line.pop_front() {
            let share = self.share(&waiting, &line);
            self.turn(waiting, share);
        }
        drop(lock);
        self.sent.left = self.post.left();
        self.sent
    }

    /// What is in the outbox, with its lock.
    fn kept(&mut self) -> io::Result<(Option<Locked>, Vec<Waiting>)> {
        let outbox = &self.post.outbox;
        if outbox.names()?.is_empty() {
            return Ok((None, Vec::new()));
        }
        let Some(lock) = outbox.lock(self.end.saturating_duration_since(Instant::now()))? else {
            self.sent
                .said
                .push("another jbr is sending what waits; what it leaves goes with the next command".to_owned());
            return Ok((None, Vec::new()));
        };
        self.sent.said.extend(outbox.prune(self.now, &lock)?.into_iter().map(|what| format!("dropped, {what}")));
        let done = self.post.done().clone();
        let mut kept = Vec::new();
        for name in outbox.names()?.into_iter().filter(|name| !done.contains(name)) {
            match outbox.read(&name) {
                Ok(entry) => kept.push(Waiting { name, entry, is_kept: true }),
                Err(Unreadable::NotNow(why)) => {
                    let name = printable(&name);
                    self.sent.said.push(format!("cannot be read now, and stays in the outbox: {name}: {why}"));
                }
                Err(Unreadable::Later | Unreadable::Damaged(_)) => {}
            }
        }
        Ok((Some(lock), kept))
    }

    /// How long a message may take: what goes another way behind it must have its time, too, whatever hangs before it.
    fn share(&self, waiting: &Waiting, behind: &VecDeque<Waiting>) -> Duration {
        let own = waiting.entry.message.door();
        let others = behind.iter().map(|waiting| waiting.entry.message.door());
        let others: BTreeSet<_> = others.filter(|door| *door != own && !self.closed.contains(door)).collect();
        let sharers = u32::try_from(others.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.end.saturating_duration_since(Instant::now()) / sharers
    }

    fn turn(&mut self, waiting: Waiting, share: Duration) {
        let message = &waiting.entry.message;
        let door = message.door();
        if !self.post.has_channel(message) {
            let what = message.name();
            self.sent.said.push(format!("dropped, the plan has nowhere to send it any more: {what}"));
            self.take_away(&waiting);
            return;
        }
        let last = waiting.entry.last.as_ref().filter(|last| !self.also_refused && rests(last, self.now));
        if let Some(last) = last {
            // Others of a channel whose login was refused would only be refused like it.
            if last.login {
                self.closed.insert(door);
            }
            return;
        }
        if self.closed.contains(door) || Instant::now() >= self.end {
            return;
        }
        match self.post.deliver(&waiting.entry, &waiting.name, (share, self.also_refused), &mut |_| {}) {
            Ok(()) => {
                self.in_a_row.remove(door);
                self.sent.sent += 1;
                self.take_away(&waiting);
            }
            Err(failure) => {
                self.learn(door, &failure);
                self.keep(waiting, failure);
            }
        }
    }

    /// What a failure means for those behind it.
    fn learn(&mut self, door: &'static str, failure: &Failure) {
        let faults = self.in_a_row.entry(door).or_default();
        // Where somebody has got it, the way is open.
        *faults =
            if failure.reached.taken.is_empty() { *faults + usize::from(failure.kind.is_perhaps_its_own()) } else { 0 };
        if failure.kind.shuts() || *faults >= FAULTS_IN_A_ROW_MAX {
            self.closed.insert(door);
        }
    }

    /// Notes what came of the try: on the disk if the disk has it, else in this process.
    fn keep(&mut self, waiting: Waiting, failure: Failure) {
        let Waiting { name, entry, is_kept } = waiting;
        let refused = failure.kind == FailureKind::Refused;
        let what = if refused { "refused" } else { "could not be sent" };
        let whither = if is_kept { "and kept in the outbox" } else { "and the disk does not take it" };
        self.sent.said.push(format!("{what}, {whither}: {}: {}", entry.message.name(), failure.why));
        let is_own = failure.kind.is_perhaps_its_own();
        let last = Try { at: self.now, why: failure.why, refused, login: failure.kind == FailureKind::Login, is_own };
        let reached = entry.reached.and(failure.reached);
        let entry = Entry { tries: entry.tries.saturating_add(1), last: Some(last), reached, ..entry };
        if !is_kept {
            self.post.unsaved().insert(name, entry);
        } else if let Err(error) =
            entry.encode().map_err(io::Error::from).and_then(|bytes| self.post.outbox.write(&name, &bytes))
        {
            self.sent.said.push(format!("that it was tried is not kept: {}", printable(&error.to_string())));
        }
    }

    /// Takes away what needs no more tries. Where the disk does not let go of it, this process at least does not send it again.
    fn take_away(&mut self, waiting: &Waiting) {
        let name = &waiting.name;
        if !waiting.is_kept {
            self.post.unsaved().remove(name);
        } else if let Err(error) = self.post.outbox.remove(name) {
            self.post.done().insert(name.clone());
            self.sent.said.push(format!("sent, and not taken out of the outbox: {}", printable(&error.to_string())));
        }
    }
}

/// Whether it is too soon to try again.
fn rests(last: &Try, now: Timestamp) -> bool {
    last.refused || (last.login && elapsed(last.at, now) < LOGIN_PAUSE)
}

/// Where in the line a message stands: what takes seconds at most before mail, which may take the whole limit; what may have been at fault itself
/// behind what was not, the one longest not tried first; else the oldest first.
fn place(entry: &Entry, name: &str) -> (u8, Option<Timestamp>, String) {
    let channel = match entry.message {
        Message::Ping { .. } => 0,
        Message::Hook { .. } => 1,
        Message::Mail { .. } => 2,
    };
    // `None` is before every time.
    let suspected = entry.last.as_ref().filter(|last| last.is_own).map(|last| last.at);
    (channel, suspected, name.to_owned())
}
