//! The time before a plan, for programs: what is not known, when windows are open, and what will not go well.

use serde::Serialize;

use super::super::json::{seconds, time};
use crate::forecast::{Pause, Unknown, Warning, What};
use crate::proposal::{Access, NotAwaited, NotQueued, Open};

/// Why a time is not known.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum UnknownJson {
    NeverRan,
    LongerThanEver,
    Behind { job: String },
    NoOpening,
    After { job: String },
    Skipped { job: String },
}

impl From<&Unknown> for UnknownJson {
    fn from(unknown: &Unknown) -> Self {
        match unknown {
            Unknown::NeverRan => Self::NeverRan,
            Unknown::LongerThanEver => Self::LongerThanEver,
            Unknown::Behind(job) => Self::Behind { job: job.to_string() },
            Unknown::NoOpening => Self::NoOpening,
            Unknown::After(job) => Self::After { job: job.to_string() },
            Unknown::Skipped(job) => Self::Skipped { job: job.to_string() },
        }
    }
}

/// When an item's windows are open.
#[derive(Serialize)]
pub(super) struct WindowJson {
    windows: Vec<String>,
    open: Option<OpenJson>,
    holds: bool,
    next: Option<OpenJson>,
    needs_s: Option<u64>,
}

/// One opening.
#[derive(Serialize)]
struct OpenJson {
    windows: Vec<String>,
    from: String,
    to: Option<String>,
}

impl From<&Access> for WindowJson {
    fn from(access: &Access) -> Self {
        let Access { windows, open, next, needs, is_held } = access;
        Self {
            windows: windows.iter().map(ToString::to_string).collect(),
            open: open.as_ref().map(OpenJson::from),
            holds: *is_held,
            next: next.as_ref().map(OpenJson::from),
            needs_s: needs.map(seconds),
        }
    }
}

impl From<&Open> for OpenJson {
    fn from(open: &Open) -> Self {
        let Open { windows, from, to } = open;
        Self { windows: windows.iter().map(ToString::to_string).collect(), from: time(*from), to: to.map(time) }
    }
}

/// What an item comes after by the plan, and does not wait for.
#[derive(Serialize)]
pub(super) struct NotAwaitedJson {
    job: String,
    why: &'static str,
}

impl From<&NotAwaited> for NotAwaitedJson {
    fn from(apart: &NotAwaited) -> Self {
        let why = match apart.why {
            NotQueued::Fresh => "fresh",
            NotQueued::Held => "held",
            NotQueued::NotAskedFor => "not_asked_for",
            NotQueued::Missing => "missing",
        };
        Self { job: apart.job.to_string(), why }
    }
}

/// When nothing may start before a window opens.
#[derive(Serialize)]
pub(super) struct PauseJson {
    at: String,
    opens: Option<String>,
}

impl From<Pause> for PauseJson {
    fn from(pause: Pause) -> Self {
        Self { at: time(pause.at), opens: pause.opens.map(time) }
    }
}

/// A warning.
#[derive(Serialize)]
pub(super) struct WarningJson {
    job: String,
    #[serde(flatten)]
    what: WhatJson,
}

#[derive(Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
enum WhatJson {
    Overruns { closes: String, end: String, usually: bool },
    Squeezed { closes: String, needs_s: u64, next: Option<String> },
    NoOpening { needs_s: Option<u64> },
    Slow { ran_s: u64, usual_s: u64, p90_s: u64 },
    SlowLast { took_s: u64, usual_s: u64 },
    EveryTooShort { every_s: u64, usual_s: u64 },
}

impl From<&Warning> for WarningJson {
    fn from(warning: &Warning) -> Self {
        let what = match &warning.what {
            What::Overruns { closes, end, usually } => {
                WhatJson::Overruns { closes: time(*closes), end: time(*end), usually: *usually }
            }
            What::Squeezed { closes, needs, next } => {
                WhatJson::Squeezed { closes: time(*closes), needs_s: seconds(*needs), next: next.map(time) }
            }
            What::NoOpening { needs } => WhatJson::NoOpening { needs_s: needs.map(seconds) },
            What::Slow { ran, usual } => {
                WhatJson::Slow { ran_s: seconds(*ran), usual_s: seconds(usual.median), p90_s: seconds(usual.p90) }
            }
            What::SlowLast { took, median } => WhatJson::SlowLast { took_s: seconds(*took), usual_s: seconds(*median) },
            What::EveryTooShort { every, usual } => {
                WhatJson::EveryTooShort { every_s: seconds(*every), usual_s: seconds(usual.median) }
            }
        };
        Self { job: warning.job.to_string(), what }
    }
}
