//! After each story: what `jbr audit` makes of the records that are left, held against the truth.
//!
//! The servers answer now, and with the true time; what they recorded is as it is. Proven means that no two wrote at once. The only
//! exception is one that no record can show: a backup of which JetBackup wrote no log.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jbr::audit::{self, Conclusion, Period};
use jbr::clock::{Clock, Interrupt, earlier};
use jbr::simulator::{Fleet, Log, LogSays, Server, Write};
use jbr::state::State;

use crate::book::Book;
use crate::fate::{Fate, WatchedClock};
use crate::life::World;
use crate::scenario::STORAGE;
use crate::watched::{links, shared};

/// Longer than any story, and shorter than logs are kept.
const LOOK_BACK: Duration = Duration::from_secs(20 * 24 * 3600);
/// All servers have one clock now; its times are whole seconds.
const TOLERANCE: Duration = Duration::from_secs(1);

static PROVEN: AtomicU64 = AtomicU64::new(0);
static OVERLAPPED: AtomicU64 = AtomicU64::new(0);
static UNPROVEN: AtomicU64 = AtomicU64::new(0);

/// The audit of a story that is over.
pub(crate) fn in_the_end(world: &World) {
    let now = world.clock.now();
    let mut fleet = world.fleet.lock().unwrap().clone();
    fleet.advance(now);
    for name in fleet.servers().iter().map(|server| server.name.clone()).collect::<Vec<_>>() {
        fleet.change(&name, now, |server| answers(server, now));
    }
    let conclusion = conclude(world, fleet.clone());
    let mut book = world.book.lock().unwrap();
    let overlaps = fleet.account().overlaps(STORAGE);
    let seen = overlaps.iter().find(|(first, second)| is_recorded(&book, first) && is_recorded(&book, second));
    let is_true = conclusion != Conclusion::Proven || seen.is_none();
    let what = format!("proven, and in truth {seen:?}");
    book.ensure("an audit proves nothing that is not so", is_true, || what);
    let counter = match conclusion {
        Conclusion::Proven => &PROVEN,
        Conclusion::Overlapped => &OVERLAPPED,
        Conclusion::Unproven | Conclusion::Disagreement => &UNPROVEN,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

fn conclude(world: &World, fleet: Fleet) -> Conclusion {
    let interrupt = Interrupt::new().unwrap();
    let fleet = shared(fleet);
    let clock =
        Arc::new(WatchedClock { inner: world.clock.clone(), fleet: Arc::clone(&fleet), book: Arc::clone(&world.book) });
    let fate = Fate::new(None, &world.book, &world.clock);
    let mut links = links(&world.desired, &fleet, &clock, &interrupt, &fate);
    let state = world.disk.load().unwrap().unwrap_or_else(State::unwritten);
    let (now, desired) = (world.clock.now(), &world.desired);
    let period = Period { from: earlier(now, LOOK_BACK), to: now };
    let wanted = audit::wanted(&state, period);
    let evidence = audit::collect::collect(&mut links, desired, &wanted, period);
    audit::audit(&audit::Case { desired, evidence: &evidence, state: &state, period, tolerance: TOLERANCE, now })
        .conclusion()
}

/// The server answers, its clock is right, and it has a log from before everything.
fn answers(server: &mut Server, now: jbr::clock::Timestamp) {
    server.rules.clear();
    server.outages.clear();
    server.skew_s = 0;
    let before = earlier(now, LOOK_BACK + Duration::from_secs(3600));
    let job = server.jobs.first().map(|job| job.id.clone());
    server.logs.push(Log {
        id: "old".to_owned(),
        kind: 1,
        job,
        name: String::new(),
        started: before,
        ended: Some(before),
        status: 1,
        items: 0,
    });
}

/// Whether JetBackup wrote a log of it.
fn is_recorded(book: &Book, write: &Write) -> bool {
    let group = book.group(&write.server, &write.group);
    group.is_some_and(|group| group.execution.log != LogSays::Nothing)
}

#[test]
fn audits_of_stories_come_to_each_conclusion() {
    for seed in 0..60 {
        crate::life::play(seed, false);
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (proven, overlapped, unproven) = (count(&PROVEN), count(&OVERLAPPED), count(&UNPROVEN));
    assert!(proven >= 10 && overlapped >= 3 && unproven >= 3, "{proven} {overlapped} {unproven}");
}
