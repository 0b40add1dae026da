//! A map of the plan whose keys were checked against their table; its values are asked for by key.

use super::finding::{Findings, Reported, quoted};
use super::keys::{self, KeyTable};
use super::problem::Problem;
use super::secret;
use super::spanned::{Span, Spanned};
use super::suggest::closest;
use super::tree::{Content, Entry, Node, Scalar};

/// A value that was read, or proof that somebody was told why not.
pub(super) type Field<T> = Result<Spanned<T>, Reported>;

/// A map with known keys, possibly gathered from several files.
pub(super) struct Section<'a> {
    /// As messages name it: "server `server1`".
    name: String,
    /// Where a key that is missing would have to be.
    at: Span,
    /// All entries, repeated ones too: what stands in a repeated part is checked as well.
    entries: Vec<&'a Entry>,
    /// Known keys that unknown ones were probably meant to be: they are not missed a second time.
    meant: Vec<(&'static str, Reported)>,
}

impl<'a> Section<'a> {
    /// A section of one map.
    ///
    /// # Errors
    /// Reported: not a map.
    pub(super) fn new(
        name: String,
        at: Span,
        table: &'static KeyTable,
        node: &'a Node,
        findings: &mut Findings<'_>,
    ) -> Result<Self, Reported> {
        let entries = entries(&name, at, node, findings)?.iter().collect();
        Ok(Self::merged(name, at, table, entries, findings))
    }

    /// A section of entries that may come from several files.
    pub(super) fn merged(
        name: String,
        at: Span,
        table: &'static KeyTable,
        entries: Vec<&'a Entry>,
        findings: &mut Findings<'_>,
    ) -> Self {
        report_repeated(&name, &entries, findings);
        let mut meant = Vec::new();
        for entry in entries.iter().filter(|entry| !table.keys.contains(&entry.key.scalar.text.as_str())) {
            let hidden = secret::is_in(entry).then_some(entry.value.span);
            let reported = findings.push_hiding(entry.key.span, unknown_key(&name, table, entry), hidden);
            let near = closest(&entry.key.scalar.text, table.keys.iter().copied());
            meant.extend(near.map(|near| (near, reported)));
        }
        Self { name, at, entries, meant }
    }

    /// The entry of a key; the first, where it is repeated.
    pub(super) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.all(key).next()
    }

    /// Every entry of a key, also where only one is allowed.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().copied().filter(move |entry| entry.key.scalar.text == key)
    }

    /// Where a key stands; where the section does, if it is not in it.
    pub(super) fn key(&self, key: &str) -> Span {
        self.entry(key).map_or(self.at, |entry| entry.key.span)
    }

    /// The value of a key, if it is there.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        findings: &mut Findings<'_>,
        read: impl Fn(&Scalar) -> Result<T, Problem>,
    ) -> Option<Field<T>> {
        let entry = self.entry(key)?;
        Some(value(&format!("`{key}`"), entry.key.span, &entry.value, findings, read))
    }

    /// The value of a key that must be there; `help` is an example of it.
    ///
    /// # Errors
    /// Reported: missing or wrong.
    pub(super) fn required<T>(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings<'_>,
        read: impl Fn(&Scalar) -> Result<T, Problem>,
    ) -> Field<T> {
        self.optional(key, findings, read).unwrap_or_else(|| Err(self.missing(key, example, findings)))
    }

    /// The entry of a key that must be there; `example` is one of its value.
    ///
    /// # Errors
    /// Reported: missing.
    pub(super) fn required_entry(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings<'_>,
    ) -> Result<&'a Entry, Reported> {
        self.entry(key).ok_or_else(|| self.missing(key, example, findings))
    }

    fn missing(&self, key: &str, example: &str, findings: &mut Findings<'_>) -> Reported {
        if let Some((_, reported)) = self.meant.iter().find(|(meant, _)| *meant == key) {
            return *reported;
        }
        let problem = Problem::new(format!("{} has no `{key}`", self.name), format!("`{key}` is missing"));
        findings.push(self.at, problem.help(format!("add a line such as `{key}: {example}`")))
    }
}

/// The entries of a map.
///
/// # Errors
/// Reported: not a map.
pub(super) fn entries<'a>(
    name: &str,
    at: Span,
    node: &'a Node,
    findings: &mut Findings<'_>,
) -> Result<&'a [Entry], Reported> {
    let (span, problem) = match &node.content {
        Content::Map(entries) if !entries.is_empty() => return Ok(entries),
        Content::Map(_) => (node.span, nothing_in(name)),
        _ if node.is_nothing() => (at, nothing_in(name)),
        Content::List(_) => (
            node.head(),
            Problem::new(format!("{name} is a list"), "a list item begins here")
                .help("write it as a map, `key: value` on each line, without the `-`"),
        ),
        Content::Scalar(_) => (
            node.span,
            Problem::new(format!("{name} is a single value"), "a map is expected")
                .help("write it as a map, `key: value` on each line, with a space after the colon"),
        ),
    };
    Err(findings.push_hiding(span, problem, secret::span(node)))
}

