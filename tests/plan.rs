//! The plan language: every fixture says what it must, no input panics or takes long, and the manual is true.
//!
//! `tests/plan/` holds plans (files, or folders that are one plan) with `.expected` beside them: the report of what is
//! wrong, or the plan as it is understood. `JBR_BLESS=1 cargo test --test plan` writes them anew; read what it wrote.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jbr::desired::Desired;
use jbr::plan::{self, Finding, Source};
use jbr::printable::printable;
use proptest::prelude::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn source(path: &str, text: impl Into<String>) -> Source {
    Source { path: path.into(), text: text.into() }
}

/// The sources of a fixture, named from the fixtures' folder, so that no report holds a path of this machine.
fn fixture(path: &Path) -> Vec<Source> {
    let named = |source: Source| Source {
        path: source.path.strip_prefix(root().join("tests/plan")).unwrap().to_owned(),
        text: source.text,
    };
    plan::read(path).unwrap().into_iter().map(named).collect()
}

fn outcome(sources: &[Source]) -> String {
    match plan::load(sources) {
        Ok(desired) => format!("{desired:#?}\n"),
        Err(findings) => plan::report(&findings, sources, false),
    }
}

#[test]
fn every_fixture_says_what_it_must() {
    let mut plans: Vec<PathBuf> = fs::read_dir(root().join("tests/plan"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "expected"))
        .collect();
    plans.sort();
    assert!(plans.len() > 40, "the fixtures are gone");
    let wrong: Vec<String> = plans.iter().filter_map(|plan| compare(plan)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong with a fixture's outcome, if anything.
fn compare(plan: &Path) -> Option<String> {
    let expected_path = plan.with_extension("expected");
    let sources = fixture(plan);
    let outcome = outcome(&sources);
    if std::env::var_os("JBR_BLESS").is_some() {
        fs::write(&expected_path, &outcome).unwrap();
    }
    let Ok(expected) = fs::read_to_string(&expected_path) else {
        return Some(format!("{} is missing", expected_path.display()));
    };
    (expected != outcome).then(|| format!("{}: expected\n{expected}\nbut it says\n{outcome}", plan.display()))
}

#[test]
fn every_expected_file_has_its_plan() {
    for entry in fs::read_dir(root().join("tests/plan")).unwrap() {
        let path = entry.unwrap().path();
        let has_plan = path.with_extension("yaml").exists() || path.with_extension("").is_dir();
        assert!(has_plan, "{}", path.display());
    }
}

#[test]
fn no_report_shows_a_secret() {
    for name in ["secrets.yaml", "many-problems.yaml", "notify-secrets.yaml"] {
        let sources = fixture(&root().join("tests/plan").join(name));
        let findings = plan::load(&sources).unwrap_err();
        for color in [false, true] {
            assert!(!plan::report(&findings, &sources, color).contains("hunter2"), "{name}");
        }
        for finding in findings {
            let texts = [&finding.message, &finding.label, &finding.help];
            assert!(texts.iter().all(|text| !text.contains("hunter2")), "{name}: {finding:?}");
        }
    }
}

#[test]
fn a_secret_stays_hidden_among_more_problems_than_are_shown() {
    let keys = repeated(120, |number| format!("k{number}: 1, "));
    let sources = [source("a.yaml", format!("version: 1\nservers: {{ a: {{ {keys} password: hunter2 }} }}\n"))];
    let findings = plan::load(&sources).unwrap_err();
    assert_eq!(findings.len(), 101);
    assert!(!plan::report(&findings, &sources, false).contains("hunter2"));
}

#[test]
fn colour_is_there_only_when_asked_for() {
    let sources = [source("a.yaml", "version: 2\n")];
    let findings = plan::load(&sources).unwrap_err();
    assert!(plan::report(&findings, &sources, true).contains('\u{1b}'));
    assert!(!plan::report(&findings, &sources, false).contains('\u{1b}'));
}

#[test]
fn nothing_at_all_is_not_a_plan() {
    let findings = plan::load(&[]).unwrap_err();
    assert!(plan::report(&findings, &[], false).contains("no servers"));
}

#[test]
fn a_flood_of_problems_is_cut_and_counted() {
    let jobs = repeated(500, |number| format!("  - {{ nam: job{number} }}\n"));
    let findings = plan::load(&[source("a.yaml", format!("version: 1\njobs:\n{jobs}"))]).unwrap_err();
    let (last, shown) = findings.split_last().unwrap();
    assert_eq!(shown.len(), 100);
    assert!(last.message.contains("more problems"), "{}", last.message);
}

fn repeated(times: usize, line: impl Fn(usize) -> String) -> String {
    (0..times).map(line).collect::<Vec<_>>().concat()
}

/// How long the worst of bombs may take in a debug build on a slow and busy machine.
const BOMB_TIME_MAX: Duration = Duration::from_secs(10);

fn defused(name: &str, text: String, message: &str) {
    let started = Instant::now();
    let sources = [source("bomb.yaml", text)];
    let findings = plan::load(&sources).unwrap_err();
    let report = plan::report(&findings, &sources, false);
    assert!(started.elapsed() < BOMB_TIME_MAX, "{name} took {:?}", started.elapsed());
    assert!(report.contains(message), "{name}: {report}");
    assert!(report.len() < 100_000, "{name}: {} bytes", report.len());
}

#[test]
fn bombs_end_fast_with_a_message() {
    let deep = |open: &str| open.repeat(10_000);
    let stairs = repeated(1000, |depth| format!("{}a:\n", " ".repeat(depth)));
    let laughs: String =
        (1..30).fold("a0: &a0 [x, x]\n".into(), |text, n| text + &format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1));
    let wide = repeated(99, |n| format!("b{n}: *a\n"));
    let items = "  - x\n".repeat(10_000);
    defused("nested lists on a line", deep("["), "longer than");
    defused("nested lists on lines", deep("[\n"), "inside each other");
    defused("nested maps on lines", deep("{a:\n"), "inside each other");
    defused("nested items", deep("- ")[..1999].to_owned(), "inside each other");
    defused("indentation", stairs, "inside each other");
    defused("a billion laughs", laughs, "more than 50000 values");
    defused("a wide repetition", format!("a: &a\n{items}{wide}"), "more than 50000 values");
    let long = format!("a: &a [{}]\n", "x".repeat(1900));
    let ten = |of: &str, key: &str| format!("{key}: &{key} [{}]\n", vec![format!("*{of}"); 10].join(", "));
    let tens = ten("a", "b") + &ten("b", "c") + &ten("c", "d") + &ten("d", "e");
    defused("laughs at a long text", long + &tens, "repeat more than 262144 bytes");
    let anchors = repeated(15, |n| format!("&a{n} [\n")) + &"x, x, x, x\n".repeat(5000).replace("x\n", "x,\n");
    defused("anchors around everything", anchors + &"]".repeat(15), "more than 50000 values");
    defused("many aliases", format!("a: &a x\nb:\n{}", "  - *a\n".repeat(20_000)), "more than 100 aliases");
    defused("ten megabytes", "a: b\n".repeat(2 * 1024 * 1024), "larger than");
    defused("one long line", "x".repeat(1_000_000), "longer than");
    defused("a megabyte of unknown keys", repeated(60_000, |n| format!("key{n}: 1\n")), "more than 50000");
    defused("unknown keys", repeated(20_000, |n| format!("key{n}: 1\n")), "more problems");
    defused("one key", "a: 1\n".repeat(20_000), "more problems");
    defused("a megabyte of dashes", "-\n".repeat(500_000), "more than 50000");
    defused("a megabyte of quotes", "\"\n".repeat(500_000), "error");
    defused("a megabyte of comments", "#\n".repeat(500_000), "holds no plan");
}

#[test]
fn a_long_circle_is_spelled_out_as_far_as_it_is_worth_it() {
    let job = |n: usize| format!("  - {{ name: j{n}, server: s, id: '{n:024x}', after: s/j{} }}\n", (n + 1) % 5000);
    let text = format!("version: 1\nservers: {{ s: {{ host: h }} }}\njobs:\n{}", repeated(5000, job));
    let sources = [source("a.yaml", text)];
    let started = Instant::now();
    let findings = plan::load(&sources).unwrap_err();
    assert!(started.elapsed() < BOMB_TIME_MAX, "took {:?}", started.elapsed());
    let [circle] = findings.as_slice() else { panic!("{} findings", findings.len()) };
    assert!(circle.message.contains("`s/j9` after 4990 more after `s/j0`"), "{}", circle.message);
    assert_eq!(circle.related.len(), 9);
}

/// Every ```yaml block of a document, with the line it starts at.
fn yaml_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (None, "```yaml") => open = Some((number + 2, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, block)), line) => block.extend([line, "\n"]),
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn every_plan_of_the_manual_is_valid() {
    let text = fs::read_to_string(root().join("docs/plan.md")).unwrap();
    let blocks = yaml_blocks(&text);
    let plans: Vec<_> = blocks.iter().filter(|(_, block)| block.contains("version:")).collect();
    assert!(plans.len() >= 2, "the manual has no whole plan");
    for (line, block) in plans {
        let sources = [source("docs/plan.md", block.as_str())];
        assert!(plan::load(&sources).is_ok(), "docs/plan.md, line {line}:\n{}", outcome(&sources));
    }
}

