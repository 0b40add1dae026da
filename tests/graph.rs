//! The order of a plan as a picture: what was approved, and names that try to become syntax.
//!
//! `JBR_BLESS=1 cargo test --test graph` writes `tests/graph/` anew; read the difference before you commit it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exception for tests does not reach their helpers; a panic is their report"
)]

#[path = "support/approved.rs"]
mod approved;
#[path = "support/ran.rs"]
mod ran;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use jbr::desired::{After, Desired, When};
use jbr::plan::{self, Source};
use jbr::render::graph::{Edge, Graph, Node};
use proptest::prelude::*;
use ran::{Ran, jbr};

const PLAN: &str = "\
version: 1
servers:
  web1: { host: web1.example.com }
  web2: { host: web2.example.com }
jobs:
  - { name: accounts, server: web1, id: aaaaaaaaaaaaaaaaaaaaaaaa, type: accounts }
  - { name: databases, server: web2, id: bbbbbbbbbbbbbbbbbbbbbbbb, type: database, priority: 10, timeout: 90m }
  - { name: files, server: web1, id: cccccccccccccccccccccccc }
  - { name: reports, server: web2, id: dddddddddddddddddddddddd, type: other, priority: 20 }
";

fn check(name: &str, actual: &str) {
    approved::check("graph", name, actual);
}

/// The plan, with what waits for what.
fn desired() -> Desired {
    let mut desired = plan::load(&[Source { path: "plan.yaml".into(), text: PLAN.to_owned() }]).unwrap();
    let after = |job: &str, when| After { job: job.parse().unwrap(), when };
    desired.jobs[2].after = vec![after("web1/accounts", When::Success)];
    desired.jobs[3].after = vec![after("web2/databases", When::Finished), after("web1/accounts", When::Success)];
    desired
}

#[test]
fn a_graph_is_drawn_as_it_was_approved() {
    let graph = Graph::of(&desired(), |_| true);
    check("order.dot", &graph.dot());
    check("order.mmd", &graph.mermaid());
    let json: serde_json::Value = serde_json::from_str(&graph.json()).unwrap();
    check("order.json", &(serde_json::to_string_pretty(&json).unwrap() + "\n"));
    // What waits for a job that was not asked for waits for nothing.
    let some = Graph::of(&desired(), |address| address.server.as_str() == "web2");
    check("some.dot", &some.dot());
    assert_eq!(some.edges, [Edge { before: 0, after: 1, when: When::Finished }]);
}

#[test]
fn the_command_draws_without_a_server_and_knows_its_options() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plan.yaml"), PLAN).unwrap();
    let jbr = |arguments: &[&str]| {
        let mut command = jbr(&[&["graph"], arguments].concat());
        let ran = Ran::of(command.env("JBR_PLAN", "plan.yaml").current_dir(folder.path()));
        (ran.code, ran.stdout, ran.stderr)
    };
    let desired = plan::load(&plan::read(&folder.path().join("plan.yaml")).unwrap()).unwrap();
    let graph = Graph::of(&desired, |_| true);
    assert_eq!(jbr(&[]), (Some(0), graph.dot(), String::new()));
    assert_eq!(jbr(&["--format", "mermaid"]), (Some(0), graph.mermaid(), String::new()));
    assert_eq!(jbr(&["--json"]), (Some(0), graph.json() + "\n", String::new()));
    let (code, stdout, _) = jbr(&["--job", "web1/files", "--server", "web1"]);
    assert_eq!((code, stdout.matches("label=").count()), (Some(0), 2), "{stdout}");
    let (code, stdout, stderr) = jbr(&["--server", "wbe1"]);
    assert_eq!((code, stdout.as_str()), (Some(64), ""));
    assert!(stderr.contains("did you mean `web1`?"), "{stderr}");
    assert_eq!(jbr(&["--format", "svg"]).0, Some(64));
}

