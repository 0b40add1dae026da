//! A plan proposed from what servers say of their jobs, destinations and schedules.

use std::collections::{BTreeMap, BTreeSet};

use super::rhythm::proposal;
use super::yaml::shown;
use super::{Draft, Guard, JobDraft, Login, NameBook, ServerDraft, WindowDraft};
use crate::desired::Desired;
use crate::inventory::kind::{is_config, kind_of};
use crate::jetbackup::client::seen;
use crate::jetbackup::facts::{Destination, Job, Schedule};
use crate::links::Link;
use crate::names::{DestinationId, JobAddress, JobId, NameError, ServerName};
use crate::seen::Seen;
use crate::window::Window;

/// A server as it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name in the plan.
    pub server: ServerName,
    /// Its host.
    pub host: String,
    /// Its jobs.
    pub jobs: Seen<Vec<Job>>,
    /// Its destinations.
    pub destinations: Seen<Vec<Destination>>,
    /// JetBackup's own schedules on it.
    pub schedules: Seen<Vec<Schedule>>,
}

/// What a server is asked for: only calls that read.
pub fn ask(link: &mut Link, host: &str) -> Found {
    let jobs = seen(link.client.jobs());
    let (destinations, schedules) = match &jobs {
        // One reason is enough: a server that does not answer the first call is not asked two more times.
        Seen::Unknown(why) => (Seen::Unknown(why.clone()), Seen::Unknown(why.clone())),
        Seen::Known(_) => (seen(link.client.destinations()), seen(link.client.schedules())),
    };
    Found { server: link.server.clone(), host: host.to_owned(), jobs, destinations, schedules }
}

/// A draft and what whoever asked for it must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The draft.
    pub draft: Draft,
    /// What was found on each server and what is to be done about it, a line each.
    pub said: Vec<String>,
    /// The servers that could not be read, each with the reason.
    pub unread: Vec<String>,
}

/// The plan that a draft is to stand beside: a folder is one plan.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// What it declares.
    pub desired: &'a Desired,
    /// Its windows, used or not.
    pub windows: &'a [Window],
}

/// Proposes a plan of all that was found; with a plan that declares these servers, of what it lacks.
///
/// # Errors
/// Where no name can be made for a job, which no label should do.
pub fn import(found: &[Found], login: Login, beside: Option<Beside<'_>>) -> Result<Imported, NameError> {
    let mut book = Book::new(beside);
    let mut imported = Imported { draft: Draft { login, ..Draft::default() }, said: Vec::new(), unread: Vec::new() };
    imported.draft.is_beside_a_plan = beside.is_some();
    for server in found {
        let jobs = match &server.jobs {
            Seen::Known(jobs) => jobs,
            Seen::Unknown(why) => {
                imported.unread.push(format!("{}: {why}", server.server));
                let note = format!("its jobs could not be read, so none of them is here: {}", shown(&why.0));
                imported.draft.servers.push(server_draft(server, Guard::Everything, vec![note]));
                continue;
            }
        };
        let guard = guard(server, beside);
        let mut drafts = Vec::new();
        for job in jobs {
            if !book.is_declared(&server.server, &job.id) {
                drafts.push(book.draft(server, job, &guard)?);
            }
        }
        let said = summary(server, &drafts, &guard);
        let notes = server_notes(server);
        imported.said.extend(notes.iter().map(|note| format!("{}: {note}", server.server)));
        imported.said.push(said);
        imported.draft.jobs.extend(drafts);
        imported.draft.servers.push(server_draft(server, guard, notes));
    }
    book.resolve_after(&mut imported.draft.jobs);
    let named: BTreeSet<String> = imported.draft.jobs.iter().flat_map(|job| job.order.windows.clone()).collect();
    let is_new = |window: &WindowDraft| named.contains(&window.name) && !book.taken.contains_key(&window.name);
    imported.draft.windows = book.windows.into_values().filter(is_new).collect();
    imported.draft.head = head(beside.is_some(), &imported.draft);
    Ok(imported)
}

fn head(is_beside: bool, draft: &Draft) -> Vec<String> {
    let mut head = vec![if is_beside {
        "Proposed by `jbr import`: the jobs that the plan lacks. Put this file beside it: a folder is one plan."
            .to_owned()
    } else {
        "Proposed by `jbr import` from what the servers say. Read it, mend it, then `jbr validate` and `jbr plan`."
            .to_owned()
    }];
    if draft.jobs.iter().any(|job| job.left_out.is_none() && job.order != super::Order::default()) {
        head.push(
            "JetBackup starts some of these jobs by itself. Switch their schedules off there once `jbr` runs them, or two may write at once."
                .to_owned(),
        );
    }
    head
}