#[test]
fn every_example_is_valid() {
    let files = fs::read_dir(root().join("plans")).unwrap().map(|entry| entry.unwrap().path());
    let examples = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    let mut count = 0;
    for example in examples {
        let sources = plan::read(&example).unwrap();
        assert!(plan::load(&sources).is_ok(), "{}", outcome(&sources));
        count += 1;
    }
    assert!(count > 0, "no examples");
}

#[test]
fn the_manual_names_every_key_and_no_other() {
    let text = fs::read_to_string(root().join("docs/plan.md")).unwrap();
    for table in plan::keys::TABLES {
        for key in table.keys {
            assert!(text.contains(&format!("| `{key}` |")), "docs/plan.md has no row for `{key}` of {}", table.name);
        }
    }
    let known = |key: &str| plan::keys::TABLES.iter().any(|table| table.keys.contains(&key));
    for row in text.lines().filter_map(|line| line.strip_prefix("| `")) {
        let key = row.split('`').next().unwrap();
        assert!(known(key), "docs/plan.md has a row for `{key}`, which is no key");
    }
}

/// What the manual's table under this heading gives as defaults: a map of a plan, without braces.
fn defaults_of(manual: &str, heading: &str) -> String {
    let section = manual.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let default = |row: &str| {
        let (key, rest) = row.split_once('`')?;
        let cell = rest.split(" | ").nth(2)?.trim();
        let value = cell.strip_prefix('`')?.strip_suffix('`')?;
        Some(format!(", {key}: {value}"))
    };
    rows.filter_map(default).collect::<Vec<_>>().concat()
}

