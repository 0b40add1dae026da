//! Order, windows, freshness, tries and holds: drawn for a plan, and for the person who holds jobs by hand.

use std::time::Duration;

use chrono::Weekday;
use chrono_tz::Tz;
use jbr::clock::{Timestamp, later};
use jbr::desired::{After, Desired, Hold, Job, Retry, RetryWhen, When};
use jbr::window::{Days, Except, On, Span, TimeOfDay, Window};

use crate::dice::Dice;
use crate::scenario::DAY;

/// So many seeds in a row tell stories of one kind: the second of four blocks those of a timer, the others those of nights, in which all is due.
const BLOCK: u64 = 50;
/// Other dice than those of the fleets.
const SALT: u64 = 0x005e_ed0f_0ade;
/// Zones ahead, behind, by quarters, and with changes of the clock in the stories.
const ZONES: [Tz; 6] = [
    Tz::UTC,
    Tz::Europe__Madrid,
    Tz::Europe__Madrid,
    Tz::America__New_York,
    Tz::Asia__Kathmandu,
    Tz::Pacific__Auckland,
];
const HOUR: Duration = Duration::from_secs(3600);

/// When a timer starts processes, and for how long there is a story to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timer {
    /// From one process to the next.
    pub(crate) every: Duration,
    /// How long the story is.
    pub(crate) length: Duration,
    /// Whether a process waits for windows (`--wait`).
    pub(crate) stays: bool,
}

/// The timer of a seed's story; `None` for one of nights.
pub(crate) fn timer(seed: u64) -> Option<Timer> {
    let mut dice = Dice::new(seed ^ SALT);
    if (seed / BLOCK) % 4 != 1 {
        return None;
    }
    let stays = dice.percent(30);
    let (every, length) = match dice.below(10) {
        0..5 => (Duration::from_secs(900), dice.seconds(5 * 3600, 9 * 3600)),
        5..8 => (HOUR, dice.seconds(12 * 3600, 24 * 3600)),
        _ if stays => (HOUR * 12, DAY),
        _ => (DAY, dice.seconds(4 * 24 * 3600, 8 * 24 * 3600)),
    };
    Some(Timer { every, length, stays })
}

/// When the story of a timer begins: also on the eve of both changes of the clock.
pub(crate) fn start(seed: u64) -> Timestamp {
    let starts = ["2026-11-23T02:00:00Z", "2026-11-27T17:00:00Z", "2026-10-24T18:00:00Z", "2027-03-27T20:00:00Z"];
    let mut dice = Dice::new(seed ^ SALT ^ 1);
    dice.pick(&starts).parse().unwrap()
}

/// What a plan says beyond what is to be run.
pub(crate) struct Schedule {
    dice: Dice,
    timer: Timer,
    start: Timestamp,
    windows: Vec<Window>,
}

impl Schedule {
    pub(crate) fn new(seed: u64, timer: Timer, start: Timestamp) -> Self {
        let mut dice = Dice::new(seed ^ SALT ^ 2);
        let windows = (0..3).map(|number| window(&mut dice, number, timer)).collect();
        Self { dice, timer, start, windows }
    }

    /// Gives every job of a plan what it is to have.
    pub(crate) fn declare(&mut self, plan: &mut Desired) {
        for place in 0..plan.jobs.len() {
            let job = self.job(&plan.jobs[place], &plan.jobs[..place]);
            plan.jobs[place] = job;
        }
    }

    /// Another schedule for one job.
    pub(crate) fn change(&mut self, plan: &mut Desired) -> &'static str {
        let place = usize::try_from(self.dice.below(plan.jobs.len() as u64)).unwrap();
        let job = self.job(&plan.jobs[place], &plan.jobs[..place]);
        plan.jobs[place] = job;
        "plan_schedule"
    }

    fn job(&mut self, job: &Job, before: &[Job]) -> Job {
        let dice = &mut self.dice;
        let windows = match dice.below(10) {
            0..4 => vec![],
            4..8 => vec![dice.pick(&self.windows)],
            _ => self.windows[..2].to_vec(),
        };
        let every = if self.timer.every < DAY {
            Some(dice.pick(&[HOUR, HOUR * 2, HOUR * 4, HOUR * 9]))
        } else {
            dice.percent(50).then(|| dice.pick(&[HOUR * 12, HOUR * 20, DAY * 3]))
        };
        let after = before.iter().filter(|known| known.address != job.address && known.after.len() < 2);
        let mut after: Vec<_> = after.filter(|_| dice.percent(30)).map(|known| known.address.clone()).collect();
        after.dedup();
        let when = if dice.percent(65) { When::Success } else { When::Finished };
        let retry = if dice.percent(45) { Retry::NEVER } else { retry(dice) };
        Job {
            fits: !windows.is_empty() && dice.percent(30),
            windows,
            every,
            retry,
            after: after.into_iter().map(|job| After { job, when }).collect(),
            hold: dice.percent(8).then(|| Hold {
                reason: "moved".to_owned(),
                until: dice.percent(75).then(|| later(self.start, dice.seconds(0, self.timer.length.as_secs()))),
            }),
            ..job.clone()
        }
    }
}

fn retry(dice: &mut Dice) -> Retry {
    let wait = if dice.percent(30) { Duration::ZERO } else { dice.seconds(1, 1200) };
    let mut when = RetryWhen { failed: dice.percent(70), never_started: dice.percent(70), api_error: dice.percent(70) };
    when.failed |= !when.never_started && !when.api_error;
    Retry { attempts: u32::try_from(dice.between(2, 3)).unwrap(), wait, when }
}

fn window(dice: &mut Dice, number: u64, timer: Timer) -> Window {
    let zone = dice.pick(&ZONES);
    let on = if timer.stays || timer.length < DAY * 2 || dice.percent(60) {
        On::Days(Days::ALL)
    } else {
        let days = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        On::Days(days.into_iter().filter(|_| dice.percent(60)).chain([Weekday::Tue]).collect())
    };
    let longest = dice.pick(&[60, 240, 720]);
    let span = Span { on, ..span(dice, longest) };
    let except = (0..dice.below(3)).map(|_| Except::Span(self::span(dice, 90))).collect();
    Window::new(format!("w{number}").parse().unwrap(), zone, span, except)
}

/// A stretch of every day, at any time of it, over midnight as likely as that comes.
fn span(dice: &mut Dice, longest_minutes: u64) -> Span {
    let from = dice.below(24 * 60);
    let to = (from + dice.between(15, longest_minutes)) % (24 * 60);
    let time = |minutes: u64| {
        let minutes = u16::try_from(minutes).unwrap();
        TimeOfDay::new(minutes / 60, minutes % 60).unwrap()
    };
    Span { on: On::Days(Days::ALL), from: time(from), to: time(to) }
}
