//! The fleet: every server, true time, and the account of what happened.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::{Account, ApiCall, CarriedOut};
use super::answer::{Answer, Connection};
use super::due::Due;
use super::fault::Fault;
use super::ids::Ids;
use super::invocation::Invocation;
use super::moment::Moment;
use super::server::{Late, Server};
use crate::clock::{Timestamp, later};

/// More than this cannot happen in one advance, or a test made a loop; the rest is left to the next advance.
const EVENTS_MAX: usize = 10_000_000;

/// Simulated servers with one true time, and the account of what happened.
///
/// Everything follows from what was declared and from the calls and their moments. To advance in one step or in many is
/// the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fleet {
    now: Timestamp,
    servers: Vec<Server>,
    account: Account,
    ids: Ids,
}

impl Fleet {
    /// A fleet without servers.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { now: start, servers: Vec::new(), account: Account::default(), ids: Ids::default() }
    }

    /// The same with one more server, as `declare` completes it.
    #[must_use]
    pub fn server(mut self, name: impl Into<String>, declare: impl FnOnce(Server) -> Server) -> Self {
        self.servers.push(declare(Server::new(name)));
        self
    }

    /// The same without a record of every call, for simulations of weeks.
    #[must_use]
    pub fn without_calls(mut self) -> Self {
        self.account.keep_calls = false;
        self
    }

    /// Until when the fleet has advanced.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// What happened so far.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// All servers, as they were declared.
    #[must_use]
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The server of this name.
    #[must_use]
    pub fn server_of(&self, name: &str) -> Option<&Server> {
        self.servers.iter().find(|server| server.name == name)
    }

    /// Changes a server by hand at a moment: an administrator's doing, or a test's. An unknown name changes nothing, and says
    /// `false`.
    pub fn change(&mut self, name: &str, now: Timestamp, change: impl FnOnce(&mut Server)) -> bool {
        self.advance(now);
        let server = self.servers.iter_mut().find(|server| server.name == name);
        server.map(change).is_some()
    }

    /// Lets everything happen that is due until `now`, in the order of time. A moment that has passed does nothing.
    pub fn advance(&mut self, now: Timestamp) {
        for _ in 0..EVENTS_MAX {
            let Some((at, due, server)) = self.next_due().filter(|(at, ..)| *at <= now) else { break };
            self.now = at;
            if let Some(mut moment) = self.moment(server) {
                moment.happen(due);
            }
        }
        self.now = self.now.max(now);
    }

    /// A call of `jetbackup5api` on a server, with the words after the program's name. Carries it out (or not), and says what
    /// the caller gets to see. The caller waits for [`Answer::delay`], outside of this function.
    pub fn call(&mut self, server: &str, arguments: &[String], now: Timestamp) -> Answer {
        self.advance(now);
        let answer = match self.servers.iter().position(|one| one.name == server) {
            Some(place) => self.receive(place, arguments),
            None => Answer::none(Connection::Refused, std::time::Duration::ZERO),
        };
        // What takes no time has happened before the answer leaves.
        self.advance(self.now);
        answer
    }

    /// The `data` of a call that is expected to succeed now, for tests and the demo that look at a server as `jbr` would.
    ///
    /// # Errors
    /// What arrived instead.
    pub fn ask(&mut self, server: &str, function: &str, data: &str, now: Timestamp) -> Result<Value, Answer> {
        let arguments = ["-F", function, "-D", data, "-O", "json"].map(str::to_owned);
        let answer = self.call(server, &arguments, now);
        let envelope: Option<Value> = serde_json::from_str(&answer.stdout).ok();
        let successful =
            envelope.filter(|envelope| ["1", "\"1\"", "true"].contains(&envelope["success"].to_string().as_str()));
        successful.map(|mut envelope| envelope["data"].take()).ok_or(answer)
    }

    fn next_due(&self) -> Option<(Timestamp, Due, usize)> {
        let all = self.servers.iter().enumerate();
        all.filter_map(|(place, server)| server.next_due(self.now).map(|(at, due)| (at, due, place))).min()
    }

    fn moment(&mut self, place: usize) -> Option<Moment<'_>> {
        let server = self.servers.get_mut(place)?;
        Some(Moment { now: self.now, server, account: &mut self.account, ids: &mut self.ids })
    }

    fn receive(&mut self, place: usize, arguments: &[String]) -> Answer {
        let now = self.now;
        let Some(mut moment) = self.moment(place) else {
            return Answer::none(Connection::Refused, std::time::Duration::ZERO);
        };
        if moment.server.is_down(now) {
            moment.account.went_wrong(if moment.server.is_restarting(now) { "restarting" } else { "outage" });
            return Answer::none(Connection::Refused, std::time::Duration::ZERO);
        }
        let invocation = Invocation::parse(arguments, moment.server.dialect.kept_data);
        moment.answer(&invocation)
    }
}