fn server_draft(server: &Found, guard: Guard, notes: Vec<String>) -> ServerDraft {
    ServerDraft { name: server.server.clone(), host: server.host.clone(), login: Login::default(), guard, notes }
}

fn server_notes(server: &Found) -> Vec<String> {
    let unread = |what: &str, why: &crate::seen::Why| format!("its {what} could not be read: {}", shown(&why.0));
    let mut notes = Vec::new();
    if let Seen::Unknown(why) = &server.destinations {
        notes.push(unread("destinations", why) + ". Every backup of it is guarded until `destination` says more");
    }
    if let Seen::Unknown(why) = &server.schedules {
        notes.push(unread("schedules", why));
    }
    notes
}

/// What is guarded of a server: its only destination, or what somebody must choose.
fn guard(server: &Found, beside: Option<Beside<'_>>) -> Guard {
    if let Some(declared) =
        beside.and_then(|beside| beside.desired.server(&server.server)).and_then(|s| s.destination.as_ref())
    {
        return Guard::One { id: declared.id.clone(), name: String::new(), keep_closed: declared.keep_closed };
    }
    let Seen::Known(destinations) = &server.destinations else { return Guard::Everything };
    let usable = destinations.iter().filter(|one| fits_a_plan(one.id.as_str(), one.id.is_canonical()));
    let named = |one: &Destination| (one.id.clone(), format!("{} ({})", shown(&one.name), shown(&one.kind)));
    let choices: Vec<(DestinationId, String)> = usable.map(named).collect();
    match choices.as_slice() {
        // Another one whose id no plan can hold might be the guarded one.
        [(id, name)] if destinations.len() == 1 => {
            Guard::One { id: id.clone(), name: name.clone(), keep_closed: false }
        }
        [] => Guard::Everything,
        _ => Guard::Choice(choices),
    }
}

/// A plan takes ids of 24 digits in small letters, which is how JetBackup writes them.
fn fits_a_plan(id: &str, is_canonical: bool) -> bool {
    is_canonical && !id.bytes().any(|b| b.is_ascii_uppercase())
}

fn summary(server: &Found, drafts: &[JobDraft], guard: &Guard) -> String {
    let live = drafts.iter().filter(|job| job.left_out.is_none()).count();
    let out = drafts.len() - live;
    let jobs = crate::printable::printable(&format!("{}: {live} to run, {out} left out as comments", server.server));
    match guard {
        Guard::Everything => format!("{jobs}; every backup of it is guarded"),
        Guard::One { id, .. } => format!("{jobs}; guarded is what writes to {id}"),
        Guard::Choice(choices) => {
            format!(
                "{jobs}; it has {} destinations: choose the guarded one (`destination`), until then all are",
                choices.len()
            )
        }
    }
}

/// What is known of all servers together.
struct Book {
    names: BTreeMap<ServerName, NameBook>,
    /// Every job that has an address, by its id: one id may stand in a plan once.
    by_id: BTreeMap<JobId, JobAddress>,
    declared: BTreeSet<(ServerName, JobId)>,
    windows: BTreeMap<String, WindowDraft>,
    /// The windows that the plan beside it declares.
    taken: BTreeMap<String, Window>,
    /// What comes after what: the place in the draft is found by address.
    after: Vec<(JobAddress, JobId)>,
}

impl Book {
    fn new(beside: Option<Beside<'_>>) -> Self {
        let mut book = Self {
            names: BTreeMap::new(),
            by_id: BTreeMap::new(),
            declared: BTreeSet::new(),
            windows: BTreeMap::new(),
            taken: beside.iter().flat_map(|it| it.windows).map(|it| (it.name.to_string(), it.clone())).collect(),
            after: Vec::new(),
        };
        for job in beside.iter().flat_map(|beside| &beside.desired.jobs) {
            book.names.entry(job.address.server.clone()).or_default().take(job.address.job.as_str());
            book.by_id.insert(job.id.clone(), job.address.clone());
            book.declared.insert((job.address.server.clone(), job.id.clone()));
        }
        book
    }

    fn is_declared(&self, server: &ServerName, id: &JobId) -> bool {
        self.declared.contains(&(server.clone(), id.clone()))
    }

    fn draft(&mut self, server: &Found, job: &Job, guard: &Guard) -> Result<JobDraft, NameError> {
        let name = self.names.entry(server.server.clone()).or_default().job(&job.name)?;
        let address = JobAddress { server: server.server.clone(), job: name };
        let left_out = self.left_out(server, job, guard);
        if left_out.is_none() {
            self.by_id.insert(job.id.clone(), address.clone());
        }
        let mut draft = JobDraft {
            address: address.clone(),
            id: job.id.clone(),
            label: job.name.clone(),
            kind: Some(kind_of(job)),
            priority: 0,
            order: super::Order::default(),
            notes: Vec::new(),
            left_out,
        };
        if job.destinations.len() > 1 {
            draft.notes.push(format!(
                "It writes to {} destinations: {}",
                job.destinations.len(),
                names_of(job, server)
            ));
        }
        self.schedule(server, job, &mut draft);
        Ok(draft)
    }

