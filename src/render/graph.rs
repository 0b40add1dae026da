//! The order of a plan as a picture: DOT for Graphviz, Mermaid for what renders Markdown, JSON for programs.
//!
//! Names go in as text and never as syntax: nodes are called `n1`, `n2`, …, and what a person reads stands in quotes, with whatever could
//! end them escaped.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::json::{self, VERSION};
use super::when::limit;
use super::words;
use crate::desired::{Desired, Job, When};
use crate::names::JobAddress;
use crate::printable::printable;
use crate::queue::build::arrange;

/// The order of jobs, to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The jobs, first to last.
    pub nodes: Vec<Node>,
    /// What waits for what, by places in `nodes`.
    pub edges: Vec<Edge>,
}

/// A job in a graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its server's name.
    pub server: String,
    /// Its address.
    pub job: String,
    /// What the plan says that it backs up, if it does.
    pub kind: Option<&'static str>,
    /// After how long it is overdue.
    pub timeout: Duration,
    /// Its priority.
    pub priority: i64,
}

/// A job that waits for another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The place of the one that comes first.
    pub before: usize,
    /// The place of the one that waits.
    pub after: usize,
    /// How the first must have ended.
    pub when: When,
}

impl Graph {
    /// The order of those jobs of a plan that were asked for.
    #[must_use]
    pub fn of(desired: &Desired, is_asked_for: impl Fn(&JobAddress) -> bool) -> Self {
        let asked: Vec<&Job> = desired.jobs.iter().filter(|job| is_asked_for(&job.address)).collect();
        let arranged = arrange(&asked);
        let places: std::collections::BTreeMap<&JobAddress, usize> =
            arranged.iter().enumerate().map(|(place, (job, _))| (&job.address, place)).collect();
        let mut edges = Vec::new();
        for (place, (_, after)) in arranged.iter().enumerate() {
            let edge = |(before, when)| Edge { before, after: place, when };
            edges.extend(after.iter().filter_map(|after| Some((*places.get(&after.job)?, after.when))).map(edge));
        }
        Self { nodes: arranged.iter().map(|(job, _)| Node::of(job)).collect(), edges }
    }

    /// In the language of Graphviz: servers are clusters, dashed arrows are the one order in which everything runs.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = "digraph jbr {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (number, (server, members)) in self.clusters().into_iter().enumerate() {
            let _ = writeln!(text, "  subgraph cluster_{} {{", number + 1);
            let _ = writeln!(text, "    label=\"{}\";", dot_text(server));
            for place in members {
                let lines: Vec<String> = self.nodes[place].lines(place).iter().map(|line| dot_text(line)).collect();
                let _ = writeln!(text, "    n{} [label=\"{}\"];", place + 1, lines.join("\\n"));
            }
            text.push_str("  }\n");
        }
        for place in 1..self.nodes.len() {
            let _ = writeln!(text, "  n{place} -> n{} [style=dashed];", place + 1);
        }
        for edge in &self.edges {
            let word = words::when(edge.when);
            let _ = writeln!(text, "  n{} -> n{} [label=\"{word}\"];", edge.before + 1, edge.after + 1);
        }
        text + "}\n"
    }

    /// The same as a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (number, (server, members)) in self.clusters().into_iter().enumerate() {
            let _ = writeln!(text, "  subgraph s{}[\"{}\"]", number + 1, mermaid_text(server));
            for place in members {
                let lines: Vec<String> = self.nodes[place].lines(place).iter().map(|line| mermaid_text(line)).collect();
                let _ = writeln!(text, "    n{}[\"{}\"]", place + 1, lines.join("<br/>"));
            }
            text.push_str("  end\n");
        }
        for place in 1..self.nodes.len() {
            let _ = writeln!(text, "  n{place} -.-> n{}", place + 1);
        }
        for edge in &self.edges {
            let word = words::when(edge.when);
            let _ = writeln!(text, "  n{} -->|\"{word}\"| n{}", edge.before + 1, edge.after + 1);
        }
        text
    }

    /// The same as one line of JSON (`"kind": "graph"` in `docs/json.md`).
    #[must_use]
    pub fn json(&self) -> String {
        let after = |place: usize| {
            let own = self.edges.iter().filter(move |edge| edge.after == place);
            own.map(|edge| AfterJson { job: &self.nodes[edge.before].job, when: words::when(edge.when) }).collect()
        };
        let jobs = self.nodes.iter().enumerate().map(|(place, node)| NodeJson {
            number: place + 1,
            job: &node.job,
            r#type: node.kind,
            priority: node.priority,
            timeout_s: json::seconds(node.timeout),
            after: after(place),
        });
        json::line(&GraphJson { version: VERSION, kind: "graph", jobs: jobs.collect() })
    }

    /// The servers in the order of their first jobs, each with the places of its own.
    fn clusters(&self) -> Vec<(&str, Vec<usize>)> {
        let mut clusters: Vec<(&str, Vec<usize>)> = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            match clusters.iter_mut().find(|(server, _)| *server == node.server) {
                Some((_, members)) => members.push(place),
                None => clusters.push((&node.server, vec![place])),
            }
        }
        clusters
    }
}

impl Node {
    fn of(job: &Job) -> Self {
        Self {
            server: job.address.server.to_string(),
            job: job.address.to_string(),
            kind: job.kind.map(crate::desired::JobKind::word),
            timeout: job.timeout,
            priority: job.priority,
        }
    }

    /// What stands in its box. The number has a colon, because Mermaid takes `1.` for the beginning of a list and refuses it.
    fn lines(&self, place: usize) -> [String; 2] {
        let kind = self.kind.map(|kind| format!("{kind}, ")).unwrap_or_default();
        [format!("{}: {}", place + 1, self.job), format!("{kind}timeout {}", limit(self.timeout))]
    }
}

/// Text between DOT's double quotes: one line, and what DOT or its entities would read as something else escaped.
fn dot_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// Text between Mermaid's double quotes: whatever is no letter, digit, space or harmless mark by its number, because Mermaid has no
/// escapes and reads Markdown and HTML there.
fn mermaid_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in printable(text).chars() {
        if c.is_alphanumeric() || " .,:/-".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[derive(Serialize)]
struct GraphJson<'a> {
    version: u32,
    kind: &'static str,
    jobs: Vec<NodeJson<'a>>,
}

#[derive(Serialize)]
struct NodeJson<'a> {
    number: usize,
    job: &'a str,
    r#type: Option<&'static str>,
    priority: i64,
    timeout_s: u64,
    after: Vec<AfterJson<'a>>,
}

#[derive(Serialize)]
struct AfterJson<'a> {
    job: &'a str,
    when: &'static str,
}