/// The items of a list.
///
/// # Errors
/// Reported: not a list.
pub(super) fn items<'a>(
    name: &str,
    at: Span,
    node: &'a Node,
    findings: &mut Findings<'_>,
) -> Result<&'a [Node], Reported> {
    let (span, problem) = match &node.content {
        Content::List(items) if !items.is_empty() => return Ok(items),
        Content::List(_) => (node.span, nothing_in(name)),
        _ if node.is_nothing() => (at, nothing_in(name)),
        Content::Map(_) | Content::Scalar(_) => (
            node.head(),
            Problem::new(format!("{name} is not a list"), "a list is expected")
                .help("begin each of its items with `- `"),
        ),
    };
    Err(findings.push_hiding(span, problem, secret::span(node)))
}

/// The items of a list, or the one value that stands in its place.
///
/// # Errors
/// Reported: nothing there.
pub(super) fn one_or_more<'a>(
    name: &str,
    entry: &'a Entry,
    findings: &mut Findings<'_>,
) -> Result<&'a [Node], Reported> {
    match &entry.value.content {
        Content::List(_) => items(name, entry.key.span, &entry.value, findings),
        _ if entry.value.is_nothing() => Err(findings.push(entry.key.span, nothing_in(name))),
        _ => Ok(std::slice::from_ref(&entry.value)),
    }
}

fn nothing_in(name: &str) -> Problem {
    Problem::new(format!("{name} is empty"), "nothing in it").help("write something into it, or remove it")
}

/// Reads one value.
///
/// # Errors
/// Reported: nothing there, not a single value, on several lines, or not what `read` takes.
pub(super) fn value<T>(
    name: &str,
    key: Span,
    node: &Node,
    findings: &mut Findings<'_>,
    read: impl Fn(&Scalar) -> Result<T, Problem>,
) -> Field<T> {
    let problem = match &node.content {
        Content::List(_) | Content::Map(_) => {
            let kind = if matches!(node.content, Content::List(_)) { "a list" } else { "a map" };
            let problem = Problem::new(format!("is {kind}"), "a single value is expected");
            problem.help(format!("write one value after {name}"))
        }
        Content::Scalar(_) if node.is_nothing() => {
            Problem::new("has no value", "nothing is written here").help("write a value, or remove the line")
        }
        Content::Scalar(scalar) if secret::is_key_text(&scalar.text) => secret::problem("holds a private key itself"),
        Content::Scalar(scalar) if scalar.source.contains('\n') => {
            Problem::new("goes over several lines", "begins here")
                .help("write it on one line: nothing in a plan needs more")
        }
        Content::Scalar(scalar) => match read(scalar) {
            Ok(value) => return Ok(Spanned { value, span: node.span }),
            Err(problem) => problem,
        },
    };
    let problem = problem.of(name);
    // What is not there, or goes over several lines, is pointed at by its key.
    let text = findings.text(node.span);
    let at = if text.is_empty() || text.contains('\n') { key } else { node.span };
    Err(findings.push_hiding(at, problem, secret::span(node)))
}

/// Records each key that stands in a map again.
pub(super) fn report_repeated(name: &str, entries: &[&Entry], findings: &mut Findings<'_>) {
    let mut first_of = std::collections::HashMap::new();
    for entry in entries {
        let first = *first_of.entry(entry.key.scalar.text.as_str()).or_insert(entry.key.span);
        if first != entry.key.span {
            findings.push(entry.key.span, twice(name, entry, first));
        }
    }
}

fn twice(name: &str, entry: &Entry, first: Span) -> Problem {
    let key = quoted(&entry.key.scalar.text);
    let (message, help) = if first.file == entry.key.span.file {
        (
            format!("{key} stands twice in {name}"),
            "remove one of the two: YAML alone would drop the first without a word",
        )
    } else {
        (format!("{key} of {name} stands in two files"), "remove one of the two: all files of the folder are one plan")
    };
    Problem::new(message, "and again here").related(first, "first here").help(help)
}

fn unknown_key(name: &str, table: &KeyTable, entry: &Entry) -> Problem {
    let key = entry.key.scalar.text.as_str();
    let shown = quoted(key);
    if secret::is_in(entry) {
        return secret::problem(format!("{shown} of {name} holds a secret"));
    }
    let message = format!("unknown key {shown} in {name}");
    if table.later.contains(&key) {
        return Problem::new(message, "not part of this version yet").help(format!(
            "remove it for now; {} takes: {}",
            table.name,
            table.keys.join(", ")
        ));
    }
    if key == "<<" {
        return Problem::new(message, "merge keys have no meaning here").help("put what repeats into `defaults`");
    }
    let homes = keys::homes(key);
    let label = match closest(key, table.keys.iter().copied()) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None if !homes.is_empty() => format!("{shown} is a key of {}", homes.join(", ")),
        None => "not a key of a plan".to_owned(),
    };
    Problem::new(message, label).help(format!("{} takes: {}", table.name, table.keys.join(", ")))
}
