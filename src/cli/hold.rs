//! `jbr hold` and `jbr release`: a job that is not to be started for now, on record with who, why and until when.

use chrono::{Local, Utc};
use clap::Args;

use super::apply::load_or_new;
use super::error::CliError;
use super::period::When;
use super::validate::load;
use super::{Exit, Global, Output, select};
use crate::hold::{ByHand, REASON_LENGTH_MAX};
use crate::names::JobAddress;
use crate::printable::printable;
use crate::render;
use crate::state::lock::{Holder, LockError};
use crate::state::store::{FileStore, Store as _};

/// `jbr hold`.
#[derive(Debug, Clone, Args)]
pub(super) struct HoldArgs {
    /// The job
    #[arg(value_name = "SERVER/NAME")]
    pub(super) job: JobAddress,
    /// Why, for whoever finds it held
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// Until when: how long from now (3d, 36h), a day (2026-12-01: until it begins here; in a plan, in UTC), or a time (2026-12-01T08:00, local unless it has an
    /// offset). Without it, until `jbr release`
    #[arg(long, value_name = "WHEN")]
    pub(super) until: Option<When>,
}

/// `jbr release`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReleaseArgs {
    /// The job
    #[arg(value_name = "SERVER/NAME")]
    pub(super) job: JobAddress,
}

/// Holds a job. A hold that it had is replaced.
pub(super) fn hold(global: &Global, args: &HoldArgs, output: &Output) -> Result<Exit, CliError> {
    let now = Utc::now();
    let reason = reason(&args.reason)?;
    let until = args.until.map(|until| until.ahead(now, &Local)).transpose()?;
    let desired = load(&global.plan, output)?;
    select::check_job(&args.job, &desired)?;
    let mut store = FileStore::new(&global.state)?;
    let me = Holder::this_process("hold", now);
    lock(&mut store, &me)?;
    let mut state = load_or_new(&store)?;
    let hold = ByHand { user: person(&me), since: now, reason, until };
    state.drop_expired_holds(now);
    let before = state.holds.insert(args.job.clone(), hold.clone());
    store.commit(&mut state)?;
    let page = output.page();
    output.result(&if output.json {
        render::hold::json(&args.job, Some(&hold), before.as_ref())
    } else {
        render::hold::text(&args.job, &hold, before.as_ref(), now, &page)
    })?;
    Ok(Exit::Success)
}

/// Releases a job that a person holds. One that its plan holds stays held.
pub(super) fn release(global: &Global, args: &ReleaseArgs, output: &Output) -> Result<Exit, CliError> {
    let now = Utc::now();
    let mut store = FileStore::new(&global.state)?;
    let is_held = store.load()?.is_some_and(|state| state.holds.contains_key(&args.job));
    // A hold outlives its job's place in the plan, so the plan is only asked where there is none.
    let by_plan = if is_held { false } else { refuse_unknown(global, &args.job, output)? };
    if !is_held {
        return Err(CliError::NotHeld { job: args.job.clone(), by_plan });
    }
    lock(&mut store, &Holder::this_process("release", now))?;
    let mut state = load_or_new(&store)?;
    let before = state.holds.remove(&args.job);
    state.drop_expired_holds(now);
    store.commit(&mut state)?;
    output.result(&if output.json {
        render::hold::json(&args.job, None, before.as_ref())
    } else {
        format!("{} is released", args.job)
    })?;
    Ok(Exit::Success)
}

/// Whether the plan holds the job.
fn refuse_unknown(global: &Global, job: &JobAddress, output: &Output) -> Result<bool, CliError> {
    let desired = load(&global.plan, output)?;
    select::check_job(job, &desired)?;
    Ok(desired.job(job).is_some_and(|job| job.hold.is_some()))
}

fn lock(store: &mut FileStore, me: &Holder) -> Result<(), CliError> {
    store.lock(me).map_err(|error| match error {
        LockError::Held(holder) => CliError::HoldWhileLocked(LockError::Held(holder)),
        error => CliError::Lock(error),
    })
}

fn reason(text: &str) -> Result<String, CliError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::Hold("a reason must be given: whoever finds the job held will ask for it".to_owned()));
    }
    if text.chars().count() > REASON_LENGTH_MAX {
        return Err(CliError::Hold(format!("the reason has more than {REASON_LENGTH_MAX} characters")));
    }
    Ok(printable(text))
}

/// Who holds it. As root by sudo, everybody is root: then the name from before is the one to ask.
fn person(me: &Holder) -> String {
    let before = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty() && *name != me.user);
    before.map_or_else(|| me.user.clone(), |name| format!("{} (as {})", printable(&name), me.user))
}
