//! THE PLAN FOR EDITORS: a JSON Schema of one plan file, so that an editor completes keys and marks what is wrong while it is typed.
//!
//! Draft 7, which every editor's YAML support reads; the later drafts are not read by all of them. Its maps and keys are those of
//! [`keys`], its words and limits those that the reader goes by, and its descriptions are the manual's own
//! (`docs/plan.md`). What each key takes is said in `shape`; a key of a table without a shape there fails a test.
//!
//! A schema cannot know everything: names that are declared nowhere, circles, windows that never open and how long a duration may be are
//! found by `jbr validate` alone. It never refuses what the reader takes.

mod manual;
mod scalar;
mod shape;

use serde_json::{Map, Value, json};

use super::keys::{self, KeyTable};

/// Which schema language this is written in.
const DIALECT: &str = "http://json-schema.org/draft-07/schema#";

/// The file that plans name in their first line, in the folder that they stand in themselves.
pub const FILE_NAME: &str = "plan.schema.json";

/// The first line of a plan that tells an editor of the schema beside it.
#[must_use]
pub fn modeline() -> String {
    format!("# yaml-language-server: $schema={FILE_NAME}")
}

/// The schema of one file of a plan.
#[must_use]
pub fn schema() -> Value {
    let mut schema = map(&keys::PLAN);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("A plan of jbr");
    schema["description"] =
        json!("`jbr validate` checks a plan whole; this is what an editor can know of one file of it.");
    schema
}

/// The keys for which nobody has said what they take, as `key of table`.
#[must_use]
pub fn shapeless() -> Vec<String> {
    let keys = keys::TABLES.iter().flat_map(|table| table.keys.iter().map(move |key| (*table, *key)));
    let without = keys.filter(|(table, key)| shape::shape(table, key).is_none());
    without.map(|(table, key)| format!("`{key}` of {}", table.name)).collect()
}

/// A map with the keys of a table and no others.
fn map(table: &'static KeyTable) -> Value {
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| ((*key).to_owned(), described(table, key))).collect();
    let mut map =
        json!({ "type": "object", "properties": properties, "additionalProperties": false, "minProperties": 1 });
    let required = shape::required(table);
    if !required.is_empty() {
        map["required"] = json!(required);
    }
    if let Some(rules) = shape::rules(table).as_object() {
        for (keyword, rule) in rules {
            map[keyword] = rule.clone();
        }
    }
    map
}

/// What a key takes, in the manual's words. Of a key that nobody described, anything.
fn described(table: &'static KeyTable, key: &str) -> Value {
    let mut value = shape::shape(table, key).unwrap_or_else(|| json!({}));
    if let Some(words) = manual::words(table, key) {
        value["description"] = json!(words);
    }
    value
}