/// A name that tries to end its quotes, its line, its box, and to be an arrow.
const HOSTILE: [&str; 8] = [
    "a\"]; n9 -> n1; x [label=\"",
    "a\nn9 --> n1\nsubgraph x",
    "]-->|\"no\"| n1[(\"x\")]",
    "ends with a backslash \\",
    "&quot;&#34;#quot;#34;",
    "`**bold**` <script>alert(1)</script> %%{init: {}}%% end",
    "\u{1b}[2J\u{202e}\u{0}",
    "",
];

fn node(server: &str, job: &str) -> Node {
    let timeout = Duration::from_secs(60);
    Node { server: server.to_owned(), job: job.to_owned(), kind: None, timeout, priority: 0 }
}

#[test]
fn names_never_become_syntax() {
    let nodes: Vec<Node> = HOSTILE.iter().map(|name| node(name, name)).collect();
    let graph = Graph { nodes, edges: vec![Edge { before: 0, after: 7, when: When::Success }] };
    read_back(&graph);
}

proptest! {
    #[test]
    fn no_name_becomes_syntax(names in prop::collection::vec(".{0,40}", 1..6)) {
        let nodes: Vec<Node> = names.iter().map(|name| node(name, name)).collect();
        read_back(&Graph { nodes, edges: Vec::new() });
    }
}

/// Both languages hold the nodes, clusters and arrows of the graph and nothing else, and the texts as a person should see them.
fn read_back(graph: &Graph) {
    let visible = |text: &str| jbr::printable::printable(text);
    let drawings = [dot(&graph.dot()), mermaid(&graph.mermaid())];
    for drawing in drawings {
        let servers: std::collections::BTreeSet<String> = graph.nodes.iter().map(|n| visible(&n.server)).collect();
        let clusters: std::collections::BTreeSet<String> = drawing.clusters.iter().cloned().collect();
        // Two servers may look alike once they are made visible; no plan has such names.
        assert_eq!(clusters, servers);
        assert_eq!(drawing.nodes.len(), graph.nodes.len());
        for (place, node) in graph.nodes.iter().enumerate() {
            let expected = visible(&format!("{}: {}", place + 1, node.job)) + "\ntimeout 1m";
            assert_eq!(drawing.nodes[&format!("n{}", place + 1)], expected);
        }
        let mut arrows: Vec<(String, String, bool)> =
            (1..graph.nodes.len()).map(|n| (format!("n{n}"), format!("n{}", n + 1), true)).collect();
        arrows.extend(graph.edges.iter().map(|e| (format!("n{}", e.before + 1), format!("n{}", e.after + 1), false)));
        assert_eq!(drawing.arrows, arrows);
    }
}

/// What a reader of one of the languages sees.
#[derive(Default)]
struct Drawing {
    clusters: Vec<String>,
    nodes: BTreeMap<String, String>,
    /// From, to, and whether it is dashed.
    arrows: Vec<(String, String, bool)>,
}

/// A token of DOT.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Mark(char),
    Arrow,
}

/// DOT's own rules: words, texts in double quotes with backslashes, entities in texts, marks, and arrows.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_whitespace() => {}
            '"' => {
                let mut inside = String::new();
                loop {
                    match rest.next() {
                        Some('"') => break,
                        Some('\\') => match rest.next() {
                            Some('n') => inside.push('\n'),
                            Some(escaped @ ('"' | '\\')) => inside.push(escaped),
                            other => panic!("an escape of {other:?} in {text}"),
                        },
                        Some('\n') | None => panic!("a text without an end in {text}"),
                        Some(c) => inside.push(c),
                    }
                }
                assert!(!inside.replace("&amp;", "").contains('&'), "an entity in {inside}");
                tokens.push(Token::Text(inside.replace("&amp;", "&")));
            }
            '-' => {
                assert_eq!(rest.next(), Some('>'), "{text}");
                tokens.push(Token::Arrow);
            }
            '{' | '}' | '[' | ']' | ';' | '=' | ',' => tokens.push(Token::Mark(c)),
            c if c.is_ascii_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            c => panic!("{c:?} is no DOT: {text}"),
        }
    }
    tokens
}