#[test]
fn the_defaults_of_the_manual_are_the_real_ones() {
    let manual = fs::read_to_string(root().join("docs/plan.md")).unwrap();
    let plan = |server: &str, job: &str, run: &str| {
        let server = format!("servers: {{ server1: {{ host: server1.example.com{server} }} }}\n");
        let job = format!("jobs: [{{ name: a, server: server1, id: aaaaaaaaaaaaaaaaaaaaaaaa{job} }}]\n");
        let sources = [source("a.yaml", format!("version: 1\n{server}{job}{run}"))];
        plan::load(&sources).unwrap_or_else(|_| panic!("{}", outcome(&sources)))
    };
    let (server, job, run) =
        (defaults_of(&manual, "A server"), defaults_of(&manual, "A job"), defaults_of(&manual, "`run`"));
    assert_eq!([&server, &job, &run].map(|defaults| defaults.matches(": ").count()), [6, 5, 7]);
    let run = format!("run: {{ {} }}\n", run.trim_start_matches(", "));
    assert_eq!(plan(&server, &job, &run), plan("", "", ""));
}

/// Two plans in which between them everything is used, to be damaged.
fn valid(second: bool) -> String {
    let name = if second { "ordering-and-windows" } else { "full" };
    fs::read_to_string(root().join(format!("tests/plan/{name}.yaml"))).unwrap()
}