impl Moment<'_> {
    /// Answers a call that reached the server, or goes wrong as the first rule that applies says.
    fn answer(&mut self, call: &Invocation) -> Answer {
        let mut delay = self.server.latency;
        let mut fault = Fault::Slow;
        let now = self.now;
        // Every rule counts every call; so no `find`, which would stop at the first that applies.
        let applying =
            self.server.rules.iter_mut().filter_map(|rule| rule.applies(&call.function, now).then_some(rule));
        if let Some(rule) = applying.collect::<Vec<_>>().first() {
            delay = delay.saturating_add(rule.delay);
            fault = rule.fault.clone();
            self.account.went_wrong(fault.word());
            self.account.went_wrong(format!("{}/{}", fault.word(), call.function));
        }
        self.note(call, &fault);
        match fault {
            Fault::Slow => Answer::of(self.carry_out(call), delay),
            Fault::NotFound => Answer::not_found(delay),
            Fault::Garbled { how, carried_out } => {
                let whole = if carried_out { self.carry_out(call) } else { self.pretend(call) };
                Answer::of(how.damage(&whole), delay)
            }
            Fault::Refused(message) => {
                Answer::of(super::answer::Reply::refusal(message).envelope(self.server, call.json), delay)
            }
            Fault::DoesNotStick => Answer::of(self.pretend(call), delay),
            Fault::KilledBefore => Answer::none(Connection::KilledBefore, delay),
            Fault::LostCommand => Answer::none(Connection::LostAnswer, delay),
            Fault::LostAnswer => {
                self.carry_out(call);
                Answer::none(Connection::LostAnswer, delay)
            }
            Fault::Late(by) => {
                self.server.late.push(Late { at: later(self.now, by), invocation: call.clone() });
                Answer::none(Connection::LostAnswer, delay)
            }
        }
    }

    fn carry_out(&mut self, call: &Invocation) -> String {
        self.perform(call).envelope(self.server, call.json)
    }

    /// The answer as if the call had been carried out. Nothing remembers that it was.
    fn pretend(&mut self, call: &Invocation) -> String {
        let mut server = self.server.clone();
        let mut account = Account { keep_calls: false, ..Account::default() };
        let mut ids = self.ids.clone();
        let mut dream = Moment { now: self.now, server: &mut server, account: &mut account, ids: &mut ids };
        dream.carry_out(call)
    }

    fn note(&mut self, call: &Invocation, fault: &Fault) {
        let carried_out = match fault {
            Fault::Slow | Fault::LostAnswer | Fault::Garbled { carried_out: true, .. } => CarriedOut::AtOnce,
            Fault::Late(by) => CarriedOut::Later(later(self.now, *by)),
            // Never left the caller, so it is not a call that reached a server.
            Fault::KilledBefore => return,
            Fault::NotFound | Fault::Refused(_) | Fault::DoesNotStick | Fault::LostCommand | Fault::Garbled { .. } => {
                CarriedOut::Never
            }
        };
        let (at, server) = (self.now, self.server.name.clone());
        let (function, parameters) = (call.function.clone(), call.parameters.clone());
        self.account.note(ApiCall { at, server, function, parameters, carried_out });
    }
}
