//! Hostile requests, from a grammar of what has broken such gates: every prefix and every one-character change of an allowed
//! request, and requests that were mended with separators, substitutions, quotes, encodings and lengths.

use std::ffi::OsString;
use std::path::Path;

use super::lines::allowed;
use crate::random::Random;

/// A variable of the environment has 128 KiB at most, its name included.
const REQUEST_SIZE_MAX: usize = 120_000;

/// What a seed decides.
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// A number below `sides`.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.0.below(sides as u64)).unwrap()
    }

    /// One of these.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

const SEPARATORS: &[&str] = &[
    ";", "; ", " ; ", "&", " & ", "&&", " && ", "|", " | ", "||", " || ", "|&", "\n", "\r\n", "\r", "\n\n", "\t",
    "\x0b", "\x0c", " ", "  ", " # ", "#", " -- ", ";;", "\\\n", "\u{2028}", "\u{a0}", "\x1b", "\x7f", " > ", ">",
    ">>", " < ", "<<<", " 2>&1 ", "(", ")", "{ ", " }", "!", "!!", "~", "*", "?", "[a-z]*", "^", "=", ",", "%0a",
    "%00", "%3b", "\u{ff1b}", "\u{202e}",
];

const QUOTES: &[&str] = &[
    "'", "\"", "`", "\\'", "\\\"", "'\\''", "'\"'\"'", "$'", "$\"", "\u{2018}", "\u{2019}", "\u{201c}", "\u{ff07}",
    "''", "\"\"",
];

const WORDS: &[&str] = &[
    "jetbackup5api",
    "/usr/bin/jetbackup5api",
    "./jetbackup5api",
    "JETBACKUP5API",
    "jetbackup5ap\u{456}",
    "jetbackup4api",
    "backup",
    "-F",
    "-D",
    "-O",
    "--func",
    "--data",
    "--output",
    "-f",
    "-FlistBackupJobs",
    "json",
    "xml",
    "plain",
    "clearQueue",
    "deleteLog",
    "editBackupJob",
    "deleteBackupJob",
    "listLogItems",
    "getLogItem",
    "listAccounts",
    "manageSettingsGeneral",
    "restoreBackup",
    "runBackupJobManually",
    "stopQueueGroup",
    "manageBackupJob",
    "manageDestination",
    "listBackupJobs",
    "listbackupjobs",
    "_id=",
    "&disabled=2",
    "&disabled=",
    "disabled=-1",
    "&action=delete",
    "action=create",
    "&limit=1",
    "&skip=0x10",
    "limit=01",
    "limit=1e3",
    "limit=99999999999",
    "limit=-1",
    "&name=x",
    "&_id=bbbbbbbbbbbbbbbbbbbbbbbb",
    "&owner=x",
    "type=2",
    "&sort[created]=1",
    "find[info.ID]=*",
    "&&",
    "=",
    "&",
    "_id[]=x",
    "_id[$ne]=x",
    "%5fid=x",
    "echo",
    "echo -e",
    "echo -n x",
    "gate-version",
    "gate-version x",
    "scp -t /tmp",
    "rsync --server",
    "sftp-server",
    "internal-sftp",
    "bash -i",
    "sh",
    "id",
    "ls /",
    "cat /etc/shadow",
    "--read-only",
    "--jobs",
    "exit 0",
    "true",
    "exec",
    "eval",
    "command",
    "builtin",
    "source",
    "\u{430}",
    "\u{ff2c}istBackupJobs",
    "\u{feff}",
    "x",
];

/// What would be executed if a shell saw it.
fn payload(dice: &mut Dice, canary: &Path) -> String {
    let canary = canary.display();
    match dice.below(6) {
        0 => format!(">{canary}"),
        1 => format!("touch {canary}"),
        2 => format!("echo x > {canary}"),
        3 => "x".to_owned(),
        4 => "id".to_owned(),
        _ => format!(": > {canary}"),
    }
}

fn substitution(dice: &mut Dice, canary: &Path) -> String {
    let payload = payload(dice, canary);
    match dice.below(12) {
        0 => format!("$({payload})"),
        1 => format!("`{payload}`"),
        2 => format!("${{x:-$({payload})}}"),
        3 => format!("$((a[$({payload})]))"),
        4 => format!("a[$({payload})]"),
        5 => format!("<({payload})"),
        6 => format!(">({payload})"),
        7 => format!("$[a[$({payload})]]"),
        8 => format!("() {{ :; }}; {payload}"),
        9 => format!("$'\\x3b'{payload}"),
        10 => format!("${{IFS}}{payload}"),
        _ => format!("{{{payload},}}"),
    }
}

