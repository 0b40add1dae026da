//! What stands in the plan, value by value, before defaults are applied.
//!
//! Every value is decoded on its own, through serde, so that one that is wrong hides none of the others. `None` is "not
//! written", `Err` is "written wrongly, and reported".

use std::path::PathBuf;
use std::time::Duration;

use super::choice::{self, choice};
use super::duration::{self, duration};
use super::finding::{Findings, Reported, quoted};
use super::gaps::Gaps;
use super::job::{self, JobSettings, JobSyntax};
use super::keys::{self, KeyTable};
use super::problem::Problem;
use super::section::{self, Field, Section};
use super::spanned::{Span, Spanned};
use super::tree::{Content, Entry, Node};
use super::window::{self, WindowSyntax};
use super::{host, id, name, notify, number, path};
use crate::desired::{HostKeyPolicy, Notify, OnTimeout, Pace, Partial};
use crate::names::{DestinationId, ServerName};

/// The most servers of one plan.
pub(super) const SERVERS_MAX: usize = 1000;

/// All files of a plan.
pub(super) struct PlanSyntax {
    pub(super) windows: Vec<WindowSyntax>,
    pub(super) servers: Vec<ServerSyntax>,
    pub(super) jobs: Vec<JobSyntax>,
    pub(super) server_defaults: ServerSettings,
    pub(super) job_defaults: JobSettings,
    pub(super) run: RunSyntax,
    /// Nothing in it depends on another part of the plan, so it is read to its end at once.
    pub(super) notify: Option<Result<Notify, Reported>>,
    pub(super) gaps: Gaps,
}

/// One of `servers`.
pub(super) struct ServerSyntax {
    /// As it is written, whether it can be a name or not.
    pub(super) written: String,
    pub(super) name: Field<ServerName>,
    pub(super) body: Result<ServerBody, Reported>,
}

/// What a server's map holds.
pub(super) struct ServerBody {
    pub(super) host: Field<String>,
    pub(super) destination: Option<Result<DestinationSyntax, Reported>>,
    pub(super) settings: ServerSettings,
}

/// A server's guarded destination.
pub(super) struct DestinationSyntax {
    pub(super) id: Field<DestinationId>,
    pub(super) keep_closed: Option<Field<bool>>,
}

/// What a server and `defaults.server` share.
#[derive(Default)]
pub(super) struct ServerSettings {
    pub(super) port: Option<Field<u16>>,
    pub(super) user: Option<Field<String>>,
    pub(super) key: Option<Field<PathBuf>>,
    pub(super) known_hosts: Option<Field<PathBuf>>,
    pub(super) host_key: Option<Field<HostKeyPolicy>>,
    pub(super) connect_timeout: Option<Field<Duration>>,
    pub(super) command_timeout: Option<Field<Duration>>,
}

/// `run`.
#[derive(Default)]
pub(super) struct RunSyntax {
    pub(super) poll: Option<Field<Duration>>,
    pub(super) pace: Option<Field<Pace>>,
    pub(super) start_timeout: Option<Field<Duration>>,
    pub(super) on_timeout: Option<Field<OnTimeout>>,
    pub(super) unreachable_wait: Option<Field<Duration>>,
    pub(super) partial: Option<Field<Partial>>,
    pub(super) resume_within: Option<Field<Duration>>,
}

/// Reads all files as one plan.
pub(super) fn read(trees: &[Result<Node, Reported>], findings: &mut Findings<'_>) -> PlanSyntax {
    let mut gaps = Gaps::default();
    let mut tops = Vec::new();
    for (file, tree) in trees.iter().enumerate() {
        match tree.as_ref().map_err(|reported| *reported).and_then(|node| top(file, node, findings)) {
            Ok(section) => tops.push(section),
            Err(reported) => gaps = Gaps { any: Some(reported), servers: Some(reported), windows: Some(reported) },
        }
    }
    let defaults = defaults(&tops, findings, &mut gaps.any);
    let server = gather(&defaults, "server", &keys::SERVER_DEFAULTS, findings, &mut gaps.any);
    let job_defaults = gather(&defaults, "job", &keys::JOB_DEFAULTS, findings, &mut gaps.any);
    let run = gather(&tops, "run", &keys::RUN, findings, &mut gaps.any);
    let notify = gather(&tops, "notify", &keys::NOTIFY, findings, &mut gaps.any);
    PlanSyntax {
        server_defaults: server.map(|section| server_settings(&section, findings)).unwrap_or_default(),
        job_defaults: job_defaults.map(|section| job::settings(&section, findings)).unwrap_or_default(),
        run: run.map(|section| run_syntax(&section, findings)).unwrap_or_default(),
        notify: notify.map(|section| notify::notify(&section, findings)),
        windows: window::windows(&tops, findings, &mut gaps),
        servers: servers(&tops, findings, &mut gaps),
        jobs: job::jobs(&tops, findings, &mut gaps.any),
        gaps,
    }
}

fn top<'a>(file: usize, node: &'a Node, findings: &mut Findings<'_>) -> Result<Section<'a>, Reported> {
    let section = Section::new("the plan".into(), Span::start_of(file), &keys::PLAN, node, findings)?;
    // The version of a file says how to read it; its value is of no use later.
    let _ = section.required("version", "1", findings, number::version);
    Ok(section)
}

