//! Traces in words: short enough to be read.

use jbr::execute::observation::{JobSight, Survey};
use jbr::execute::{Action, Sight};
use jbr::jetbackup::facts::{Group, Log};
use jbr::seen::Seen;

/// An action, as a trace names it.
pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::Survey { .. } => "everybody is asked".to_owned(),
        Action::Set { server, open: true, .. } => format!("{server} is told to open"),
        Action::Set { server, open: false, .. } => format!("{server} is told to close"),
        Action::LookAtGate { server, .. } => format!("a look at the door of {server}"),
        Action::Trigger { server, .. } => format!("{server}/job is triggered"),
        Action::LookAtJob { server, .. } => format!("a look at {server}/job"),
        Action::LookAtGroup { server, group } => format!("a look at {group} on {server}"),
        Action::ReadLog { server, log, .. } => format!("{log} of {server} is read"),
        Action::Stop { server, group } => format!("{group} on {server} is told to stop"),
        Action::Wait(_) => "time passes".to_owned(),
        Action::Finish(end) => format!("the process ends: {end:?}"),
    }
}

/// What was seen, as a trace tells it.
pub(crate) fn sight(sight: &Sight) -> String {
    match sight {
        Sight::Survey(Survey { servers, .. }) => {
            let one = |(name, sight): &(_, Seen<jbr::execute::observation::ServerSight>)| {
                let groups = sight.as_ref().map(|sight| groups(sight.groups.iter().map(|sight| &sight.group)));
                format!("{name} {}", said(groups))
            };
            servers.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        Sight::Gate(open) => said(open.as_ref().map(|open| if *open { "open" } else { "closed" }.to_owned())),
        Sight::Trigger(answer) => format!("{answer:?}"),
        Sight::Job(sight) => said(sight.as_ref().map(|JobSight { groups: seen, logs }| {
            format!("{}, {}", groups(seen), said(logs.as_ref().map(|logs| list(logs.iter().map(log)))))
        })),
        Sight::Group(group) => said(group.as_ref().map(groups)),
        Sight::Log(seen) => said(seen.as_ref().map(|seen| list(seen.iter().map(log)))),
        Sight::Started | Sight::Stop | Sight::Waited => String::new(),
    }
}

fn said(seen: Seen<String>) -> String {
    match seen {
        Seen::Known(what) => what,
        Seen::Unknown(why) => format!("unknown ({})", why.0),
    }
}

fn groups<'a>(groups: impl IntoIterator<Item = &'a Group>) -> String {
    list(groups.into_iter().map(|group| format!("{} {:?}", group.id, group.status)))
}

fn log(log: &Log) -> String {
    format!("{} {:?}", log.id, log.status)
}

fn list(words: impl Iterator<Item = String>) -> String {
    let words: Vec<String> = words.collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(" and ") }
}