/// Every request that is an allowed one cut off, or with one character taken out, put in or exchanged.
pub(crate) fn near_misses(dice: &mut Dice) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for line in allowed() {
        let line = line.into_bytes();
        for at in 0..=line.len() {
            found.push(line[..at].to_vec());
            found.push(splice(&line, at, 0, &[odd_byte(dice)]));
            if at < line.len() {
                found.push(splice(&line, at, 1, &[]));
                found.push(splice(&line, at, 1, &[odd_byte(dice)]));
            }
        }
    }
    found
}

/// Every character in every place of every allowed request: some 700,000 of them, for the long form.
pub(crate) fn all_exchanges() -> impl Iterator<Item = Vec<u8>> {
    allowed().into_iter().flat_map(|line| {
        let line = line.into_bytes();
        (0..line.len()).flat_map(move |at| {
            let line = line.clone();
            (1..=255).map(move |byte| splice(&line, at, 1, &[byte]))
        })
    })
}

/// An allowed request with one to three things done to it.
pub(crate) fn hostile(dice: &mut Dice, canary: &Path) -> Vec<u8> {
    let lines = allowed();
    let mut request = lines[dice.below(lines.len())].clone().into_bytes();
    for _ in 0..=dice.below(3) {
        request = mend(dice, &request, canary);
    }
    // What no environment can hold never reaches the gate.
    request.retain(|byte| *byte != 0);
    request.truncate(REQUEST_SIZE_MAX);
    request
}

fn mend(dice: &mut Dice, request: &[u8], canary: &Path) -> Vec<u8> {
    // At an end, where gates forget to look, or anywhere.
    let at = [0, request.len(), dice.below(request.len() + 1)][dice.below(3)];
    let what = match dice.below(9) {
        0 => format!("{}{}", dice.pick(SEPARATORS), payload(dice, canary)),
        1 => format!("{}{}", payload(dice, canary), dice.pick(SEPARATORS)),
        2 => substitution(dice, canary),
        3 => dice.pick(QUOTES).to_owned(),
        4 => dice.pick(SEPARATORS).to_owned(),
        5 => dice.pick(WORDS).to_owned(),
        6 => return exchange_word(dice, request),
        7 => return splice(request, at, 0, &bytes(dice)),
        _ => return wholly_else(dice, request, canary),
    };
    splice(request, at, 0, what.as_bytes())
}

/// One of the words (between spaces, quotes and `&`) is another, missing, or there twice.
fn exchange_word(dice: &mut Dice, request: &[u8]) -> Vec<u8> {
    let is_edge = |byte: &u8| b" '\"&=".contains(byte);
    let starts: Vec<usize> =
        (0..request.len()).filter(|at| !is_edge(&request[*at]) && (*at == 0 || is_edge(&request[at - 1]))).collect();
    if starts.is_empty() {
        return Vec::new();
    }
    let at = starts[dice.below(starts.len())];
    let length = request[at..].iter().position(is_edge).unwrap_or(request.len() - at);
    match dice.below(4) {
        0 => splice(request, at, length, &[]),
        1 => splice(request, at, 0, &request[at..at + length]),
        2 => splice(request, at, length, &request[at..at + length].to_ascii_uppercase()),
        _ => splice(request, at, length, dice.pick(WORDS).as_bytes()),
    }
}

fn wholly_else(dice: &mut Dice, request: &[u8], canary: &Path) -> Vec<u8> {
    match dice.below(8) {
        0 => Vec::new(),
        1 => payload(dice, canary).into_bytes(),
        2 => [b"a".repeat(300 + dice.below(400)).as_slice(), request].concat(),
        3 => request.repeat(1 + dice.below(40)),
        4 => percent_encoded(dice, request),
        5 => String::from_utf8_lossy(request).chars().map(|c| look_alike(dice, c)).collect::<String>().into_bytes(),
        6 => (0..dice.below(12)).flat_map(|_| [dice.pick(WORDS).as_bytes(), b" "].concat()).collect(),
        _ => [request, &b" ".repeat(dice.below(90_000))].concat(),
    }
}

fn percent_encoded(dice: &mut Dice, request: &[u8]) -> Vec<u8> {
    request
        .iter()
        .flat_map(|byte| if dice.below(10) == 0 { format!("%{byte:02X}").into_bytes() } else { vec![*byte] })
        .collect()
}

fn look_alike(dice: &mut Dice, c: char) -> char {
    if dice.below(12) > 0 {
        return c;
    }
    match c {
        'a' => '\u{430}',
        'e' => '\u{435}',
        'o' => '\u{3bf}',
        'i' => '\u{456}',
        '-' => '\u{2010}',
        ' ' => '\u{2003}',
        '\'' => '\u{2032}',
        '0'..='9' => char::from_u32(0x0660 + u32::from(c) - u32::from('0')).unwrap(),
        '!'..='~' => char::from_u32(0xff01 + u32::from(c) - u32::from('!')).unwrap(),
        other => other,
    }
}