    fn schedule(&mut self, server: &Found, job: &Job, draft: &mut JobDraft) {
        let Seen::Known(schedules) = &server.schedules else { return };
        let own = schedules.iter().filter(|schedule| schedule.jobs.contains(&job.id));
        let proposal = proposal(own, job.next_run);
        let next = job.next_run.map(|at| format!(", next {}", at.format("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
        if !proposal.words.is_empty() {
            draft.notes.push(format!("JetBackup starts it {}{next}", proposal.words.join(", and ")));
        } else if let Some(at) = job.next_run {
            draft.notes.push(format!("JetBackup starts it by itself, next {}", at.format("%Y-%m-%d %H:%M UTC")));
        }
        draft.notes.extend(proposal.doubt.map(str::to_owned));
        self.after.extend(proposal.after.into_iter().map(|before| (draft.address.clone(), before)));
        draft.order = proposal.order;
        if let Some(window) = proposal.window {
            let window = self.named(window);
            draft.order.windows = vec![window.name.clone()];
            self.windows.insert(window.name.clone(), window);
        }
    }

    /// A window under a name that is free, or under which the plan has the same one.
    fn named(&self, window: WindowDraft) -> WindowDraft {
        let fits = |named: &WindowDraft| {
            self.taken.get(&named.name).is_none_or(|taken| named.window().as_ref() == Some(taken))
        };
        let others = (2..).map(|number| format!("{}-{number}", window.name));
        let mut all = [window.name.clone()].into_iter().chain(others).take(self.taken.len() + 1);
        let name = all.find(|name| fits(&WindowDraft { name: name.clone(), ..window.clone() }));
        WindowDraft { name: name.unwrap_or_else(|| window.name.clone()), ..window }
    }

    /// Why a job is not to be run, if it is not.
    fn left_out(&self, server: &Found, job: &Job, guard: &Guard) -> Option<String> {
        if is_config(job) {
            return Some("it is JetBackup's own job for its configuration".to_owned());
        }
        if job.disabled {
            return Some("it is disabled there. Enable it, or declare it with `keep: disabled`".to_owned());
        }
        if let Guard::One { id, .. } = guard
            && !job.destinations.is_empty()
            && !job.destinations.contains(id)
        {
            return Some(format!("it does not write to the guarded destination, but to {}", names_of(job, server)));
        }
        if !fits_a_plan(job.id.as_str(), job.id.is_canonical()) {
            return Some("its id is not one that a plan can hold (24 digits, 0-9 and a-f)".to_owned());
        }
        let other = self.by_id.get(&job.id)?;
        Some(format!("{other} has the same id, and one backup must not be asked for twice"))
    }

    /// A job that comes after another one names its address, if that is run too.
    fn resolve_after(&self, jobs: &mut [JobDraft]) {
        for (address, before) in &self.after {
            // No plan may have a circle, whatever a server says.
            let first = self.by_id.get(before).filter(|first| first.server == address.server);
            let first = first.filter(|first| !waits_for(jobs, first, address)).cloned();
            let Some(job) = jobs.iter_mut().find(|job| job.address == *address) else { continue };
            match first {
                Some(first) if job.order.after.contains(&first) => {}
                Some(first) => job.order.after.push(first),
                None => job.notes.push(format!("It came after job {before}, which this plan does not run before it")),
            }
        }
    }
}

/// Whether a job waits for another one, however many are between them; a job counts as waiting for itself.
fn waits_for(jobs: &[JobDraft], job: &JobAddress, other: &JobAddress) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![job];
    while let Some(address) = next.pop() {
        if address == other {
            return true;
        }
        if seen.insert(address) {
            next.extend(jobs.iter().filter(|job| job.address == *address).flat_map(|job| &job.order.after));
        }
    }
    false
}

/// The destinations of a job as its server calls them.
fn names_of(job: &Job, server: &Found) -> String {
    let name = |id: &DestinationId| match &server.destinations {
        Seen::Known(all) => all.iter().find(|one| one.id == *id).map_or_else(|| id.to_string(), |one| shown(&one.name)),
        Seen::Unknown(_) => id.to_string(),
    };
    job.destinations.iter().map(name).collect::<Vec<_>>().join(", ")
}
