//! A draft as the text of a plan.
//!
//! The text is for a person, so it is written here line by line: no writer of YAML keeps comments. What comes from outside goes through
//! [`shown`] into comments and through [`scalar`] into values, and nowhere else.

use std::fmt::Write as _;

use chrono::Weekday;

use super::{Draft, Guard, JobDraft, Login, ServerDraft, WindowDraft};
use crate::clock::spelled;
use crate::plan::schema::modeline;
use crate::printable::printable;

/// How wide a comment is made, in characters.
const COMMENT_WIDTH: usize = 100;
/// How many characters of somebody else's text a comment shows.
const SHOWN_LENGTH_MAX: usize = 120;

impl Draft {
    /// The plan. It is valid if its values are; whoever hands it out checks that with [`crate::plan::load`].
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut text = format!("{}\n", modeline());
        comment(
            &mut text,
            "",
            "(`jbr schema > plan.schema.json` in this folder lets an editor complete and check it.)",
        );
        for line in &self.head {
            comment(&mut text, "", line);
        }
        text.push_str("version: 1\n");
        self.defaults(&mut text);
        self.windows(&mut text);
        self.servers(&mut text);
        if !self.jobs.is_empty() {
            text.push_str("\njobs:\n");
        }
        for job in &self.jobs {
            job.write(&mut text);
        }
        if !self.run.is_empty() {
            text.push_str("\nrun:\n");
            for (key, value) in &self.run {
                let _ = writeln!(text, "  {key}: {}", scalar(value));
            }
        }
        if !self.notify.is_empty() {
            text.push('\n');
        }
        for line in &self.notify {
            let _ = writeln!(text, "{line}");
        }
        if !self.tail.is_empty() {
            text.push('\n');
        }
        for line in &self.tail {
            comment(&mut text, "", line);
        }
        text
    }

    fn defaults(&self, text: &mut String) {
        let login = self.login.lines();
        if login.is_empty() && self.timeout.is_none() {
            return;
        }
        text.push_str("\ndefaults:\n");
        if !login.is_empty() {
            text.push_str("  server:\n");
        }
        for line in login {
            let _ = writeln!(text, "    {line}");
        }
        if let Some(timeout) = self.timeout {
            let _ = writeln!(text, "  job:\n    timeout: {}", spelled(timeout));
        }
    }

    fn windows(&self, text: &mut String) {
        if self.windows.is_empty() {
            return;
        }
        text.push('\n');
        comment(
            text,
            "",
            "From JetBackup's own schedules. It says when a job starts, not until when it may: mend the ends.",
        );
        comment(
            text,
            "",
            "Times are UTC, as JetBackup gave the next start; days are the server's, moved where the next start shows it. With another `timezone`, mend both.",
        );
        text.push_str("windows:\n");
        for window in &self.windows {
            let _ = writeln!(text, "  {}", window.line());
        }
    }

    fn servers(&self, text: &mut String) {
        if self.is_beside_a_plan {
            for server in self.servers.iter().filter(|server| !server.remarks().is_empty()) {
                text.push('\n');
                comment(text, "", &format!("Server {}, which the plan declares:", server.name));
                for line in server.remarks() {
                    comment(text, "", &format!("- {line}"));
                }
            }
            return;
        }
        text.push_str("\nservers:\n");
        for server in &self.servers {
            server.write(text);
        }
    }
}

