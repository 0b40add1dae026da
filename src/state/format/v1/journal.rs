//! The journal of a run, as format 1 writes it: what is open, what is waited for, what overlapped. The items' phases are in `phase`.

mod phase;

use serde::{Deserialize, Serialize};

use super::super::words::{Keyed, Moment, Word, nullable};
use super::outcome::Outcome;
use super::queue::Gate;
use crate::execute::journal;
use crate::names::{GroupId, JobAddress, JobId, ServerName};
use phase::Phase;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    at: Moment,
    entries: Keyed<JobAddress, Entry>,
    opened: Vec<Opened>,
    unreachable: Keyed<ServerName, Moment>,
    busy: Vec<Word<ServerName>>,
    #[serde(deserialize_with = "nullable")]
    waiting: Option<Waiting>,
    overlaps: Vec<Overlap>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    phase: Phase,
    triggers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_trigger: Option<Moment>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    inherited: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Moment>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opened {
    server: Word<ServerName>,
    gate: Gate,
    since: Moment,
    state: GateState,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum GateState {
    Opening { tries: u32 },
    Open,
    Closing { since: Moment, tries: u32 },
    LeftOpen { why: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiting {
    since: Moment,
    reason: WaitReason,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum WaitReason {
    Unreachable {
        server: Word<ServerName>,
        why: String,
    },
    Busy {
        server: Word<ServerName>,
        group: Word<GroupId>,
        #[serde(deserialize_with = "nullable")]
        job: Option<Word<JobId>>,
    },
    Retry {
        at: Moment,
    },
    Window {
        opens: Moment,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overlap {
    at: Moment,
    first: Writer,
    second: Writer,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Writer {
    server: Word<ServerName>,
    group: Word<GroupId>,
}

impl From<&journal::Journal> for Journal {
    fn from(journal: &journal::Journal) -> Self {
        let journal::Journal { at, entries, opened, unreachable, busy, waiting, overlaps } = journal;
        Self {
            at: Moment(*at),
            entries: Keyed(entries.iter().map(|(address, entry)| (address.clone(), entry.into())).collect()),
            opened: opened.iter().map(Opened::from).collect(),
            unreachable: Keyed(unreachable.iter().map(|(name, since)| (name.clone(), Moment(*since))).collect()),
            busy: busy.iter().cloned().map(Word).collect(),
            waiting: waiting.as_ref().map(Waiting::from),
            overlaps: overlaps.iter().map(Overlap::from).collect(),
        }
    }
}

impl From<Journal> for journal::Journal {
    fn from(journal: Journal) -> Self {
        let Journal { at, entries, opened, unreachable, busy, waiting, overlaps } = journal;
        Self {
            at: at.0,
            entries: entries.0.into_iter().map(|(address, entry)| (address, entry.into())).collect(),
            opened: opened.into_iter().map(Into::into).collect(),
            unreachable: unreachable.0.into_iter().map(|(name, since)| (name, since.0)).collect(),
            busy: busy.into_iter().map(|name| name.0).collect(),
            waiting: waiting.map(Into::into),
            overlaps: overlaps.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&journal::Entry> for Entry {
    fn from(entry: &journal::Entry) -> Self {
        let journal::Entry { phase, triggers, first_trigger, inherited, attempts, not_before } = entry;
        Self {
            phase: phase.into(),
            triggers: *triggers,
            first_trigger: first_trigger.map(Moment),
            inherited: *inherited,
            attempts: *attempts,
            not_before: not_before.map(Moment),
        }
    }
}

impl From<Entry> for journal::Entry {
    fn from(entry: Entry) -> Self {
        let Entry { phase, triggers, first_trigger, inherited, attempts, not_before } = entry;
        Self {
            phase: phase.into(),
            triggers,
            first_trigger: first_trigger.map(|at| at.0),
            inherited,
            attempts,
            not_before: not_before.map(|at| at.0),
        }
    }
}

impl From<&journal::Opened> for Opened {
    fn from(opened: &journal::Opened) -> Self {
        let journal::Opened { server, gate, since, state } = opened;
        Self {
            server: Word(server.clone()),
            gate: gate.into(),
            since: Moment(*since),
            state: match state {
                journal::GateState::Opening { tries } => GateState::Opening { tries: *tries },
                journal::GateState::Open => GateState::Open,
                journal::GateState::Closing { since, tries } => {
                    GateState::Closing { since: Moment(*since), tries: *tries }
                }
                journal::GateState::LeftOpen { why } => GateState::LeftOpen { why: why.clone() },
            },
        }
    }
}

impl From<Opened> for journal::Opened {
    fn from(opened: Opened) -> Self {
        let Opened { server, gate, since, state } = opened;
        Self {
            server: server.0,
            gate: gate.into(),
            since: since.0,
            state: match state {
                GateState::Opening { tries } => journal::GateState::Opening { tries },
                GateState::Open => journal::GateState::Open,
                GateState::Closing { since, tries } => journal::GateState::Closing { since: since.0, tries },
                GateState::LeftOpen { why } => journal::GateState::LeftOpen { why },
            },
        }
    }
}

impl From<&journal::Waiting> for Waiting {
    fn from(waiting: &journal::Waiting) -> Self {
        let journal::Waiting { since, reason } = waiting;
        Self {
            since: Moment(*since),
            reason: match reason {
                journal::WaitReason::Unreachable { server, why } => {
                    WaitReason::Unreachable { server: Word(server.clone()), why: why.clone() }
                }
                journal::WaitReason::Busy { server, group, job } => WaitReason::Busy {
                    server: Word(server.clone()),
                    group: Word(group.clone()),
                    job: job.clone().map(Word),
                },
                journal::WaitReason::Retry { at } => WaitReason::Retry { at: Moment(*at) },
                journal::WaitReason::Window { opens } => WaitReason::Window { opens: Moment(*opens) },
            },
        }
    }
}

impl From<Waiting> for journal::Waiting {
    fn from(waiting: Waiting) -> Self {
        let Waiting { since, reason } = waiting;
        Self {
            since: since.0,
            reason: match reason {
                WaitReason::Unreachable { server, why } => journal::WaitReason::Unreachable { server: server.0, why },
                WaitReason::Busy { server, group, job } => {
                    journal::WaitReason::Busy { server: server.0, group: group.0, job: job.map(|id| id.0) }
                }
                WaitReason::Retry { at } => journal::WaitReason::Retry { at: at.0 },
                WaitReason::Window { opens } => journal::WaitReason::Window { opens: opens.0 },
            },
        }
    }
}

impl From<&journal::Overlap> for Overlap {
    fn from(overlap: &journal::Overlap) -> Self {
        let journal::Overlap { at, first, second } = overlap;
        let writer = |(server, group): &(ServerName, GroupId)| Writer {
            server: Word(server.clone()),
            group: Word(group.clone()),
        };
        Self { at: Moment(*at), first: writer(first), second: writer(second) }
    }
}

impl From<Overlap> for journal::Overlap {
    fn from(overlap: Overlap) -> Self {
        let Overlap { at, first, second } = overlap;
        let pair = |writer: Writer| (writer.server.0, writer.group.0);
        Self { at: at.0, first: pair(first), second: pair(second) }
    }
}