/// Reads the statements that `jbr graph` writes; anything else is a failure.
fn dot(text: &str) -> Drawing {
    let mut drawing = Drawing::default();
    let tokens = tokens(text);
    let (head, body) = tokens.split_at(3);
    assert_eq!(head, [Token::Word("digraph".into()), Token::Word("jbr".into()), Token::Mark('{')]);
    let mut depth = 1;
    let mut statement: Vec<Token> = Vec::new();
    for token in body {
        match token {
            Token::Mark('{') => {
                let [Token::Word(subgraph), Token::Word(name)] = &statement[..] else { panic!("{statement:?}") };
                assert!(subgraph == "subgraph" && name.starts_with("cluster_"), "{statement:?}");
                statement.clear();
                depth += 1;
            }
            Token::Mark('}') => {
                assert!(statement.is_empty(), "{statement:?}");
                depth -= 1;
            }
            Token::Mark(';') => dot_statement(&std::mem::take(&mut statement), &mut drawing),
            token => statement.push(token.clone()),
        }
    }
    assert_eq!((depth, statement), (0, Vec::new()));
    drawing
}

fn dot_statement(statement: &[Token], drawing: &mut Drawing) {
    use Token::{Arrow, Mark, Text, Word};
    match statement {
        [Word(key), Mark('='), Word(_)] if key == "rankdir" => {}
        [Word(node), Mark('['), Word(_), Mark('='), Word(_), Mark(']')] if node == "node" => {}
        [Word(key), Mark('='), Text(label)] if key == "label" => drawing.clusters.push(label.clone()),
        [Word(from), Arrow, Word(to), Mark('['), Word(key), Mark('='), how, Mark(']')] => {
            let is_dashed = key == "style" && *how == Word("dashed".into());
            assert!(is_dashed || key == "label" && matches!(how, Text(_)), "{statement:?}");
            drawing.arrows.push((from.clone(), to.clone(), is_dashed));
        }
        [Word(node), Mark('['), Word(key), Mark('='), Text(label), Mark(']')] if key == "label" => {
            drawing.nodes.insert(node.clone(), label.clone());
        }
        other => panic!("{other:?}"),
    }
}

/// Reads the lines that `jbr graph --format mermaid` writes; anything else is a failure.
fn mermaid(text: &str) -> Drawing {
    let mut drawing = Drawing::default();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart LR"));
    for line in lines.map(str::trim) {
        if let Some((from, to)) = line.split_once(" -.-> ") {
            drawing.arrows.push((from.to_owned(), to.to_owned(), true));
        } else if let Some((from, rest)) = line.split_once(" -->|") {
            let to = rest.split_once("| ").unwrap().1;
            drawing.arrows.push((from.to_owned(), to.to_owned(), false));
        } else if let Some(rest) = line.strip_prefix("subgraph ") {
            drawing.clusters.push(quoted(rest).1);
        } else if line != "end" {
            let (name, label) = quoted(line);
            drawing.nodes.insert(name, label);
        }
    }
    for (from, to, _) in &drawing.arrows {
        assert!(drawing.nodes.contains_key(from) && drawing.nodes.contains_key(to), "{from} → {to} in {text}");
    }
    drawing
}

/// `n1["…"]`: the name, and the text as Mermaid shows it.
fn quoted(line: &str) -> (String, String) {
    let (name, rest) = line.split_once("[\"").unwrap();
    let inside = rest.strip_suffix("\"]").unwrap();
    let mut shown = String::new();
    for (number, part) in inside.split("<br/>").enumerate() {
        if number > 0 {
            shown.push('\n');
        }
        let mut pieces = part.split('#');
        shown.push_str(pieces.next().unwrap());
        for piece in pieces {
            let (code, rest) = piece.split_once(';').unwrap();
            shown.push(char::from_u32(code.parse().unwrap()).unwrap());
            shown.push_str(rest);
        }
        // Outside of the numbers nothing is left that means anything in there.
        assert!(!part.contains(['"', '<', '>', '&', '[', ']', '|', '`', '%']), "{part}");
    }
    assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{name}");
    (name.to_owned(), shown)
}
