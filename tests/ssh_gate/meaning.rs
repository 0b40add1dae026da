//! What a request means, decided without the gate's help: by taking it apart, where the gate compares it with whole forms.

/// What is to become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// JetBackup's program is started with these arguments.
    Start(Vec<String>),
    /// The gate answers this by itself.
    Say(String),
    /// Nothing.
    Refuse,
}

/// The key's scopes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    pub(crate) read_only: bool,
    /// What may be changed, where that is limited: jobs and destinations.
    pub(crate) limits: Option<(Vec<String>, Vec<String>)>,
}

/// The parameters that a function may have, by name and in order. `None` is a call without.
const FORMS: &[(&str, &[Option<&[&str]>])] = &[
    ("listBackupJobs", &[None, Some(&["sort[_id]", "limit", "skip"])]),
    ("listDestinations", &[None, Some(&["limit", "skip"])]),
    ("listSchedules", &[None, Some(&["limit", "skip"])]),
    ("listQueueGroups", &[Some(&["type"]), Some(&["type", "sort[created]", "limit", "skip"])]),
    ("listQueueItems", &[Some(&["group_id"]), Some(&["group_id", "limit", "skip"])]),
    (
        "listLogs",
        &[
            Some(&["find[type]", "find[info.ID]", "sort[start_time]", "limit", "skip"]),
            Some(&["find[type]", "sort[start_time]", "limit", "skip"]),
            Some(&["limit"]),
            Some(&["limit", "type"]),
        ],
    ),
    ("getBackupJob", &[Some(&["_id"])]),
    ("getDestination", &[Some(&["_id"])]),
    ("getLog", &[Some(&["_id"])]),
    ("getQueueGroup", &[Some(&["_id"]), Some(&["_id", "get_log_contents"])]),
    ("getSettingsPerformance", &[None]),
    ("runBackupJobManually", &[Some(&["_id"])]),
    ("stopQueueGroup", &[Some(&["_id"])]),
    ("manageBackupJob", MODIFY),
    ("manageDestination", MODIFY),
    ("manageDestinationState", &[Some(&["_id", "disabled"])]),
];

const MODIFY: &[Option<&[&str]>] = &[Some(&["action", "_id", "disabled"]), Some(&["_id", "action", "disabled"])];

/// What a request means for a key with these scopes. JetBackup is taken to know no queue group.
pub(crate) fn meaning(request: &[u8], scopes: &Scopes) -> Meaning {
    let said = std::str::from_utf8(request).ok().filter(|text| text.len() <= 512);
    said.and_then(|text| call(text, scopes).or_else(|| echo(text)).or_else(|| version(text, scopes)))
        .unwrap_or(Meaning::Refuse)
}

fn call(text: &str, scopes: &Scopes) -> Option<Meaning> {
    let rest = text.strip_prefix("jetbackup5api -F ")?;
    let (rest, output) = match rest.strip_suffix(" -O json") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (function, data) = match rest.split_once(" -D ") {
        Some((function, quoted)) => (function, Some(unquote(quoted)?)),
        None => (rest, None),
    };
    let pairs = data.map(|data| data.split('&').map(|pair| pair.split_once('=')).collect::<Option<Vec<_>>>());
    let pairs = match pairs {
        Some(pairs) => Some(pairs?),
        None => None,
    };
    let names = pairs.as_ref().map(|pairs| pairs.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    let (_, forms) = FORMS.iter().find(|(known, _)| *known == function)?;
    if !forms.contains(&names.as_deref()) || !pairs.iter().flatten().all(|(name, value)| fits(name, value)) {
        return None;
    }
    let id = pairs.iter().flatten().find(|(name, _)| *name == "_id").map_or("", |(_, value)| value);
    if !may(function, id, scopes) {
        return None;
    }
    let mut words = vec!["-F", function];
    words.extend(data.iter().flat_map(|data| ["-D", data]));
    words.extend(output.then_some(["-O", "json"]).into_iter().flatten());
    Some(Meaning::Start(words.into_iter().map(str::to_owned).collect()))
}

fn echo(text: &str) -> Option<Meaning> {
    let said = text.strip_prefix("echo ")?;
    let word = unquote(said).unwrap_or(said);
    let first = word.chars().next()?;
    let fits = first.is_ascii_alphanumeric() && word.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    (fits && word.len() <= 64).then(|| Meaning::Say(word.to_owned()))
}

fn version(text: &str, scopes: &Scopes) -> Option<Meaning> {
    if text != "gate-version" {
        return None;
    }
    let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(",") };
    let scope = match scopes {
        Scopes { read_only: true, .. } => " read-only".to_owned(),
        Scopes { limits: Some((jobs, destinations)), .. } => {
            format!(" jobs={} destinations={}", list(jobs), list(destinations))
        }
        Scopes { limits: None, .. } => String::new(),
    };
    Some(Meaning::Say(format!("jetbackup-ssh-gate 1{scope}")))
}

fn unquote(text: &str) -> Option<&str> {
    ['\'', '"'].into_iter().find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

fn fits(name: &str, value: &str) -> bool {
    let digits = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "_id" | "group_id" | "find[info.ID]" => {
            (1..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        }
        "limit" | "skip" => digits(value) && value.len() <= 10 && (value == "0" || !value.starts_with('0')),
        "disabled" => value == "0" || value == "1",
        "type" | "find[type]" | "sort[_id]" | "get_log_contents" => value == "1",
        "sort[created]" | "sort[start_time]" => value == "-1",
        "action" => value == "modify",
        _ => false,
    }
}

fn may(function: &str, id: &str, scopes: &Scopes) -> bool {
    let reads = function.starts_with("list") || function.starts_with("get");
    let is_in = |ids: &[String]| ids.iter().any(|known| known == id);
    match scopes {
        _ if reads => true,
        Scopes { read_only: true, .. } => false,
        Scopes { limits: None, .. } => true,
        Scopes { limits: Some((jobs, destinations)), .. } => match function {
            "runBackupJobManually" | "manageBackupJob" => is_in(jobs),
            "manageDestination" | "manageDestinationState" => is_in(destinations),
            _ => false,
        },
    }
}