fn is_visible(c: char) -> bool {
    c == '\n' || printable(&c.to_string()).chars().eq([c])
}

/// What holds for every input: a plan, or findings whose places are in the text and in the report.
fn sound(sources: &[Source]) -> Result<(), TestCaseError> {
    let findings = match plan::load(sources) {
        Ok(desired) => return complete(&desired),
        Err(findings) => findings,
    };
    prop_assert!(!findings.is_empty());
    let report = plan::report(&findings, sources, false);
    prop_assert!(report.chars().all(is_visible), "{report:?}");
    for Finding { message, place, help, .. } in &findings {
        prop_assert!(!message.contains('\n') && !help.is_empty(), "{message}: {help}");
        let text = &sources.iter().find(|source| source.path == place.file).unwrap().text;
        prop_assert!(text.get(place.span.clone()).is_some(), "{place:?} is not in the text");
        let at = format!("{}:{}:{}", place.file.display(), place.line, place.column);
        prop_assert!(report.contains(&at), "{at} is not in\n{report}");
    }
    Ok(())
}

/// A plan that loads is one that can be run.
fn complete(desired: &Desired) -> Result<(), TestCaseError> {
    prop_assert!(!desired.servers.is_empty() && !desired.jobs.is_empty());
    for job in &desired.jobs {
        prop_assert!(desired.server(&job.address.server).is_some());
        prop_assert!(job.id.is_canonical());
        prop_assert!(!job.timeout.is_zero() && !job.start_timeout.is_zero());
        prop_assert!(job.after.iter().all(|after| desired.job(&after.job).is_some() && after.job != job.address));
        prop_assert!(!job.fits || !job.windows.is_empty());
        prop_assert!(job.retry.attempts > 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_soundly(text in any::<String>()) {
        sound(&[source("any.yaml", text)])?;
    }

    #[test]
    fn any_text_of_yaml_s_own_characters_is_refused_soundly(text in "[-:{}\\[\\],&*!|>'\"%@`#?~ \t\r\na-c0-9\u{feff}é]{0,80}") {
        sound(&[source("any.yaml", text)])?;
    }

    #[test]
    fn a_damaged_plan_is_sound(
        second in any::<bool>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..20, "[-:{}\\[\\]'\"# \na-z0-9~é\t]{0,6}"), 1..4)
    ) {
        let mut text: Vec<char> = valid(second).chars().collect();
        for (at, length, put) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, put.chars());
        }
        sound(&[source("damaged.yaml", text.into_iter().collect::<String>())])?;
    }

    #[test]
    fn a_value_of_a_plan_is_never_changed(word in "[a-zA-Z0-9._:~+-]{1,12}") {
        let text = format!("version: 1\nservers: {{ s: {{ host: h, user: {word} }} }}\njobs: [{{ name: j, server: s, id: aaaaaaaaaaaaaaaaaaaaaaaa }}]\n");
        if let Ok(desired) = plan::load(&[source("a.yaml", text)]) {
            prop_assert_eq!(&desired.servers[0].user, &word);
        }
    }

    #[test]
    fn an_id_of_a_plan_is_never_changed(id in "[0-9]{1,10}[0-9eE+._-]{0,4}[0-9a-f]{10,14}", quotes in any::<bool>()) {
        let written = if quotes { format!("'{id}'") } else { id.clone() };
        let text = format!("version: 1\nservers: {{ s: {{ host: h }} }}\njobs: [{{ name: j, server: s, id: {written} }}]\n");
        if let Ok(desired) = plan::load(&[source("a.yaml", text)]) {
            prop_assert_eq!(desired.jobs[0].id.as_str(), id);
        }
    }
}
