//! The plain text that `jetbackup5api` prints where nobody asks for JSON (documented as the default).
//!
//! Its exact form is inferred; what matters is that true and 1 look alike in it (documented), so that nobody can rely
//! on it.

use std::fmt::Write as _;

use serde_json::Value;

/// The envelope as indented text.
pub(super) fn plain(envelope: &Value) -> String {
    let mut out = String::new();
    write(&mut out, envelope, 0);
    out
}

/// Recursion is bounded by the envelope's own depth, which is fixed by the rows.
fn write(out: &mut String, value: &Value, depth: usize) {
    let rows: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => return,
    };
    for (key, value) in rows {
        let _ = writeln!(out, "{:indent$}{key}: {}", "", leaf(value), indent = depth * 2);
        write(out, value, depth + 1);
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) | Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn true_and_one_look_alike() {
        let value = serde_json::json!({"a": true, "b": 1, "c": {"d": [false, "x"]}});
        assert_eq!(plain(&value), "a: 1\nb: 1\nc: \n  d: \n    0: \n    1: x\n");
    }
}
