//! `jbr test`, for people: a line a step, and below one that failed what to do about it, with the commands to be copied.

use super::page::Page;
use super::sheet::Sheet;
use super::style::Tone;
use super::symbol;
use super::words::count;
use crate::printable::printable;
use crate::probe::{Advice, Probe, Step, Went, What};

/// The longest name of a step.
const LABEL_COLUMNS: usize = 11;
/// Where a step's text begins.
const TEXT_INDENT: usize = LABEL_COLUMNS + 7;
/// Where lines to be copied begin: as far to the left as can be seen as belonging there.
const COPY_INDENT: usize = 6;

/// Every server, step by step.
#[must_use]
pub fn text(probes: &[Probe], page: &Page) -> String {
    let mut sheet = Sheet::new(page);
    for probe in probes {
        server(probe, &mut sheet);
    }
    sheet.gap();
    verdict(probes, &mut sheet);
    sheet.finish()
}

fn server(probe: &Probe, sheet: &mut Sheet) {
    sheet.heading(&format!("{}: {}", probe.server, printable(&probe.place)));
    for step in probe.steps.iter().filter(|step| step.went != Went::NotTried) {
        self::step(step, sheet);
    }
    let not_tried = probe.steps.iter().filter(|step| step.went == Went::NotTried);
    let not_tried: Vec<&str> = not_tried.map(|step| name(step.what)).collect();
    if !not_tried.is_empty() {
        sheet.labelled(symbol::NOT_TRIED, "not tried", LABEL_COLUMNS, &not_tried.join(", "));
    }
}

fn step(step: &Step, sheet: &mut Sheet) {
    let (symbol, text, advice) = match &step.went {
        Went::Ok(found) => (symbol::DONE, found, None),
        Went::Attention { found, advice } => (symbol::ATTENTION, found, Some(advice)),
        Went::Failed { why, advice } => (symbol::ERROR, why, Some(advice)),
        Went::Unknown(why) => (symbol::UNREAD, why, None),
        Went::NotTried => return,
    };
    sheet.labelled(symbol, name(step.what), LABEL_COLUMNS, &printable(text));
    if let Some(advice) = advice {
        self::advice(text, advice, sheet);
    }
}

/// A line that is there to be copied is never broken: a terminal that is too narrow for it does that by itself, and copies it whole.
fn advice(why: &str, advice: &Advice, sheet: &mut Sheet) {
    if !advice.text.is_empty() {
        sheet.indented(TEXT_INDENT, &printable(&advice.text));
    }
    // Where there is advice, its commands are the whole ones.
    let commands = if advice.lines.is_empty() { commands(why) } else { Vec::new() };
    for line in commands.iter().map(String::as_str).chain(advice.lines.iter().map(String::as_str)) {
        sheet.line(&format!("{}{}", " ".repeat(COPY_INDENT), printable(line)));
    }
}

/// The commands that a text names and that are too long to stay whole in it.
fn commands(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    // What has a `…` in it is to be completed first.
    let is_whole = |command: &&str| command.contains(' ') && !command.contains('…') && command.len() > COMMAND_MAX;
    quoted.filter(is_whole).map(str::to_owned).collect()
}

/// A command that is not longer stays in one piece in a text.
const COMMAND_MAX: usize = 30;

fn verdict(probes: &[Probe], sheet: &mut Sheet) {
    let failed: Vec<&str> =
        probes.iter().filter(|probe| !probe.is_ready()).map(|probe| probe.server.as_str()).collect();
    if failed.is_empty() {
        let all = if probes.len() == 1 {
            "The server is ready.".to_owned()
        } else {
            format!("All {} are ready.", count(probes.len(), "server"))
        };
        sheet.toned(Tone::Good, &format!("{all} `jbr plan` shows what would run."));
    } else {
        let ready = probes.len() - failed.len();
        let text = format!("Not ready: {}. Ready: {ready} of {}.", failed.join(", "), count(probes.len(), "server"));
        sheet.toned(Tone::Bad, &text);
    }
}

/// A step, for people.
fn name(what: What) -> &'static str {
    match what {
        What::Name => "name",
        What::Connection => "connection",
        What::HostKey => "host key",
        What::Login => "login",
        What::Gate => "gate",
        What::Api => "API",
        What::Version => "version",
        What::Clock => "clock",
        What::Destination => "destination",
        What::Jobs => "jobs",
    }
}