/// The `defaults` of each file; what is in them is gathered key by key.
fn defaults<'a>(tops: &[Section<'a>], findings: &mut Findings<'_>, gap: &mut Option<Reported>) -> Vec<Section<'a>> {
    let mut sections = Vec::new();
    for entry in tops.iter().flat_map(|top| top.all("defaults")) {
        let name = keys::DEFAULTS.name.to_owned();
        match Section::new(name, entry.key.span, &keys::DEFAULTS, &entry.value, findings) {
            Ok(section) => sections.push(section),
            Err(reported) => *gap = Some(reported),
        }
    }
    sections
}

/// One section of what stands under `key` in several; a key may stand in one of them only.
fn gather<'a>(
    from: &[Section<'a>],
    key: &str,
    table: &'static KeyTable,
    findings: &mut Findings<'_>,
    gap: &mut Option<Reported>,
) -> Option<Section<'a>> {
    let found: Vec<&Entry> = from.iter().flat_map(|section| section.all(key)).collect();
    let at = found.first()?.key.span;
    let mut entries = Vec::new();
    for entry in found {
        match section::entries(table.name, entry.key.span, &entry.value, findings) {
            Ok(more) => entries.extend(more),
            Err(reported) => *gap = Some(reported),
        }
    }
    Some(Section::merged(table.name.into(), at, table, entries, findings))
}

fn servers(tops: &[Section<'_>], findings: &mut Findings<'_>, gaps: &mut Gaps) -> Vec<ServerSyntax> {
    let mut entries = Vec::new();
    for entry in tops.iter().flat_map(|top| top.all("servers")) {
        match section::entries("`servers`", entry.key.span, &entry.value, findings) {
            Ok(more) => entries.extend(more),
            Err(reported) => *gaps = Gaps { any: Some(reported), servers: Some(reported), ..*gaps },
        }
    }
    section::report_repeated("`servers`", &entries, findings);
    if let Some(extra) = entries.get(SERVERS_MAX) {
        let problem = Problem::new(format!("more than {SERVERS_MAX} servers"), "one too many")
            .help("divide them among several plans");
        *gaps = Gaps { any: Some(findings.push(extra.key.span, problem)), ..*gaps };
    }
    entries.into_iter().take(SERVERS_MAX).map(|entry| server(entry, findings)).collect()
}

fn server(entry: &Entry, findings: &mut Findings<'_>) -> ServerSyntax {
    let written = entry.key.scalar.text.clone();
    let title = format!("server {}", quoted(&written));
    let name = match name::of_server(&entry.key.scalar) {
        Ok(value) => Ok(Spanned { value, span: entry.key.span }),
        Err(problem) => Err(findings.push(entry.key.span, problem.of("the server's name"))),
    };
    let section = Section::new(title.clone(), entry.key.span, &keys::SERVER, &entry.value, findings);
    let body = section.map(|section| ServerBody {
        host: section.required("host", "server1.example.com", findings, host::host),
        destination: section.entry("destination").map(|entry| destination(&title, entry, findings)),
        settings: server_settings(&section, findings),
    });
    ServerSyntax { written, name, body }
}

fn destination(server: &str, entry: &Entry, findings: &mut Findings<'_>) -> Result<DestinationSyntax, Reported> {
    if !matches!(entry.value.content, Content::Map(_)) {
        let id = section::value("`destination`", entry.key.span, &entry.value, findings, id::destination);
        return Ok(DestinationSyntax { id, keep_closed: None });
    }
    let title = format!("the destination of {server}");
    let section = Section::new(title, entry.key.span, &keys::DESTINATION, &entry.value, findings)?;
    Ok(DestinationSyntax {
        id: section.required("id", "6503eec8ebbf07708d06f1d2", findings, id::destination),
        keep_closed: section.optional("keep", findings, choice::<choice::KeepDestination>),
    })
}

fn server_settings(section: &Section<'_>, findings: &mut Findings<'_>) -> ServerSettings {
    ServerSettings {
        port: section.optional("port", findings, number::port),
        user: section.optional("user", findings, host::user),
        key: section.optional("key", findings, path::key),
        known_hosts: section.optional("known_hosts", findings, path::path),
        host_key: section.optional("host_key", findings, choice::<choice::HostKey>),
        connect_timeout: section.optional("connect_timeout", findings, duration(duration::CONNECT_TIMEOUT)),
        command_timeout: section.optional("command_timeout", findings, duration(duration::COMMAND_TIMEOUT)),
    }
}

fn run_syntax(section: &Section<'_>, findings: &mut Findings<'_>) -> RunSyntax {
    RunSyntax {
        poll: section.optional("poll", findings, duration(duration::POLL)),
        pace: section.optional("pace", findings, choice::<choice::Pace>),
        start_timeout: section.optional("start_timeout", findings, duration(duration::START_TIMEOUT)),
        on_timeout: section.optional("on_timeout", findings, choice::<choice::OnTimeout>),
        unreachable_wait: section.optional("unreachable_wait", findings, duration(duration::UNREACHABLE_WAIT)),
        partial: section.optional("partial", findings, choice::<choice::Partial>),
        resume_within: section.optional("resume_within", findings, duration(duration::RESUME_WITHIN)),
    }
}