impl Login {
    fn lines(&self) -> Vec<String> {
        let path = |path: &std::path::PathBuf| scalar(&path.to_string_lossy());
        [
            self.port.map(|port| format!("port: {port}")),
            self.user.as_ref().map(|user| format!("user: {}", scalar(user))),
            self.key.as_ref().map(|key| format!("key: {}", path(key))),
            self.known_hosts.as_ref().map(|file| format!("known_hosts: {}", path(file))),
            self.connect_timeout.map(|limit| format!("connect_timeout: {}", spelled(limit))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl ServerDraft {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  {}:", scalar(self.name.as_str()));
        for note in &self.notes {
            comment(text, "    ", note);
        }
        let _ = writeln!(text, "    host: {}", scalar(&self.host));
        for line in self.login.lines() {
            let _ = writeln!(text, "    {line}");
        }
        match &self.guard {
            Guard::Everything => {}
            Guard::One { id, name, keep_closed } => {
                let name = if name.is_empty() { String::new() } else { format!("   # {}", shown(name)) };
                let id = scalar_id(id.as_str());
                let value = if *keep_closed { format!("{{ id: {id}, keep: closed }}") } else { id };
                let _ = writeln!(text, "    destination: {value}{name}");
            }
            Guard::Choice(choices) => {
                comment(
                    text,
                    "    ",
                    "Which of these is the guarded storage? Until one is chosen, every backup of this server is guarded.",
                );
                for (id, name) in choices {
                    let _ = writeln!(text, "    # destination: {}   # {}", scalar_id(id.as_str()), shown(name));
                }
            }
        }
    }

    /// What is to be said of a server that is declared elsewhere.
    fn remarks(&self) -> Vec<String> {
        let choice = match &self.guard {
            Guard::Everything | Guard::One { .. } => None,
            Guard::Choice(choices) => {
                let choices: Vec<String> = choices.iter().map(|(id, name)| format!("{id} ({})", shown(name))).collect();
                Some(format!(
                    "which of its destinations is the guarded storage (`destination`)? {}",
                    choices.join(", ")
                ))
            }
        };
        self.notes.iter().cloned().chain(choice).collect()
    }
}

/// Days as the plan language spells them.
pub(super) fn joined(days: &[Weekday], separator: &str) -> String {
    days.iter().map(|day| day.to_string().to_ascii_lowercase()).collect::<Vec<_>>().join(separator)
}

impl WindowDraft {
    fn line(&self) -> String {
        let time = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
        let (days, from, to) = (joined(&self.days, ", "), time(self.from), time(self.to));
        format!("{}: {{ days: [{days}], from: \"{from}\", to: \"{to}\", timezone: UTC }}", self.name)
    }
}

impl JobDraft {
    fn write(&self, text: &mut String) {
        let label = if self.label.is_empty() { String::new() } else { format!("   # {}", shown(&self.label)) };
        let lines = self.lines();
        if let Some(why) = &self.left_out {
            comment(text, "  ", &format!("Left out: {why}"));
            for (number, line) in lines.iter().enumerate() {
                let (mark, label) = if number == 0 { ("- ", label.as_str()) } else { ("  ", "") };
                let _ = writeln!(text, "  # {mark}{line}{label}");
            }
            return;
        }
        for (number, line) in lines.iter().enumerate() {
            let (mark, label) = if number == 0 { ("- ", label.as_str()) } else { ("  ", "") };
            let _ = writeln!(text, "  {mark}{line}{label}");
        }
        let after: Vec<String> = self.order.after.iter().map(ToString::to_string).collect();
        if !after.is_empty() {
            let _ = writeln!(text, "    after: [{}]", after.join(", "));
        }
        match self.order.windows.as_slice() {
            [] => {}
            [one] => {
                let _ = writeln!(text, "    window: {one}");
            }
            several => {
                let _ = writeln!(text, "    window: [{}]", several.join(", "));
            }
        }
        if let Some(every) = self.order.every {
            let _ = writeln!(text, "    every: {}", spelled(every));
        }
        for note in &self.notes {
            comment(text, "    ", note);
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("name: {}", scalar(self.address.job.as_str())),
            format!("server: {}", scalar(self.address.server.as_str())),
            format!("id: {}", scalar_id(self.id.as_str())),
        ];
        lines.extend(self.kind.map(|kind| format!("type: {}", kind.word())));
        if self.priority != 0 {
            lines.push(format!("priority: {}", self.priority));
        }
        lines
    }
}

/// A comment of as many lines as it takes. Nothing in it ends a line, whatever it was made of.
fn comment(text: &mut String, indent: &str, words: &str) {
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > COMMENT_WIDTH {
            let _ = writeln!(text, "{indent}# {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&shown(word));
    }
    let _ = writeln!(text, "{}", format!("{indent}# {line}").trim_end());
}

/// Somebody else's text as a part of a comment: one short line of characters that a reader of YAML takes.
pub(super) fn shown(text: &str) -> String {
    let visible = printable(text);
    let mut out = String::with_capacity(visible.len());
    for (count, c) in visible.chars().enumerate() {
        if count == SHOWN_LENGTH_MAX {
            out.push('…');
            break;
        }
        // No characters at all, and no reader of YAML has to take them.
        out.push(if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c });
    }
    out
}

/// A value: as it is where every reader takes it for text, between quotes otherwise.
pub(super) fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    // A number and a unit, which is what durations are.
    let is_duration = text.strip_suffix(['s', 'm', 'h', 'd']).is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    if is_plain || is_duration { text.to_owned() } else { quoted(text) }
}

fn scalar_id(id: &str) -> String {
    quoted(id)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
