//! An audit, for programs.

use serde::Serialize;

use super::json::{self, VERSION, seconds, time};
use crate::audit::{Assumption, Audit, Backup, Conclusion, Disagreement, Gap, Offset, Pair, ServerLine};
use crate::clock::elapsed;
use crate::inventory::guard::Writes;
use crate::names::{GroupId, JobId, LogId, ServerName};
use crate::seen::Seen;

/// The audit as one line of JSON (`"kind": "audit"` in `docs/json.md`).
#[must_use]
pub fn audit_json(audit: &Audit) -> String {
    let Audit { at, period, servers, backups, overlaps, left_out, disagreements, gaps, assumptions } = audit;
    json::line(&AuditJson {
        version: VERSION,
        kind: "audit",
        at: time(*at),
        from: time(period.from),
        to: time(period.to),
        conclusion: match audit.conclusion() {
            Conclusion::Proven => "proven",
            Conclusion::Overlapped => "overlapped",
            Conclusion::Disagreement => "disagreement",
            Conclusion::Unproven => "unproven",
        },
        servers: servers.iter().map(ServerJson::from).collect(),
        backups: backups.iter().map(BackupJson::from).collect(),
        overlaps: overlaps.iter().map(PairJson::from).collect(),
        left_out: *left_out,
        disagreements: disagreements.iter().map(DisagreementJson::from).collect(),
        gaps: gaps.iter().map(GapJson::from).collect(),
        assumptions: assumptions.iter().map(AssumptionJson::from).collect(),
    })
}

#[derive(Serialize)]
struct AuditJson {
    version: u32,
    kind: &'static str,
    at: String,
    from: String,
    to: String,
    conclusion: &'static str,
    servers: Vec<ServerJson>,
    backups: Vec<BackupJson>,
    overlaps: Vec<PairJson>,
    left_out: usize,
    disagreements: Vec<DisagreementJson>,
    gaps: Vec<GapJson>,
    assumptions: Vec<AssumptionJson>,
}

#[derive(Serialize)]
struct ServerJson {
    server: String,
    guarded: Option<usize>,
    elsewhere: Option<usize>,
    oldest: Option<String>,
    offset: Option<OffsetJson>,
    why: Option<String>,
}

impl From<&ServerLine> for ServerJson {
    fn from(line: &ServerLine) -> Self {
        let (counts, why) = match &line.counts {
            Seen::Known(counts) => (Some(counts), None),
            Seen::Unknown(why) => (None, Some(why.to_string())),
        };
        Self {
            server: line.server.to_string(),
            guarded: counts.map(|counts| counts.guarded),
            elsewhere: counts.map(|counts| counts.elsewhere),
            oldest: counts.and_then(|counts| counts.oldest).map(time),
            offset: line.offset.map(OffsetJson::from),
            why,
        }
    }
}

#[derive(Serialize)]
struct OffsetJson {
    at_least_s: i64,
    at_most_s: i64,
    backups: usize,
}

impl From<Offset> for OffsetJson {
    fn from(offset: Offset) -> Self {
        let (at_least_s, at_most_s) = (offset.at_least.num_seconds(), offset.at_most.num_seconds());
        Self { at_least_s, at_most_s, backups: offset.backups }
    }
}

#[derive(Serialize)]
struct BackupJson {
    server: String,
    job: Option<String>,
    id: Option<String>,
    name: Option<String>,
    group: Option<String>,
    log: Option<String>,
    from: String,
    to: Option<String>,
    writes: &'static str,
}

impl From<&Backup> for BackupJson {
    fn from(backup: &Backup) -> Self {
        let Backup { server, id, address, name, group, log, from, to, writes } = backup;
        Self {
            server: server.to_string(),
            job: address.as_ref().map(ToString::to_string),
            id: id.as_ref().map(ToString::to_string),
            name: name.clone(),
            group: group.as_ref().map(ToString::to_string),
            log: log.as_ref().map(ToString::to_string),
            from: time(*from),
            to: to.map(time),
            writes: match writes {
                Writes::Surely => "surely",
                Writes::Perhaps => "perhaps",
                Writes::Elsewhere => "elsewhere",
            },
        }
    }
}

#[derive(Serialize)]
struct PairJson {
    first: BackupJson,
    second: BackupJson,
    from: String,
    to: String,
    both_s: u64,
}

impl From<&Pair> for PairJson {
    fn from(pair: &Pair) -> Self {
        Self {
            first: BackupJson::from(&pair.first),
            second: BackupJson::from(&pair.second),
            from: time(pair.from),
            to: time(pair.to),
            both_s: seconds(elapsed(pair.from, pair.to)),
        }
    }
}

#[derive(Serialize)]
struct DisagreementJson {
    job: String,
    group: Option<String>,
    log: Option<String>,
    ended: String,
    remembered: &'static str,
    recorded: &'static str,
}

