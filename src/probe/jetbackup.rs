//! Behind the login: the gate, JetBackup's answer, and whether what the plan declares is there.

use crate::desired::{Desired, Server};
use crate::jetbackup::call_error::CallError;
use crate::jetbackup::facts;
use crate::printable::printable;

use super::advice::by_hand;
use super::way::{gate, is_open, own_words};
use super::{Advice, Sight, Step, Went, What};

/// No more of what a server has is listed.
const LISTED_MAX: usize = 10;

/// The steps after the login.
pub(super) fn steps(desired: &Desired, server: &Server, sight: &Sight) -> Vec<Step> {
    let answers = matches!(sight.jobs, Some(Ok(_)));
    let if_so = |is_so: bool, went: &dyn Fn() -> Went| if is_so { went() } else { Went::NotTried };
    let steps = [
        (What::Gate, if_so(is_open(sight), &|| gate(desired, server, sight))),
        (What::Api, if_so(is_open(sight), &|| api(server, sight))),
        (What::Version, if_so(answers, &|| version(sight))),
        (What::Clock, if_so(answers, &|| sight.clock.went(sight.at))),
        (What::Destination, if_so(answers, &|| destination(server, sight))),
        (What::Jobs, if_so(answers, &|| jobs(desired, server, sight))),
    ];
    steps.map(|(what, went)| Step { what, went }).into()
}

fn api(server: &Server, sight: &Sight) -> Went {
    match &sight.jobs {
        // The connection was lost between the login and the first answer.
        None => match &sight.gate {
            Err(error) => Went::Failed { why: own_words(server, error), advice: Advice::none() },
            Ok(_) => Went::NotTried,
        },
        Some(Ok(jobs)) => {
            Went::Ok(format!("answers, with {} backup {}", jobs.len(), if jobs.len() == 1 { "job" } else { "jobs" }))
        }
        // The answer was not looked at: there is none.
        Some(Err(error @ CallError::NotSent(_))) => {
            Went::Failed { why: own_words(server, error), advice: Advice::none() }
        }
        Some(Err(error)) => {
            let line = by_hand(server, "\"jetbackup5api -F listBackupJobs -O json\"");
            let advice = Advice::with("This shows the whole answer:", vec![line]);
            Went::Failed { why: own_words(server, error), advice }
        }
    }
}

fn version(sight: &Sight) -> Went {
    match &sight.version {
        Some(version) => Went::Ok(format!("JetBackup {}", printable(version))),
        None => Went::Unknown("JetBackup does not say it".to_owned()),
    }
}

fn destination(server: &Server, sight: &Sight) -> Went {
    let live = match known(server, sight.destinations.as_ref()) {
        Ok(live) => live,
        Err(went) => return went,
    };
    let Some(declared) = &server.destination else {
        return Went::Ok("the plan names none: every backup of this server counts as guarded".to_owned());
    };
    let Some(found) = live.iter().find(|live| live.id == declared.id) else {
        let why = format!("the plan's destination {} is not there", declared.id);
        let has = live.iter().map(|live| format!("{}  {} ({})", live.id, printable(&live.name), printable(&live.kind)));
        return Went::Failed {
            why,
            advice: listed("Correct `destination` in the plan. This server has:", has.collect()),
        };
    };
    let is = format!(
        "{} ({}), {}",
        printable(&found.name),
        printable(&found.kind),
        if found.disabled { "disabled" } else { "enabled" }
    );
    match (declared.keep_closed, found.disabled) {
        (true, true) => Went::Ok(format!("{is}, as `keep: closed` wants it between backups")),
        (false, false) => Went::Ok(is),
        (true, false) => Went::Attention {
            found: format!("{is}, and the plan says `keep: closed`"),
            advice: Advice::words("jbr disables it after its next backup there, unless somebody needs it open"),
        },
        (false, true) => Went::Attention {
            found: format!("{is}: jobs that write to it alone are skipped"),
            advice: Advice::words(
                "Enable it in JetBackup, or declare `destination: { id: …, keep: closed }`, and jbr enables it for its own backups",
            ),
        },
    }
}

fn jobs(desired: &Desired, server: &Server, sight: &Sight) -> Went {
    let live = match known(server, sight.jobs.as_ref()) {
        Ok(live) => live,
        Err(went) => return went,
    };
    let declared: Vec<_> = desired.jobs.iter().filter(|job| job.address.server == server.name).collect();
    if declared.is_empty() {
        let text = "`jbr list` shows what the server has, and `jbr import` writes the lines for a plan";
        return Went::Attention {
            found: "the plan declares none on this server".to_owned(),
            advice: Advice::words(text),
        };
    }
    let of = |job: &crate::desired::Job| live.iter().find(|live| live.id == job.id);
    let missing: Vec<_> = declared.iter().filter(|job| of(job).is_none()).collect();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|job| format!("{} ({})", job.address, job.id)).collect();
        let why = format!("{} of {} not found: {}", missing.len(), declared.len(), names.join(", "));
        let free = live.iter().filter(|live| !declared.iter().any(|job| job.id == live.id));
        let free = free.map(|live| format!("{}  {}", live.id, printable(&live.name)));
        let text = "Correct the ids in the plan. Of this server's jobs, these are in no plan:";
        return Went::Failed { why, advice: listed(text, free.collect()) };
    }
    let odd: Vec<String> = declared.iter().filter_map(|job| oddity(job, of(job)?)).collect();
    let found = format!("{} of {} found", declared.len(), declared.len());
    if odd.is_empty() {
        return Went::Ok(found);
    }
    let advice = Advice::words("`jbr plan` says what to do about each");
    Went::Attention { found: format!("{found}; {}", odd.join("; ")), advice }
}

/// What of a job that is there keeps it from running as the plan means it.
fn oddity(job: &crate::desired::Job, live: &facts::Job) -> Option<String> {
    if live.disabled && !job.keep_disabled {
        return Some(format!("{} is disabled there", job.address));
    }
    let is_scheduled = live.next_run.is_some() || live.schedules.is_some_and(|schedules| schedules > 0);
    (is_scheduled && !live.disabled).then(|| format!("JetBackup starts {} by itself", job.address))
}

/// What was answered, or how a step without an answer went.
fn known<'a, T>(server: &Server, asked: Option<&'a Result<Vec<T>, CallError>>) -> Result<&'a [T], Went> {
    match asked {
        None => Err(Went::NotTried),
        Some(Ok(rows)) => Ok(rows),
        Some(Err(error)) => Err(Went::Failed { why: own_words(server, error), advice: Advice::none() }),
    }
}

fn listed(text: &str, mut rows: Vec<String>) -> Advice {
    if rows.is_empty() {
        return Advice::words(format!("{text} nothing"));
    }
    let more = rows.len().saturating_sub(LISTED_MAX);
    rows.truncate(LISTED_MAX);
    if more > 0 {
        rows.push(format!("… and {more} more: `jbr list` shows all"));
    }
    Advice::with(text, rows)
}
