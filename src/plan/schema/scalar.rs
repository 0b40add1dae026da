//! Single values as a schema knows them, made of the words and limits that the reader goes by.

use chrono_tz::TZ_VARIANTS;
use serde_json::{Value, json};

use crate::hold::REASON_LENGTH_MAX;
use crate::plan::choice::Choice;
use crate::plan::{duration, host, id, moment, notify, number};

/// What an address is made of, on both sides of its slash.
const NAME: &str = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

/// Where a secret is: a credential of systemd's, a file or a variable.
const REFERENCE: &str =
    r"^(env:[A-Za-z_][A-Za-z0-9_]{0,254}|credential:[A-Za-z0-9_][A-Za-z0-9._-]{0,254}|file:[^~ $]([^$]*[^$/])?)$";

/// Text of this form, and what an editor says of any other.
fn text(pattern: &str, help: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "patternErrorMessage": help })
}

/// One of a few words.
pub(super) fn choice<C: Choice>() -> Value {
    json!({ "enum": C::WORDS })
}

/// `true` or `false`.
pub(super) fn switch() -> Value {
    json!({ "type": "boolean" })
}

/// The version of the plan language.
pub(super) fn version() -> Value {
    json!({ "const": number::VERSION })
}

/// A port.
pub(super) fn port() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": u16::MAX })
}

/// A priority.
pub(super) fn priority() -> Value {
    json!({ "type": "integer", "minimum": -number::PRIORITY_MAX, "maximum": number::PRIORITY_MAX })
}

/// How often something is tried in all.
pub(super) fn attempts() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": number::ATTEMPTS_MAX })
}

/// A number and a unit. Its limits are not in it: no pattern can say them.
pub(super) fn duration() -> Value {
    let units = duration::UNITS.concat().join("|");
    text(&format!(r"^\s*([0-9.]{{1,{}}}\s*({units})\s*)+$", duration::DIGITS_MAX), duration::HELP)
}

/// An id of JetBackup's. One of digits alone is a number to an editor, whose value it never sees exactly.
pub(super) fn id() -> Value {
    let length = id::LENGTH;
    let help =
        format!("{length} digits, 0-9 and a-f, as JetBackup shows them; between quotes where they are digits only");
    let text = text(&format!("^[0-9a-f]{{{length}}}$"), &help);
    json!({ "anyOf": [text, { "type": "number", "minimum": 1e23, "maximum": 1e24 }] })
}

/// A server's, a job's or a window's name.
pub(super) fn name() -> Value {
    text(&format!("^{NAME}$"), "letters, digits, `.`, `_` and `-`, at most 64, with a letter or digit first")
}

/// The address of a job.
pub(super) fn address() -> Value {
    text(&format!("^{NAME}/{NAME}$"), "the name of its server, a slash and its own name: server1/accounts")
}

/// A host name or an address.
pub(super) fn host() -> Value {
    let mut host =
        text("^[A-Za-z0-9._:%-]+$", "a host name or an IP address alone; user and port have keys of their own");
    host["maxLength"] = json!(host::HOST_LENGTH_MAX);
    host
}

/// A user's name.
pub(super) fn user() -> Value {
    text(
        &format!("^[A-Za-z0-9._][A-Za-z0-9._-]{{0,{}}}$", host::USER_LENGTH_MAX - 1),
        "the login name alone, such as root",
    )
}

/// A mail address.
pub(super) fn mail_address() -> Value {
    let mut address = text(
        r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]+$",
        "the address alone, such as ops@example.com, without a name",
    );
    address["maxLength"] = json!(notify::ADDRESS_LENGTH_MAX);
    address
}

/// The name with which somebody logs in at a mail server.
pub(super) fn login_name() -> Value {
    let mut name = text("^[!-~]+$", "the name that the mail server knows; many are mail addresses");
    name["maxLength"] = json!(notify::LOGIN_LENGTH_MAX);
    name
}

/// Where a secret is.
pub(super) fn secret() -> Value {
    text(REFERENCE, notify::REFERENCE_HELP)
}

/// The address of a ping, or where it is.
pub(super) fn ping_url() -> Value {
    let mut url = text("^https?://[^@/?# ]+([/?#][!-~]*)?$", "an address such as https://hc.example.com/ping/…");
    url["maxLength"] = json!(notify::URL_LENGTH_MAX);
    json!({ "anyOf": [url, secret()] })
}

/// A path.
pub(super) fn path() -> Value {
    text(r"^(?!~|env:|file:|credential:)[^$]*[^$/]$", "a whole path, or one from the plan's folder; no `~` and no `$`")
}

/// The path of a private key.
pub(super) fn key() -> Value {
    text(
        r"^(?!~|env:|file:|credential:|.*[^/]\.pub$)[^$]*[^$/]$",
        "the path of the private key's file, without `~` and `$`; not the .pub half",
    )
}

/// A day of the week.
pub(super) fn day() -> Value {
    json!({ "enum": moment::DAYS.map(|(_, word, _)| word) })
}

/// A date.
pub(super) fn date() -> Value {
    text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", moment::DATE_HELP)
}

/// When a span begins.
pub(super) fn beginning() -> Value {
    text("^([01][0-9]|2[0-3]):[0-5][0-9]$", moment::TIME_HELP)
}

/// A time of day, the end of one included.
pub(super) fn time_of_day() -> Value {
    text("^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", moment::TIME_HELP)
}

/// A time zone.
pub(super) fn timezone() -> Value {
    json!({ "enum": TZ_VARIANTS.iter().map(|zone| zone.name()).collect::<Vec<_>>() })
}

/// Until when something is held.
pub(super) fn until() -> Value {
    text("^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2}))?$", moment::UNTIL_HELP)
}

/// Why something is held.
pub(super) fn reason() -> Value {
    json!({ "type": "string", "pattern": r"\S", "patternErrorMessage": "say why in words", "maxLength": REASON_LENGTH_MAX })
}
