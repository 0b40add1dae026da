//! Findings as text, the way a compiler shows them: the line itself, where in it, and how to mend it.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::finding::line_start;
use super::visible::{mask, stand_in};
use super::{Finding, Place, Source};
use crate::printable::printable;

/// All findings as text for a person, a blank line between them; with colour where the reader's terminal has it.
///
/// What cannot be seen is replaced, and secrets are masked, wherever the line that holds them is shown.
#[must_use]
pub fn report(findings: &[Finding], sources: &[Source], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let shown: Vec<Shown> = sources.iter().map(|source| Shown::new(source, findings)).collect();
    let mut text = String::new();
    for finding in findings {
        let lines = renderer.render(&[group(finding, &shown)]);
        // The renderer pads lines that end in a line end of another system.
        for line in lines.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// A source as it may be shown: no character that moves a cursor, no secret, every byte offset as it was.
struct Shown<'a> {
    source: &'a Source,
    text: String,
}

impl<'a> Shown<'a> {
    fn new(source: &'a Source, findings: &[Finding]) -> Self {
        let mut secret = vec![false; source.text.len()];
        for hidden in findings.iter().flat_map(|finding| &finding.hidden).filter(|hidden| hidden.file == source.path) {
            if let Some(bytes) = secret.get_mut(hidden.span.clone()) {
                bytes.fill(true);
            }
        }
        let shown = |(at, c): (usize, char)| if secret[at] { mask(c) } else { stand_in(c) };
        Self { source, text: source.text.char_indices().map(shown).collect() }
    }
}

fn group<'a>(finding: &'a Finding, shown: &'a [Shown<'a>]) -> Group<'a> {
    let mut group = Level::ERROR.primary_title(&finding.message).elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    let mut marks = vec![(&finding.place, &finding.label, AnnotationKind::Primary)];
    marks.extend(finding.related.iter().map(|related| (&related.place, &related.label, AnnotationKind::Context)));
    while let Some((place, ..)) = marks.first() {
        let file = &place.file;
        let (here, elsewhere): (Vec<_>, Vec<_>) = marks.iter().copied().partition(|(place, ..)| place.file == *file);
        if let Some(shown) = shown.iter().find(|shown| shown.source.path == *file) {
            group = group.element(snippet(shown, &here));
        }
        marks = elsewhere;
    }
    if finding.help.is_empty() { group } else { group.element(Level::HELP.message(&finding.help)) }
}

/// The lines of one file from the first mark to the last.
fn snippet<'a>(shown: &'a Shown<'a>, marks: &[(&'a Place, &'a String, AnnotationKind)]) -> Snippet<'a, Annotation<'a>> {
    let text = shown.text.as_str();
    let first = marks.iter().map(|(place, ..)| place.span.start).min().unwrap_or_default();
    let last = marks.iter().map(|(place, ..)| place.span.end).max().unwrap_or_default();
    let from = line_start(shown.source.text.get(..first).unwrap_or_default());
    let to = text.get(last..).and_then(|rest| rest.find('\n')).map_or(text.len(), |distance| last + distance);
    let line = text.get(..from).unwrap_or_default().matches('\n').count() + 1;
    let annotations = marks.iter().map(|(place, label, kind)| {
        let span = place.span.start.saturating_sub(from)..place.span.end.saturating_sub(from);
        kind.span(span).label(label.as_str())
    });
    Snippet::source(text.get(from..to).unwrap_or_default())
        .path(printable(&shown.source.path.to_string_lossy()))
        .line_start(line)
        .annotations(annotations)
}
