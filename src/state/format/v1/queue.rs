//! The queue of a run, as format 1 writes it.

use serde::{Deserialize, Serialize};

use super::super::words::{Moment, Seconds, Word};
use crate::desired;
use crate::names::{DestinationId, JobAddress, JobId, ServerName};
use crate::queue;
use crate::window;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Queue {
    items: Vec<Item>,
    servers: Vec<Word<ServerName>>,
    poll_s: Seconds,
    /// Adaptive, where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pace: Option<Pace>,
    unreachable_wait_s: Seconds,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stays: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    address: Word<JobAddress>,
    job_id: Word<JobId>,
    timeout_s: Seconds,
    start_timeout_s: Seconds,
    settle_s: Seconds,
    on_timeout: OnTimeout,
    gates: Vec<Gate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    after: Vec<After>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    openings: Option<Vec<Opening>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fits_s: Option<Seconds>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry: Option<Retry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usual: Option<Usual>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Usual {
    median_s: Seconds,
    p90_s: Seconds,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct After {
    job: Word<JobAddress>,
    when: When,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    Success,
    Finished,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    from: Moment,
    to: Moment,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    attempts: u32,
    wait_s: Seconds,
    /// What is tried again; everything, where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<Vec<Failure>>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failure {
    Failed,
    NeverStarted,
    ApiError,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnTimeout {
    Hold,
    Release,
    Stop,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Pace {
    Adaptive,
    Fixed,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Gate {
    Destination(Word<DestinationId>),
    Job(Word<JobId>),
}

impl From<&queue::Queue> for Queue {
    fn from(queue: &queue::Queue) -> Self {
        let queue::Queue { items, servers, poll, pace, unreachable_wait, stays } = queue;
        Self {
            items: items.iter().map(Item::from).collect(),
            servers: servers.iter().cloned().map(Word).collect(),
            poll_s: Seconds(*poll),
            pace: match pace {
                desired::Pace::Adaptive => None,
                desired::Pace::Fixed => Some(Pace::Fixed),
            },
            unreachable_wait_s: Seconds(*unreachable_wait),
            stays: *stays,
        }
    }
}

impl From<Queue> for queue::Queue {
    fn from(queue: Queue) -> Self {
        let Queue { items, servers, poll_s, pace, unreachable_wait_s, stays } = queue;
        Self {
            items: items.into_iter().map(Into::into).collect(),
            servers: servers.into_iter().map(|name| name.0).collect(),
            poll: poll_s.0,
            pace: match pace {
                None | Some(Pace::Adaptive) => desired::Pace::Adaptive,
                Some(Pace::Fixed) => desired::Pace::Fixed,
            },
            unreachable_wait: unreachable_wait_s.0,
            stays,
        }
    }
}

impl From<&queue::Item> for Item {
    fn from(item: &queue::Item) -> Self {
        let queue::Item {
            address,
            id,
            timeout,
            start_timeout,
            settle,
            on_timeout,
            gates,
            after,
            openings,
            fits,
            retry,
            usual,
        } = item;
        Self {
            address: Word(address.clone()),
            job_id: Word(id.clone()),
            timeout_s: Seconds(*timeout),
            start_timeout_s: Seconds(*start_timeout),
            settle_s: Seconds(*settle),
            on_timeout: match on_timeout {
                desired::OnTimeout::Hold => OnTimeout::Hold,
                desired::OnTimeout::Release => OnTimeout::Release,
                desired::OnTimeout::Stop => OnTimeout::Stop,
            },
            gates: gates.iter().map(Gate::from).collect(),
            after: after.iter().map(After::from).collect(),
            openings: openings.as_ref().map(|openings| openings.iter().map(Opening::from).collect()),
            fits_s: fits.map(Seconds),
            // Nothing is tried again in most plans.
            retry: (*retry != desired::Retry::NEVER).then(|| Retry::from(retry)),
            usual: usual.map(|usual| Usual { median_s: Seconds(usual.median), p90_s: Seconds(usual.p90) }),
        }
    }
}

impl From<Item> for queue::Item {
    fn from(item: Item) -> Self {
        let Item {
            address,
            job_id,
            timeout_s,
            start_timeout_s,
            settle_s,
            on_timeout,
            gates,
            after,
            openings,
            fits_s,
            retry,
            usual,
        } = item;
        Self {
            address: address.0,
            id: job_id.0,
            timeout: timeout_s.0,
            start_timeout: start_timeout_s.0,
            settle: settle_s.0,
            on_timeout: match on_timeout {
                OnTimeout::Hold => desired::OnTimeout::Hold,
                OnTimeout::Release => desired::OnTimeout::Release,
                OnTimeout::Stop => desired::OnTimeout::Stop,
            },
            gates: gates.into_iter().map(Into::into).collect(),
            after: after.into_iter().map(Into::into).collect(),
            openings: openings.map(|openings| openings.into_iter().map(Into::into).collect()),
            fits: fits_s.map(|fits| fits.0),
            retry: retry.map_or(desired::Retry::NEVER, Into::into),
            usual: usual.map(|usual| queue::Usual { median: usual.median_s.0, p90: usual.p90_s.0 }),
        }
    }
}

impl From<&desired::Retry> for Retry {
    fn from(retry: &desired::Retry) -> Self {
        let desired::Retry { attempts, wait, when } = *retry;
        let desired::RetryWhen { failed, never_started, api_error } = when;
        let kinds = [(failed, Failure::Failed), (never_started, Failure::NeverStarted), (api_error, Failure::ApiError)];
        let named = kinds.into_iter().filter_map(|(is_tried, kind)| is_tried.then_some(kind));
        let when = (when != desired::RetryWhen::ANY).then(|| named.collect());
        Self { attempts, wait_s: Seconds(wait), when }
    }
}

impl From<Retry> for desired::Retry {
    fn from(retry: Retry) -> Self {
        let Retry { attempts, wait_s, when } = retry;
        let when = when.map_or(desired::RetryWhen::ANY, |kinds| desired::RetryWhen {
            failed: kinds.contains(&Failure::Failed),
            never_started: kinds.contains(&Failure::NeverStarted),
            api_error: kinds.contains(&Failure::ApiError),
        });
        Self { attempts, wait: wait_s.0, when }
    }
}

impl From<&desired::After> for After {
    fn from(after: &desired::After) -> Self {
        let when = match after.when {
            desired::When::Success => When::Success,
            desired::When::Finished => When::Finished,
        };
        Self { job: Word(after.job.clone()), when }
    }
}

impl From<After> for desired::After {
    fn from(after: After) -> Self {
        let when = match after.when {
            When::Success => desired::When::Success,
            When::Finished => desired::When::Finished,
        };
        Self { job: after.job.0, when }
    }
}

impl From<&window::Opening> for Opening {
    fn from(opening: &window::Opening) -> Self {
        Self { from: Moment(opening.from), to: Moment(opening.to) }
    }
}

impl From<Opening> for window::Opening {
    fn from(opening: Opening) -> Self {
        Self { from: opening.from.0, to: opening.to.0 }
    }
}

impl From<&queue::Gate> for Gate {
    fn from(gate: &queue::Gate) -> Self {
        match gate {
            queue::Gate::Destination(id) => Self::Destination(Word(id.clone())),
            queue::Gate::Job(id) => Self::Job(Word(id.clone())),
        }
    }
}

impl From<Gate> for queue::Gate {
    fn from(gate: Gate) -> Self {
        match gate {
            Gate::Destination(id) => Self::Destination(id.0),
            Gate::Job(id) => Self::Job(id.0),
        }
    }
}
