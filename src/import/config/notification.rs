//! `notification`: kept as comments for `notify`, without the password.

use super::reader::{Reader, is_secret};
use super::{Fate, Json};
use crate::import::Draft;
use crate::import::yaml::shown;

/// How many addresses a comment lists.
const ADDRESSES_MAX: usize = 20;

/// Says what became of the mail settings, and keeps them as comments at the end of the plan.
pub(super) fn notification(reader: &mut Reader, draft: &mut Draft, json: &Json) {
    let mut kept = Vec::new();
    for (key, value) in reader.entries("notification", json) {
        let at = format!("notification.{key}");
        let known = match key {
            "smtp_password" if *value == Json::Text(String::new()) => {
                reader.not_needed(&at, "it is empty");
                continue;
            }
            _ if is_secret(key) => {
                reader.secret(&at);
                continue;
            }
            "enabled" | "smtp_tls" | "on_failure" | "on_timeout" | "on_complete" | "on_partial" => {
                reader.flag(&at, value).map(|flag| flag.to_string())
            }
            "smtp_port" => reader.whole(&at, value).map(|port| port.to_string()),
            "smtp_host" | "smtp_user" | "from_address" => reader.text(&at, value),
            "to_addresses" => addresses(reader, &at, value),
            _ => {
                reader.unknown(&at);
                continue;
            }
        };
        let Some(known) = known else { continue };
        if known.contains("://") || key == "smtp_host" && known.contains('@') {
            // An address with a login in it, perhaps.
            reader.secret(&at);
            continue;
        }
        reader.say(&at, Fate::ToDo, "kept as a comment at the end of the plan, for `notify`".to_owned());
        kept.push(format!("- {key}: {}", shown(&known)));
    }
    if !kept.is_empty() {
        draft.tail.push(
            "The predecessor's mail settings, for `notify`. A password belongs into `file:/path` or `credential:NAME`."
                .to_owned(),
        );
        draft.tail.extend(kept);
    }
}

fn addresses(reader: &mut Reader, at: &str, value: &Json) -> Option<String> {
    let Json::List(list) = value else {
        reader.odd(at, value, "a list of addresses");
        return None;
    };
    let mut all = Vec::new();
    for (number, address) in list.iter().enumerate().take(ADDRESSES_MAX) {
        all.push(reader.text(&format!("{at}[{number}]"), address)?);
    }
    Some(all.join(", "))
}
