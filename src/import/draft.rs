//! A plan that is being proposed: values that a plan can hold, and remarks for the person who reads it.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{NaiveTime, Timelike as _, Weekday};
use chrono_tz::Tz;

use crate::desired::JobKind;
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::window::{On, Span, TimeOfDay, Window};

/// A plan that is being proposed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// What a reader must know first.
    pub head: Vec<String>,
    /// `defaults.server`.
    pub login: Login,
    /// `defaults.job.timeout`.
    pub timeout: Option<Duration>,
    /// The servers. In a draft that stands beside a plan they are declared there, and only remarked on here.
    pub servers: Vec<ServerDraft>,
    /// The windows that the jobs name.
    pub windows: Vec<WindowDraft>,
    /// The jobs, in the order of the plan.
    pub jobs: Vec<JobDraft>,
    /// `run`, by key.
    pub run: Vec<(&'static str, String)>,
    /// `notify`, line by line; comments where it is only proposed.
    pub notify: Vec<String>,
    /// What a reader must know last.
    pub tail: Vec<String>,
    /// It stands beside a plan that declares the servers.
    pub is_beside_a_plan: bool,
}

/// How a server is reached; what is not set is left to the plan's defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Login {
    /// The port of its SSH server.
    pub port: Option<u16>,
    /// Who logs in.
    pub user: Option<String>,
    /// The private key's file.
    pub key: Option<PathBuf>,
    /// Where host keys are kept.
    pub known_hosts: Option<PathBuf>,
    /// The limit of connecting.
    pub connect_timeout: Option<Duration>,
}

/// A server of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerDraft {
    /// Its name in the plan.
    pub name: ServerName,
    /// Host name or address.
    pub host: String,
    /// Where it is reached otherwise than the others.
    pub login: Login,
    /// What is guarded of it.
    pub guard: Guard,
    /// Remarks.
    pub notes: Vec<String>,
}

/// What of a server's backups is guarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// All of them: nothing is known of its destinations, or it has none.
    Everything,
    /// Those that write to this destination.
    One {
        /// Its id.
        id: DestinationId,
        /// What the server calls it.
        name: String,
        /// `keep: closed`.
        keep_closed: bool,
    },
    /// All of them, until somebody has chosen: each destination with the server's name for it.
    Choice(Vec<(DestinationId, String)>),
}

/// A window of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowDraft {
    /// Its name.
    pub name: String,
    /// On which days it opens.
    pub days: Vec<Weekday>,
    /// When it opens, UTC.
    pub from: NaiveTime,
    /// When it closes, UTC.
    pub to: NaiveTime,
}

impl WindowDraft {
    /// What it is in a plan; `None` for a name that no plan can hold.
    pub(super) fn window(&self) -> Option<Window> {
        let time =
            |time: NaiveTime| TimeOfDay::new(u16::try_from(time.hour()).ok()?, u16::try_from(time.minute()).ok()?);
        let on = On::Days(self.days.iter().copied().collect());
        let span = Span { on, from: time(self.from)?, to: time(self.to)? };
        Some(Window::new(self.name.parse().ok()?, Tz::UTC, span, Vec::new()))
    }
}

/// A job of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDraft {
    /// Its address.
    pub address: JobAddress,
    /// JetBackup's id of it.
    pub id: JobId,
    /// What others call it.
    pub label: String,
    /// What it backs up, if that is known.
    pub kind: Option<JobKind>,
    /// Its priority.
    pub priority: i64,
    /// When it is run.
    pub order: Order,
    /// Remarks.
    pub notes: Vec<String>,
    /// Why it stands in the plan as a comment only; `None` for one that is run.
    pub left_out: Option<String>,
}

/// When a job is run, in the keys of ordering and windows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// `after`.
    pub after: Vec<JobAddress>,
    /// `window`, by name.
    pub windows: Vec<String>,
    /// `every`.
    pub every: Option<Duration>,
}
