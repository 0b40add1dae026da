//! Every key that a plan may hold: the one table behind the check of keys and its suggestions, and behind the manual's
//! test.

/// The keys of one kind of map.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyTable {
    /// What the map is, as a message names it.
    pub name: &'static str,
    /// The keys that mean something.
    pub keys: &'static [&'static str],
    /// Keys that people know from the documentation of a later version.
    pub later: &'static [&'static str],
}

/// The top of a file.
pub const PLAN: KeyTable = KeyTable {
    name: "the plan",
    keys: &["version", "defaults", "windows", "servers", "jobs", "run", "notify"],
    later: &[],
};

/// `defaults`.
pub const DEFAULTS: KeyTable = KeyTable { name: "`defaults`", keys: &["server", "job"], later: &[] };

/// One of `windows`.
pub const WINDOW: KeyTable =
    KeyTable { name: "a window", keys: &["days", "dates", "from", "to", "timezone", "except"], later: &[] };

/// A part of a window's `except`, where it is a map.
pub const EXCEPT: KeyTable = KeyTable { name: "an exception", keys: &["days", "dates", "from", "to"], later: &[] };

/// One of `servers`.
pub const SERVER: KeyTable = KeyTable {
    name: "a server",
    keys: &[
        "host",
        "port",
        "user",
        "key",
        "known_hosts",
        "host_key",
        "connect_timeout",
        "command_timeout",
        "destination",
    ],
    later: &[],
};

/// `defaults.server`.
pub const SERVER_DEFAULTS: KeyTable = KeyTable {
    name: "`defaults.server`",
    keys: &["port", "user", "key", "known_hosts", "host_key", "connect_timeout", "command_timeout"],
    later: &[],
};

/// A server's `destination`, where it is a map.
pub const DESTINATION: KeyTable = KeyTable { name: "a destination", keys: &["id", "keep"], later: &[] };

/// One of `jobs`.
pub const JOB: KeyTable = KeyTable {
    name: "a job",
    keys: &[
        "name",
        "server",
        "id",
        "type",
        "priority",
        "after",
        "window",
        "fits",
        "every",
        "max_age",
        "retry",
        "hold",
        "timeout",
        "start_timeout",
        "on_timeout",
        "keep",
    ],
    later: &[],
};

/// `defaults.job`. Without `after`, which would have each job come after itself, and without `hold`, which no job could take back.
pub const JOB_DEFAULTS: KeyTable = KeyTable {
    name: "`defaults.job`",
    keys: &[
        "type",
        "priority",
        "window",
        "fits",
        "every",
        "max_age",
        "retry",
        "timeout",
        "start_timeout",
        "on_timeout",
        "keep",
    ],
    later: &[],
};

/// A part of a job's `after`, where it is a map.
pub const AFTER: KeyTable = KeyTable { name: "a part of `after`", keys: &["job", "when"], later: &[] };

/// A job's `retry`.
pub const RETRY: KeyTable = KeyTable { name: "`retry`", keys: &["attempts", "wait", "when"], later: &[] };

/// A job's `hold`, where it is a map.
pub const HOLD: KeyTable = KeyTable { name: "`hold`", keys: &["reason", "until"], later: &[] };

/// `run`.
pub const RUN: KeyTable = KeyTable {
    name: "`run`",
    keys: &["poll", "pace", "start_timeout", "on_timeout", "unreachable_wait", "partial", "resume_within"],
    later: &[],
};

/// `notify`.
pub const NOTIFY: KeyTable = KeyTable { name: "`notify`", keys: &["email", "ping", "webhook"], later: &[] };

/// `notify.email`.
pub const EMAIL: KeyTable =
    KeyTable { name: "`email`", keys: &["to", "from", "smtp", "on", "log_excerpts"], later: &[] };

/// `notify.email.smtp`.
pub const SMTP: KeyTable = KeyTable {
    name: "`smtp`",
    keys: &["host", "port", "security", "user", "password", "timeout", "ca_file"],
    later: &[],
};

/// `notify.email.on`.
pub const MAIL_ON: KeyTable = KeyTable { name: "`on`", keys: &MAIL_ON_KEYS, later: &[] };

/// The keys of `notify.email.on`.
pub(super) const MAIL_ON_KEYS: [&str; 6] = ["failure", "timeout", "partial", "unreachable", "stale", "finished"];

/// `notify.ping`.
pub const PING: KeyTable = KeyTable { name: "`ping`", keys: &["start", "success", "failure"], later: &[] };

/// `notify.webhook`.
pub const WEBHOOK: KeyTable = KeyTable { name: "`webhook`", keys: &["url"], later: &[] };

/// All tables, in the order of the manual.
pub const TABLES: [&KeyTable; 19] = [
    &PLAN,
    &WINDOW,
    &EXCEPT,
    &DEFAULTS,
    &SERVER,
    &SERVER_DEFAULTS,
    &DESTINATION,
    &JOB,
    &JOB_DEFAULTS,
    &AFTER,
    &RETRY,
    &HOLD,
    &RUN,
    &NOTIFY,
    &EMAIL,
    &SMTP,
    &MAIL_ON,
    &PING,
    &WEBHOOK,
];

/// The other kinds of map that take this key.
pub(super) fn homes(key: &str) -> Vec<&'static str> {
    TABLES.iter().filter(|table| table.keys.contains(&key)).map(|table| table.name).collect()
}
