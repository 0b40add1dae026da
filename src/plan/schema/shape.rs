//! What each key of each table takes. A key that is new in [`keys`] is added here.

use serde_json::{Value, json};

use super::{map, scalar};
use crate::plan::keys::{self, KeyTable};
use crate::plan::{choice, job, notify, syntax, window};

/// What a key takes; `None` where it was not said.
pub(super) fn shape(table: &'static KeyTable, key: &str) -> Option<Value> {
    match *table {
        keys::PLAN => of_plan(key),
        keys::WINDOW | keys::EXCEPT => of_window(key),
        keys::DEFAULTS => of_defaults(key),
        keys::SERVER | keys::SERVER_DEFAULTS => of_server(key),
        keys::DESTINATION => of_destination(key),
        keys::JOB | keys::JOB_DEFAULTS => of_job(key),
        keys::AFTER => of_after(key),
        keys::RETRY => of_retry(key),
        keys::HOLD => of_hold(key),
        keys::RUN => of_run(key),
        keys::NOTIFY => of_notify(key),
        keys::EMAIL => of_email(key),
        keys::SMTP => of_smtp(key),
        keys::MAIL_ON => table.keys.contains(&key).then(scalar::switch),
        keys::PING => table.keys.contains(&key).then(scalar::ping_url),
        keys::WEBHOOK => table.keys.contains(&key).then(scalar::secret),
        _ => None,
    }
}

