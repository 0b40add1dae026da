//! Defaults applied: a value's own level wins, then `defaults`, then `run`, then what is built in.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Source;
use super::finding::Reported;
use super::job::{AfterSyntax, JobSyntax};
use super::section::Field;
use super::spanned::Spanned;
use super::syntax::{DestinationSyntax, PlanSyntax, RunSyntax, ServerSettings, ServerSyntax};
use super::window::{ExceptSyntax, WindowSyntax};
use crate::desired::{
    After, Desired, Destination, HostKeyPolicy, Job, OnTimeout, Pace, Partial, Retry, RunSettings, Server,
};
use crate::names::WindowName;
use crate::window::{Except, Window};

const PORT: u16 = 51514;
const USER: &str = "root";
const KNOWN_HOSTS: &str = "/var/lib/jbr/known_hosts";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2 * 60);
const TIMEOUT: Duration = Duration::from_secs(4 * 3600);
const START_TIMEOUT: Duration = Duration::from_secs(2 * 60);
const POLL: Duration = Duration::from_secs(30);
const UNREACHABLE_WAIT: Duration = Duration::from_secs(15 * 60);
const RESUME_WITHIN: Duration = Duration::from_secs(20 * 3600);

/// The plan with nothing optional left.
///
/// # Errors
/// Reported: some value could not be read.
pub(super) fn resolve(plan: &PlanSyntax, sources: &[Source]) -> Result<Desired, Reported> {
    if let Some(reported) = plan.gaps.any.or(plan.gaps.servers).or(plan.gaps.windows) {
        return Err(reported);
    }
    let windows = plan.windows.iter().map(|declared| window(declared, &plan.windows));
    let windows: Windows = windows.map(|window| window.map(|it| (it.name.clone(), it))).collect::<Result<_, _>>()?;
    let server = |declared: &ServerSyntax| server(declared, &plan.server_defaults, sources);
    Ok(Desired {
        servers: plan.servers.iter().map(server).collect::<Result<_, _>>()?,
        jobs: plan.jobs.iter().map(|declared| job(declared, plan, &windows)).collect::<Result<_, _>>()?,
        run: run(&plan.run)?,
        notify: plan.notify.clone().transpose()?,
    })
}

type Windows = HashMap<WindowName, Window>;

/// A window with those that it excepts.
///
/// # Errors
/// Reported: some value could not be read. A name that nobody declared is passed over: `check` has reported it.
pub(super) fn window(declared: &WindowSyntax, all: &[WindowSyntax]) -> Result<Window, Reported> {
    let body = declared.body.as_ref().map_err(|reported| *reported)?;
    let mut except = Vec::new();
    for part in &body.except {
        match part.as_ref().map_err(|reported| *reported)? {
            ExceptSyntax::Span(span) => except.push(Except::Span(span.clone())),
            ExceptSyntax::Window(name) => {
                let other = all.iter().find(|other| other.written == name.value.as_str());
                if let Some(other) = other {
                    except.push(Except::Window(excepted(other)?));
                }
            }
        }
    }
    Ok(Window::new(value(&declared.name)?, value(&body.zone)?, body.span.clone()?, except))
}

/// A window as another one excepts it: exceptions by name go one level deep.
fn excepted(declared: &WindowSyntax) -> Result<Window, Reported> {
    let body = declared.body.as_ref().map_err(|reported| *reported)?;
    let own = |part: &Result<ExceptSyntax, Reported>| match part {
        Ok(ExceptSyntax::Span(span)) => Some(Ok(Except::Span(span.clone()))),
        Ok(ExceptSyntax::Window(_)) => None,
        Err(reported) => Some(Err(*reported)),
    };
    let except = body.except.iter().filter_map(own).collect::<Result<_, _>>()?;
    Ok(Window::new(value(&declared.name)?, value(&body.zone)?, body.span.clone()?, except))
}

fn server(declared: &ServerSyntax, defaults: &ServerSettings, sources: &[Source]) -> Result<Server, Reported> {
    let body = declared.body.as_ref().map_err(|reported| *reported)?;
    let own = &body.settings;
    let key = written([&own.key, &defaults.key])?;
    let known_hosts = written([&own.known_hosts, &defaults.known_hosts])?;
    Ok(Server {
        name: value(&declared.name)?,
        host: value(&body.host)?,
        port: first([&own.port, &defaults.port], PORT)?,
        user: first([&own.user, &defaults.user], USER.to_owned())?,
        key: key.map(|path| beside_the_plan(path, sources)),
        known_hosts: known_hosts.map_or_else(|| PathBuf::from(KNOWN_HOSTS), |path| beside_the_plan(path, sources)),
        host_key: first([&own.host_key, &defaults.host_key], HostKeyPolicy::AcceptNew)?,
        connect_timeout: first([&own.connect_timeout, &defaults.connect_timeout], CONNECT_TIMEOUT)?,
        command_timeout: first([&own.command_timeout, &defaults.command_timeout], COMMAND_TIMEOUT)?,
        destination: match &body.destination {
            None => None,
            Some(declared) => Some(destination(declared.as_ref().map_err(|reported| *reported)?)?),
        },
    })
}