impl From<&Disagreement> for DisagreementJson {
    fn from(disagreement: &Disagreement) -> Self {
        let Disagreement { job, group, log, ended, remembered, recorded } = disagreement;
        Self {
            job: job.to_string(),
            group: group.as_ref().map(ToString::to_string),
            log: log.as_ref().map(ToString::to_string),
            ended: time(*ended),
            remembered: json::verdict(*remembered),
            recorded: json::verdict(*recorded),
        }
    }
}

/// One gap. The keys that a word needs are filled in, the others are null.
#[derive(Serialize, Default)]
struct GapJson {
    gap: &'static str,
    server: Option<String>,
    job: Option<String>,
    id: Option<String>,
    group: Option<String>,
    log: Option<String>,
    started: Option<String>,
    ended: Option<String>,
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<PairJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apart_s: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measured: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<SeenJson>,
}

#[derive(Serialize)]
struct SeenJson {
    at: String,
    first: WriterJson,
    second: WriterJson,
}

#[derive(Serialize)]
struct WriterJson {
    server: String,
    group: String,
}

impl From<&(ServerName, GroupId)> for WriterJson {
    fn from((server, group): &(ServerName, GroupId)) -> Self {
        Self { server: server.to_string(), group: group.to_string() }
    }
}

impl GapJson {
    fn of(gap: &'static str, server: &ServerName) -> Self {
        Self { gap, server: Some(server.to_string()), ..Self::default() }
    }

    fn records(self, id: Option<&JobId>, group: Option<&GroupId>, log: Option<&LogId>) -> Self {
        Self {
            id: id.map(ToString::to_string),
            group: group.map(ToString::to_string),
            log: log.map(ToString::to_string),
            ..self
        }
    }
}

impl From<&Gap> for GapJson {
    fn from(gap: &Gap) -> Self {
        match gap {
            Gap::Unread { server, why } => Self { why: Some(why.to_string()), ..Self::of("unread", server) },
            Gap::ServerGone { server } => Self::of("server_gone", server),
            Gap::LogsTooYoung { server, oldest } => {
                Self { started: oldest.map(time), ..Self::of("logs_too_young", server) }
            }
            Gap::GroupWithoutLog { server, group, id, created, runs } => {
                let word = if *runs { "running_group_without_log" } else { "group_without_log" };
                let json = Self::of(word, server).records(id.as_ref(), Some(group), None);
                Self { started: created.map(time), ..json }
            }
            Gap::GroupNotOver { server, group, log } => {
                Self::of("group_not_over", server).records(None, Some(group), Some(log))
            }
            Gap::LogWithoutStart { server, log, id } => {
                Self::of("log_without_start", server).records(id.as_ref(), None, Some(log))
            }
            Gap::FromTheFuture { server, log, at } => {
                let json = Self::of("from_the_future", server).records(None, None, Some(log));
                Self { started: Some(time(*at)), ..json }
            }
            Gap::LogWithoutEnd { server, log, id, started } => {
                let json = Self::of("log_without_end", server).records(id.as_ref(), None, Some(log));
                Self { started: Some(time(*started)), ..json }
            }
            Gap::LogBackwards { server, log, started, ended } => {
                let json = Self::of("log_backwards", server).records(None, None, Some(log));
                Self { started: Some(time(*started)), ended: Some(time(*ended)), ..json }
            }
            Gap::RunWithoutLog { job, group, log, ended } => {
                let json = Self::of("run_without_log", &job.server).records(None, group.as_ref(), log.as_ref());
                Self { job: Some(job.to_string()), ended: ended.map(time), ..json }
            }
            Gap::SeenTogether { at, first, second } => {
                let seen = SeenJson { at: time(*at), first: first.into(), second: second.into() };
                Self { gap: "seen_together", seen: Some(seen), ..Self::default() }
            }
            Gap::TooClose { pair, apart } => Self {
                gap: "too_close",
                pair: Some(PairJson::from(&**pair)),
                apart_s: Some(apart.within.num_seconds()),
                measured: Some(apart.measured),
                ..Self::default()
            },
            Gap::PerhapsElsewhere { pair } => {
                Self { gap: "perhaps_elsewhere", pair: Some(PairJson::from(&**pair)), ..Self::default() }
            }
        }
    }
}

#[derive(Serialize)]
struct AssumptionJson {
    assumption: &'static str,
    within_s: Option<u64>,
    pairs: Option<usize>,
}

impl From<&Assumption> for AssumptionJson {
    fn from(assumption: &Assumption) -> Self {
        let (assumption, within_s, pairs) = match assumption {
            Assumption::ClocksAgree { within } => ("clocks_agree", Some(seconds(*within)), None),
            Assumption::OrderSeen { pairs } => ("order_seen", None, Some(*pairs)),
            Assumption::DestinationsUnchanged => ("destinations_unchanged", None, None),
            Assumption::OldLogsGoFirst => ("old_logs_go_first", None, None),
        };
        Self { assumption, within_s, pairs }
    }
}
