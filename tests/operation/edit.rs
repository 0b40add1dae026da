//! `jbr state rm` and `mv`: what is remembered of a job is forgotten or renamed, shown before, and never beside another jbr.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use jbr::clock::earlier;
use jbr::execute::outcome::{Outcome, Verdict};
use jbr::hold::ByHand;
use jbr::names::{JobAddress, JobId};
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, Store as _, new_lineage};
use jbr::state::{JobRecord, State};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::ran::{Ran, jbr};

/// A folder with a state in it.
struct Desk(TempDir);

impl Desk {
    /// Two jobs with a past, the second of them held.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        let mut state = State::new(new_lineage().unwrap());
        let now = Utc::now();
        for (name, id) in [("web1/accounts", "aaaaaaaaaaaaaaaaaaaaaaaa"), ("web1/files", "bbbbbbbbbbbbbbbbbbbbbbbb")] {
            let mut record = JobRecord::new(JobId::new(id).unwrap());
            let ended = earlier(now, Duration::from_secs(7200));
            record.last_success = Some(ended);
            record.last_outcome = Some(Outcome::without_run(Verdict::Completed, ended, String::new()));
            state.jobs.insert(address(name), record);
        }
        let reason = "the disk is moved".to_owned();
        state.holds.insert(address("web1/files"), ByHand { user: "ana".to_owned(), since: now, reason, until: None });
        let mut store = FileStore::new(&desk.path()).unwrap();
        store.lock(&Holder::this_process("test", now)).unwrap();
        store.commit(&mut state).unwrap();
        desk
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state.json")
    }

    fn jbr(&self, arguments: &[&str]) -> Ran {
        Ran::of(jbr(arguments).env("JBR_STATE", self.path()))
    }

    fn show(&self) -> Value {
        self.jbr(&["state", "show", "--json"]).lines().remove(0)
    }

    #[track_caller]
    fn check(&self, arguments: &[&str], code: i32, words: &str) {
        let ran = self.jbr(&[&["state"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.text());
        assert!(ran.text().contains(words), "{arguments:?}: {}", ran.text());
    }
}

fn address(text: &str) -> JobAddress {
    text.parse().unwrap()
}

fn jobs(state: &Value) -> Vec<&str> {
    state["jobs"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap()).collect()
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let desk = Desk::new();
    let before = fs::read(desk.path()).unwrap();
    desk.check(&["rm", "web1/accounts"], 5, "To be forgotten: web1/accounts");
    desk.check(&["rm", "web1/acounts", "--auto-approve"], 64, "did you mean `web1/accounts`?");
    desk.check(&["mv", "web1/acounts", "web1/x", "--auto-approve"], 64, "nothing is remembered of web1/acounts");
    desk.check(&["mv", "web1/accounts", "web2/accounts", "--auto-approve"], 64, "different servers");
    desk.check(&["mv", "web1/accounts", "web1/files", "--auto-approve"], 1, "web1/files has the record of another job");
    desk.check(&["mv", "web1/files", "web1/files", "--auto-approve"], 64, "web1/files is its name already");
    let mut other = FileStore::new(&desk.path()).unwrap();
    other.lock(&Holder::this_process("apply", Utc::now())).unwrap();
    desk.check(&["rm", "web1/accounts", "--auto-approve"], 6, "nothing was changed: another jbr holds the lock");
    drop(other);
    assert_eq!(fs::read(desk.path()).unwrap(), before);
}

#[test]
fn a_job_is_forgotten_or_renamed_in_a_new_generation() {
    let desk = Desk::new();
    let ran = desk.jbr(&["state", "mv", "web1/files", "web1/homes", "--auto-approve", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let change = ran.lines().remove(0);
    assert_eq!(
        (&change["change"], &change["to"], &change["hold"]["user"]),
        (&json!("mv"), &json!("web1/homes"), &json!("ana"))
    );
    let state = desk.show();
    assert_eq!((jobs(&state), &state["serial"]), (vec!["web1/accounts", "web1/homes"], &json!(2)));
    assert_eq!(state["holds"][0]["job"], "web1/homes", "a hold follows its job");

    desk.check(&["rm", "web1/homes", "--auto-approve"], 0, "its hold stays; `jbr release web1/homes` ends it");
    let state = desk.show();
    assert_eq!((jobs(&state), &state["serial"]), (vec!["web1/accounts"], &json!(3)));
    assert_eq!(state["holds"][0]["job"], "web1/homes");
    desk.check(&["rm", "web1/homes", "--auto-approve"], 1, "there is no record of web1/homes to forget; it has a hold");
    desk.check(&["mv", "web1/accounts", "web1/homes", "--auto-approve"], 0, "the state has serial 4");
    let state = desk.show();
    assert_eq!((jobs(&state), &state["holds"][0]["job"]), (vec!["web1/homes"], &json!("web1/homes")));
}
