//! JetBackup's own schedules as windows and `every`.

use std::time::Duration;

use chrono::{NaiveTime, TimeDelta, Timelike as _, Weekday};

use super::{Order, WindowDraft};
use crate::clock::Timestamp;
use crate::jetbackup::facts::{Rhythm, Schedule};
use crate::names::JobId;

/// How long a proposed window is open.
const WINDOW_LENGTH: TimeDelta = TimeDelta::hours(8);
/// A timer that fires at the same time every day finds a backup that is a little younger than a day: an `every` of whole days would skip
/// every other one.
const SLACK_H: u32 = 4;
const HOURS_A_DAY: u32 = 24;
/// The shortest month.
const MONTH_DAYS: u32 = 28;
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// What a job's schedules come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Proposal {
    /// `every` and the names of the windows; `after` is filled by whoever knows the addresses.
    pub(super) order: Order,
    /// The windows that it names.
    pub(super) windows: Vec<WindowDraft>,
    /// The jobs that it comes after.
    pub(super) after: Vec<JobId>,
    /// The schedules in words.
    pub(super) words: Vec<String>,
}

/// What a job's schedules come to, given when it starts next.
pub(super) fn proposal<'a>(schedules: impl Iterator<Item = &'a Schedule>, next_run: Option<Timestamp>) -> Proposal {
    let mut proposal = Proposal::default();
    for schedule in schedules {
        let (every_h, days) = match &schedule.rhythm {
            Rhythm::Hourly { every_h } => (Some(*every_h), None),
            Rhythm::Daily(days) => {
                let days = in_week_order(days);
                (Some(gap(days.iter().map(Weekday::num_days_from_monday), 7) * HOURS_A_DAY - SLACK_H), Some(days))
            }
            Rhythm::Weekly(day) => (Some(7 * HOURS_A_DAY - SLACK_H), Some(vec![*day])),
            Rhythm::Monthly(days) => {
                let shortest = gap(days.iter().map(|day| day.saturating_sub(1) % MONTH_DAYS), MONTH_DAYS);
                (Some(shortest * HOURS_A_DAY - SLACK_H), Some(WEEK.to_vec()))
            }
            Rhythm::AfterJob(job) => {
                proposal.after.push(job.clone());
                (None, None)
            }
            Rhythm::Other(_) => (None, None),
        };
        proposal.words.push(words(schedule));
        let every = every_h.map(|hours| Duration::from_secs(3600 * u64::from(hours)));
        proposal.order.every = [proposal.order.every, every].into_iter().flatten().min();
        if let Some(window) = days.zip(next_run).map(|(days, next)| window(days, next)) {
            proposal.order.windows.push(window.name.clone());
            proposal.windows.push(window);
        }
    }
    proposal
}

fn window(days: Vec<Weekday>, next: Timestamp) -> WindowDraft {
    let from = NaiveTime::from_hms_opt(next.hour(), next.minute(), 0).unwrap_or_default();
    let (to, _) = from.overflowing_add_signed(WINDOW_LENGTH);
    let on = if days.len() == WEEK.len() { "daily".to_owned() } else { joined(&days, "-") };
    WindowDraft { name: format!("jetbackup-{on}-{}", from.format("%H%M")), days, from, to }
}

/// The fewest days between two of these days in a cycle of so many; the whole cycle for a single one.
fn gap(days: impl Iterator<Item = u32>, cycle: u32) -> u32 {
    let mut days: Vec<u32> = days.collect();
    days.sort_unstable();
    days.dedup();
    let Some(first) = days.first().copied() else { return cycle };
    let next = days.iter().skip(1).copied().chain([first + cycle]);
    days.iter().zip(next).map(|(day, next)| next - day).min().unwrap_or(cycle)
}

fn in_week_order(days: &[Weekday]) -> Vec<Weekday> {
    WEEK.into_iter().filter(|day| days.contains(day)).collect()
}

/// Days as the plan language spells them.
pub(super) fn joined(days: &[Weekday], separator: &str) -> String {
    days.iter().map(|day| day.to_string().to_ascii_lowercase()).collect::<Vec<_>>().join(separator)
}

fn words(schedule: &Schedule) -> String {
    let when = match &schedule.rhythm {
        Rhythm::Hourly { every_h: 1 } => "every hour".to_owned(),
        Rhythm::Hourly { every_h } => format!("every {every_h} hours"),
        Rhythm::Daily(days) if in_week_order(days).len() == WEEK.len() => "every day".to_owned(),
        Rhythm::Daily(days) => format!("on {}", joined(&in_week_order(days), ", ")),
        Rhythm::Weekly(day) => format!("every week on {}", joined(&[*day], "")),
        Rhythm::Monthly(days) => {
            let days: Vec<String> = days.iter().map(u32::to_string).collect();
            format!("every month on day {}", days.join(", "))
        }
        Rhythm::AfterJob(job) => format!("after job {job}"),
        Rhythm::Other(kind) => format!("a schedule of type {kind}, which jbr does not know"),
    };
    format!("{when} (schedule {})", super::yaml::shown(&schedule.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rhythm: Rhythm, every: Option<u64>, window: Option<&str>) {
        let schedule = Schedule { id: "5c4e".parse().unwrap(), name: "x".to_owned(), rhythm, jobs: Vec::new() };
        let next = "2026-11-24T22:30:12Z".parse().unwrap();
        let proposal = proposal([&schedule].into_iter(), Some(next));
        assert_eq!(proposal.order.every.map(|every| every.as_secs() / 3600), every, "{schedule:?}");
        assert_eq!(proposal.order.windows.first().map(String::as_str), window, "{schedule:?}");
        for window in proposal.windows {
            assert_eq!((window.from.to_string(), window.to.to_string()), ("22:30:00".into(), "06:30:00".into()));
        }
    }

    #[test]
    fn rhythms_become_every_and_windows() {
        check(Rhythm::Hourly { every_h: 6 }, Some(6), None);
        check(Rhythm::Daily(WEEK.to_vec()), Some(20), Some("jetbackup-daily-2230"));
        // Sunday and Monday are neighbours, whatever the order.
        check(Rhythm::Daily(vec![Weekday::Sun, Weekday::Mon]), Some(20), Some("jetbackup-mon-sun-2230"));
        check(Rhythm::Daily(vec![Weekday::Mon, Weekday::Thu]), Some(3 * 24 - 4), Some("jetbackup-mon-thu-2230"));
        check(Rhythm::Weekly(Weekday::Sun), Some(7 * 24 - 4), Some("jetbackup-sun-2230"));
        check(Rhythm::Monthly(vec![1]), Some(28 * 24 - 4), Some("jetbackup-daily-2230"));
        check(Rhythm::Monthly(vec![31, 1, 15]), Some(2 * 24 - 4), Some("jetbackup-daily-2230"));
        check(Rhythm::AfterJob("a".parse().unwrap()), None, None);
        check(Rhythm::Other(9), None, None);
    }
}