/// The keys that must be there. In a folder, `servers` and `jobs` may stand in another file.
pub(super) fn required(table: &'static KeyTable) -> &'static [&'static str] {
    match *table {
        keys::PLAN => &["version"],
        keys::WINDOW => &["timezone"],
        keys::SERVER | keys::SMTP => &["host"],
        keys::DESTINATION => &["id"],
        keys::JOB => &["name", "server", "id"],
        keys::AFTER => &["job"],
        keys::RETRY => &["attempts"],
        keys::HOLD => &["reason"],
        keys::EMAIL => &["to", "from", "smtp"],
        keys::WEBHOOK => &["url"],
        _ => &[],
    }
}

/// What holds between the keys of a table.
pub(super) fn rules(table: &'static KeyTable) -> Value {
    match *table {
        keys::WINDOW | keys::EXCEPT => json!({
            "dependencies": { "from": ["to"], "to": ["from"] },
            "not": { "required": ["days", "dates"] },
        }),
        keys::SMTP => json!({
            "dependencies": { "user": ["password"], "password": ["user"] },
        }),
        _ => json!({}),
    }
}

fn of_plan(key: &str) -> Option<Value> {
    Some(match key {
        "version" => scalar::version(),
        "defaults" => map(&keys::DEFAULTS),
        "windows" => {
            let mut windows = by_name(&map(&keys::WINDOW), window::WINDOWS_MAX);
            windows["propertyNames"]["not"] = json!({ "const": window::ALWAYS });
            windows
        }
        "servers" => by_name(&map(&keys::SERVER), syntax::SERVERS_MAX),
        "jobs" => json!({ "type": "array", "items": map(&keys::JOB), "minItems": 1, "maxItems": job::JOBS_MAX }),
        "run" => map(&keys::RUN),
        "notify" => map(&keys::NOTIFY),
        _ => return None,
    })
}

fn of_defaults(key: &str) -> Option<Value> {
    Some(match key {
        "server" => map(&keys::SERVER_DEFAULTS),
        "job" => map(&keys::JOB_DEFAULTS),
        _ => return None,
    })
}

fn of_window(key: &str) -> Option<Value> {
    Some(match key {
        "days" => one_or_more(&scalar::day(), crate::window::DAYS_IN_A_WEEK),
        "dates" => one_or_more(&scalar::date(), window::DATES_MAX),
        "from" => scalar::beginning(),
        "to" => scalar::time_of_day(),
        "timezone" => scalar::timezone(),
        "except" => one_or_more(&either(&scalar::name(), &map(&keys::EXCEPT)), window::EXCEPT_MAX),
        _ => return None,
    })
}

fn of_server(key: &str) -> Option<Value> {
    Some(match key {
        "host" => scalar::host(),
        "port" => scalar::port(),
        "user" => scalar::user(),
        "key" => scalar::key(),
        "known_hosts" => scalar::path(),
        "host_key" => scalar::choice::<choice::HostKey>(),
        "connect_timeout" | "command_timeout" => scalar::duration(),
        "destination" => either(&scalar::id(), &map(&keys::DESTINATION)),
        _ => return None,
    })
}

fn of_destination(key: &str) -> Option<Value> {
    Some(match key {
        "id" => scalar::id(),
        "keep" => scalar::choice::<choice::KeepDestination>(),
        _ => return None,
    })
}

fn of_job(key: &str) -> Option<Value> {
    Some(match key {
        "name" | "server" => scalar::name(),
        "id" => scalar::id(),
        "type" => scalar::choice::<choice::Kind>(),
        "priority" => scalar::priority(),
        "after" => one_or_more(&either(&scalar::address(), &map(&keys::AFTER)), job::AFTER_MAX),
        "window" => one_or_more(&scalar::name(), window::JOB_WINDOWS_MAX),
        "fits" => scalar::switch(),
        "every" | "max_age" | "timeout" | "start_timeout" => scalar::duration(),
        "retry" => map(&keys::RETRY),
        "hold" => either(&scalar::reason(), &map(&keys::HOLD)),
        "on_timeout" => scalar::choice::<choice::OnTimeout>(),
        "keep" => scalar::choice::<choice::KeepJob>(),
        _ => return None,
    })
}

fn of_after(key: &str) -> Option<Value> {
    Some(match key {
        "job" => scalar::address(),
        "when" => scalar::choice::<choice::AfterWhen>(),
        _ => return None,
    })
}

fn of_retry(key: &str) -> Option<Value> {
    Some(match key {
        "attempts" => scalar::attempts(),
        "wait" => scalar::duration(),
        "when" => {
            let word = scalar::choice::<choice::FailureWord>();
            one_or_more(&word, <choice::FailureWord as choice::Choice>::WORDS.len())
        }
        _ => return None,
    })
}

fn of_hold(key: &str) -> Option<Value> {
    Some(match key {
        "reason" => scalar::reason(),
        "until" => scalar::until(),
        _ => return None,
    })
}

fn of_run(key: &str) -> Option<Value> {
    Some(match key {
        "poll" | "start_timeout" | "unreachable_wait" | "resume_within" => scalar::duration(),
        "on_timeout" => scalar::choice::<choice::OnTimeout>(),
        "pace" => scalar::choice::<choice::Pace>(),
        "partial" => scalar::choice::<choice::Partial>(),
        _ => return None,
    })
}

fn of_notify(key: &str) -> Option<Value> {
    Some(match key {
        "email" => map(&keys::EMAIL),
        "ping" => map(&keys::PING),
        "webhook" => map(&keys::WEBHOOK),
        _ => return None,
    })
}

fn of_email(key: &str) -> Option<Value> {
    Some(match key {
        "to" => one_or_more(&scalar::mail_address(), notify::RECIPIENTS_MAX),
        "from" => scalar::mail_address(),
        "smtp" => map(&keys::SMTP),
        "on" => map(&keys::MAIL_ON),
        "log_excerpts" => scalar::switch(),
        _ => return None,
    })
}

fn of_smtp(key: &str) -> Option<Value> {
    Some(match key {
        "host" => scalar::host(),
        "port" => scalar::port(),
        "security" => scalar::choice::<choice::MailSecurity>(),
        "user" => scalar::login_name(),
        "password" => scalar::secret(),
        "timeout" => scalar::duration(),
        "ca_file" => scalar::path(),
        _ => return None,
    })
}

/// A map of names to something.
fn by_name(of: &Value, max: usize) -> Value {
    let name = scalar::name();
    json!({ "type": "object", "propertyNames": name, "additionalProperties": of, "minProperties": 1, "maxProperties": max })
}

/// A value that may be written in short.
fn either(short: &Value, whole: &Value) -> Value {
    json!({ "anyOf": [short, whole] })
}

/// One value, or a list of them in which none stands twice.
fn one_or_more(item: &Value, max: usize) -> Value {
    let list = json!({ "type": "array", "items": item, "minItems": 1, "maxItems": max, "uniqueItems": true });
    json!({ "anyOf": [item, list] })
}
