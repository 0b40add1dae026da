//! One of JetBackup's own schedules. Its `type_data` has another shape for each type (documented, 5.1 to 5.3).

use chrono::Weekday;

use super::{Node, ReplyError};
use crate::jetbackup::facts::{Rhythm, Schedule};
use crate::names::JobId;

/// A schedule.
///
/// # Errors
/// [`ReplyError::Garbled`] for anything that is missing or cannot be understood. A type that nobody documented is kept by its number.
pub fn schedule(node: &Node) -> Result<Schedule, ReplyError> {
    let jobs = node.get("jobs")?.map(|jobs| jobs.list()).transpose()?.unwrap_or_default();
    Ok(Schedule {
        id: node.need("_id")?.id()?,
        name: node.need("name")?.text()?,
        rhythm: rhythm(node)?,
        jobs: jobs.iter().map(job_id).collect::<Result<_, _>>()?,
    })
}

fn rhythm(node: &Node) -> Result<Rhythm, ReplyError> {
    let data = || node.need("type_data");
    Ok(match node.need("type")?.int()? {
        1 => Rhythm::Hourly { every_h: within(&data()?, 1..=24, "hours, 1 to 24")? },
        2 => Rhythm::Daily(some(&data()?, weekday)?),
        3 => {
            let data = data()?;
            let mut days = if data.is_number() { vec![weekday(&data)?] } else { some(&data, weekday)? };
            if days.len() > 1 {
                return Err(data.odd("one day of the week"));
            }
            days.pop().map_or_else(|| Err(data.odd("a day of the week")), |day| Ok(Rhythm::Weekly(day)))?
        }
        4 => Rhythm::Monthly(some(&data()?, |node| within(node, 1..=31, "a day of the month"))?),
        5 => Rhythm::AfterJob(data()?.id()?),
        other => Rhythm::Other(other),
    })
}

/// A list with something in it: a schedule that names no day starts nothing, so there it has another meaning.
fn some<T>(node: &Node, read: impl Fn(&Node) -> Result<T, ReplyError>) -> Result<Vec<T>, ReplyError> {
    let list = node.list()?;
    if list.is_empty() { Err(node.odd("a list of days")) } else { list.iter().map(read).collect() }
}

/// JetBackup's week begins with Sunday as 1.
fn weekday(node: &Node) -> Result<Weekday, ReplyError> {
    const WEEK: [Weekday; 7] =
        [Weekday::Sun, Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat];
    let number = usize::try_from(node.int()? - 1).ok();
    number.and_then(|number| WEEK.get(number).copied()).ok_or_else(|| node.odd("a day of the week, 1 to 7"))
}

fn within(node: &Node, range: std::ops::RangeInclusive<u32>, what: &str) -> Result<u32, ReplyError> {
    let number = u32::try_from(node.int()?).ok().filter(|number| range.contains(number));
    number.ok_or_else(|| node.odd(what))
}

/// A job's id in a schedule's list: the object with it, or the id alone.
fn job_id(node: &Node) -> Result<JobId, ReplyError> {
    if node.is_object() { node.need("_id")?.id() } else { node.id() }
}