fn destination(declared: &DestinationSyntax) -> Result<Destination, Reported> {
    Ok(Destination { id: value(&declared.id)?, keep_closed: first([&declared.keep_closed], false)? })
}

fn job(declared: &JobSyntax, plan: &PlanSyntax, windows: &Windows) -> Result<Job, Reported> {
    let (own, defaults, run) = (&declared.settings, &plan.job_defaults, &plan.run);
    let windows = windows_of(written([&own.window, &defaults.window])?, windows)?;
    Ok(Job {
        address: declared.address()?,
        id: value(&declared.id)?,
        kind: written([&own.kind, &defaults.kind])?.map(|kind| kind.value),
        priority: first([&own.priority, &defaults.priority], 0)?,
        timeout: first([&own.timeout, &defaults.timeout], TIMEOUT)?,
        start_timeout: first([&own.start_timeout, &defaults.start_timeout, &run.start_timeout], START_TIMEOUT)?,
        on_timeout: first([&own.on_timeout, &defaults.on_timeout, &run.on_timeout], OnTimeout::Hold)?,
        keep_disabled: first([&own.keep_disabled, &defaults.keep_disabled], false)?,
        after: declared.after.iter().map(after).collect::<Result<_, _>>()?,
        // What `defaults` says of fitting means nothing to a job that opts out of its window.
        fits: first([&own.fits, &defaults.fits], false)? && !windows.is_empty(),
        windows,
        every: written([&own.every, &defaults.every])?.map(|every| every.value),
        max_age: written([&own.max_age, &defaults.max_age])?.map(|max_age| max_age.value),
        retry: first([&own.retry, &defaults.retry], Retry::NEVER)?,
        hold: written([&declared.hold])?.map(|hold| hold.value.clone()),
    })
}

fn after(declared: &Result<AfterSyntax, Reported>) -> Result<After, Reported> {
    let declared = declared.as_ref().map_err(|reported| *reported)?;
    Ok(After { job: declared.job.value.clone(), when: declared.when })
}

fn windows_of(names: Option<&Spanned<Vec<Field<WindowName>>>>, windows: &Windows) -> Result<Vec<Window>, Reported> {
    let names = names.map(|names| names.value.as_slice()).unwrap_or_default();
    // A name that nobody declared is passed over: `check` has reported it.
    names.iter().filter_map(|name| value(name).map(|name| windows.get(&name).cloned()).transpose()).collect()
}

fn run(declared: &RunSyntax) -> Result<RunSettings, Reported> {
    Ok(RunSettings {
        poll: first([&declared.poll], POLL)?,
        pace: first([&declared.pace], Pace::Adaptive)?,
        unreachable_wait: first([&declared.unreachable_wait], UNREACHABLE_WAIT)?,
        partial: first([&declared.partial], Partial::Warn)?,
        resume_within: first([&declared.resume_within], RESUME_WITHIN)?,
    })
}

fn value<T: Clone>(field: &Field<T>) -> Result<T, Reported> {
    field.as_ref().map(|value| value.value.clone()).map_err(|reported| *reported)
}

/// The value of the first level that has one.
fn written<T, const LEVELS: usize>(levels: [&Option<Field<T>>; LEVELS]) -> Result<Option<&Spanned<T>>, Reported> {
    match levels.into_iter().flatten().next() {
        None => Ok(None),
        Some(field) => field.as_ref().map(Some).map_err(|reported| *reported),
    }
}

/// The value of the first level that has one, or what is built in.
fn first<T: Clone, const LEVELS: usize>(levels: [&Option<Field<T>>; LEVELS], built_in: T) -> Result<T, Reported> {
    Ok(written(levels)?.map_or(built_in, |value| value.value.clone()))
}

/// A path as it is meant: from the folder of the file in which it stands.
fn beside_the_plan(path: &Spanned<PathBuf>, sources: &[Source]) -> PathBuf {
    let folder = sources.get(path.span.file).and_then(|source| source.path.parent()).unwrap_or(Path::new(""));
    folder.join(&path.value)
}