fn bytes(dice: &mut Dice) -> Vec<u8> {
    (0..=dice.below(4)).map(|_| odd_byte(dice)).collect()
}

/// A byte other than 0, those that mean something to a shell more often than others.
fn odd_byte(dice: &mut Dice) -> u8 {
    if dice.below(2) == 0 {
        let shell = b";&|<>$`\\\"'(){}[]*?#~!=% \t\n\r,^/+-.:0a\x1b\x7f\x80\xa0\xc0\xff";
        shell[dice.below(shell.len())]
    } else {
        u8::try_from(1 + dice.below(255)).unwrap()
    }
}

fn splice(line: &[u8], at: usize, length: usize, with: &[u8]) -> Vec<u8> {
    [&line[..at], with, &line[at + length..]].concat()
}

/// Variables that a client may send where sshd lets it, and by which a shell script has been steered. `startup` is a file that
/// springs the canary when a shell reads it.
pub(crate) fn tricks(startup: &Path, canary: &Path) -> Vec<(OsString, OsString)> {
    let springs = format!("$(: > {})", canary.display());
    let function = format!("() {{ : > {}; }}", canary.display());
    let mut tricks: Vec<(String, String)> = vec![
        ("BASH_ENV".into(), startup.display().to_string()),
        ("ENV".into(), startup.display().to_string()),
        ("BASH_ENV".into(), springs.clone()),
        ("SHELLOPTS".into(), "xtrace:verbose".into()),
        ("SHELLOPTS".into(), "noexec".into()),
        ("SHELLOPTS".into(), "allexport:braceexpand:posix".into()),
        ("BASHOPTS".into(), "extglob:nocasematch:compat31:expand_aliases:lastpipe:sourcepath".into()),
        ("PS4".into(), springs.clone()),
        ("BASH_XTRACEFD".into(), "1".into()),
        ("PROMPT_COMMAND".into(), springs.clone()),
        ("IFS".into(), "jaed5-_&=".into()),
        ("POSIXLY_CORRECT".into(), "1".into()),
        ("BASH_COMPAT".into(), "31".into()),
        ("BASH_COMPAT".into(), "4.2".into()),
        ("GLOBIGNORE".into(), "*".into()),
        ("CDPATH".into(), "/tmp".into()),
        ("TMPDIR".into(), "/nowhere".into()),
        ("HOME".into(), "/nowhere".into()),
        ("SHLVL".into(), "7".into()),
        ("BASH_ARGV0".into(), "x".into()),
        ("OPTIND".into(), "a[$(id)]".into()),
        ("TIMEFORMAT".into(), springs.clone()),
        ("SSH_CLIENT".into(), "x; id".into()),
        ("TMOUT".into(), "1".into()),
    ];
    // A function that is called from one too many ends the command that called it, and the script goes on with the next.
    tricks.extend((1..=5).map(|deep| ("FUNCNEST".into(), deep.to_string())));
    for locale in ["LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LANG", "LANGUAGE"] {
        for value in ["en_US.UTF-8", "C.UTF-8", "ja_JP.SJIS", "zh_CN.GB18030", "../../tmp/x"] {
            tricks.push((locale.into(), value.into()));
        }
    }
    for name in [
        "printf", "exec", "log", "deny", "run_api", "[[", "case", "unset", "readonly", "set", "cd", "exit", "read",
        "test",
    ] {
        tricks.push((format!("BASH_FUNC_{name}%%"), function.clone()));
        tricks.push((format!("BASH_FUNC_{name}()"), function.clone()));
        tricks.push((name.to_owned(), function.clone()));
    }
    // The script's own variables.
    for name in [
        "API",
        "ENV",
        "LOGGER",
        "TIMEOUT",
        "API_PATH",
        "API_HOME",
        "NAME",
        "VERSION",
        "ID",
        "IDS",
        "NUMBER",
        "PAGE",
        "MODIFY",
        "WORD",
        "CALL",
        "ECHO",
        "REQUEST_LENGTH_MAX",
        "SHOWN_LENGTH_MAX",
        "ANSWER_LENGTH_MAX",
        "request",
        "printable",
        "form",
        "words",
        "id",
        "function",
        "has_data",
        "has_output",
        "data",
        "read_only",
        "scoped",
        "jobs",
        "destinations",
        "bad_arguments",
        "limit",
        "rest",
        "byte",
        "code",
        "client",
        "answer",
        "found",
        "list",
        "said",
        "word",
        "key",
        "group",
        "BASH_REMATCH",
        "REPLY",
        "OPTARG",
    ] {
        tricks.push((name.to_owned(), springs.clone()));
        tricks.push((name.to_owned(), "a[$(id)]".into()));
    }
    tricks.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
}
