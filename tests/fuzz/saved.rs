//! A saved plan: understood whole, or refused with a reason.

use jbr::cli::saved::SavedPlan;

use crate::engine::{MIB, Target, run};

const TARGET: Target = Target {
    name: "saved",
    dictionary: &[
        "\"jbr_saved_plan\": 1",
        "\"jbr_saved_plan\": 0",
        "\"jbr_saved_plan\": 2",
        "\"plan\": \"/etc/jbr/plans\"",
        "\"servers\": []",
        "\"jobs\": []",
        "\"fresh\": true",
        "\"state_lineage\": \"\"",
        "\"state_serial\": 0",
        "\"content\": []",
        "null",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "\\u001b",
        "\\ud800",
        "18446744073709551616",
        "1.0",
    ],
    executions: 20_000,
    memory_base: MIB,
    memory_per_byte: 40,
    allocations_base: 2000,
    allocations_per_byte: 20,
    check,
};

#[test]
fn any_saved_plan() {
    run(&TARGET);
}

fn check(input: &[u8]) -> String {
    match SavedPlan::from_bytes(input) {
        Ok(saved) => {
            let raw: serde_json::Value = serde_json::from_slice(input).unwrap();
            assert_eq!(raw["jbr_saved_plan"], 1, "another format was taken for the first");
            let text = saved.to_json().unwrap();
            assert_eq!(SavedPlan::from_bytes(text.as_bytes()), Ok(saved));
            let again: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(again, raw, "something was not understood, or added");
            format!("a plan of {} lines", raw["content"].as_array().unwrap().len().min(3))
        }
        Err(what) => {
            assert!(!what.is_empty() && !what.contains(char::is_control), "{what:?}");
            let kind = what.split('`').step_by(2).collect::<Vec<_>>().join("`");
            let kind = kind.split(" at line ").next().unwrap_or_default();
            kind.chars().filter(|c| !c.is_ascii_digit()).take(80).collect()
        }
    }
}
