//! `jbr list`: declared and available side by side.

use serde_json::{Value, json};

use crate::support::parts::{DESTINATION, entry, id, job, with_nas, writes_for};
use crate::support::site::Site;

use chrono::Utc;
use jbr::simulator::{Fleet, Job};

#[test]
fn declared_and_available_jobs_stand_side_by_side() {
    let evil = Job::new(id(7), "Old\u{1b}[2J\n  x  forged").writes_to(DESTINATION);
    let fleet = Fleet::new(Utc::now())
        .server("a", |a| {
            let scheduled = job(2, writes_for(300)).schedule(id(50), Utc::now() + chrono::TimeDelta::hours(1), None);
            with_nas(a).job(job(1, writes_for(300))).job(scheduled).job(evil)
        })
        .server("b", with_nas);
    let mut site = Site::start(&fleet);
    let jobs =
        [entry("a/job1", 1, ""), entry("a/job2", 2, ""), entry("a/gone", 9, ""), entry("b/unread", 3, "")].concat();
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &format!("jobs:\n{jobs}"));
    site.sshd("b").kill();

    let text = site.jbr(&["list"]);
    assert_eq!(text.code, Some(1), "{}", text.text());
    assert!(!text.stdout.contains('\u{1b}') && text.stdout.contains(&id(7)), "{}", text.stdout);
    // JetBackup's own, on every server: shown, and no more to be looked at than in a plan.
    let own: Vec<&str> = text.stdout.lines().filter(|line| line.contains("JetBackup Config")).collect();
    assert!(own.len() == 1 && own[0].starts_with("  ·"), "{}", text.stdout);

    let ran = site.jbr(&["list", "--json", "--server", "a"]);
    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let rows = ran.lines()[0]["servers"][0]["jobs"].as_array().unwrap().clone();
    let of = |number: usize| rows.iter().find(|row| row["id"] == id(number).as_str()).unwrap();
    let facts =
        |row: &Value| (row["job"].clone(), row["declared"].clone(), row["there"].clone(), row["scheduled"].clone());
    assert_eq!(facts(of(1)), (json!("a/job1"), json!(true), json!(true), json!(false)));
    assert_eq!(facts(of(2)), (json!("a/job2"), json!(true), json!(true), json!(true)));
    assert_eq!(facts(of(9)), (json!("a/gone"), json!(true), json!(false), Value::Null));
    assert_eq!(facts(of(7)), (Value::Null, json!(false), json!(true), json!(false)));
    assert_eq!(
        of(1)["destinations"],
        json!([{ "id": DESTINATION, "name": of(1)["destinations"][0]["name"], "disabled": false, "guarded": true }])
    );
    let contrary = site.jbr(&["status", "--server", "b", "--job", "a/job1"]);
    assert!(contrary.code == Some(64) && contrary.stderr.contains("no job of the plan is left"), "{}", contrary.text());
    let one = site.jbr(&["list", "--json", "--job", "a/job2"]);
    let servers = &one.lines()[0]["servers"];
    assert_eq!(
        (one.code, servers.as_array().unwrap().len()),
        (Some(0), 1),
        "the silent one is not asked: {}",
        one.text()
    );
    assert_eq!((servers[0]["jobs"].as_array().unwrap().len(), &servers[0]["jobs"][0]["id"]), (1, &json!(id(2))));
    let one = site.jbr(&["test", "--json", "--job", "a/job2"]);
    assert_eq!(one.lines()[0]["servers"].as_array().unwrap().len(), 1, "{}", one.text());
    let wrong = site.jbr(&["test", "--job", "a/jbo2"]);
    assert!(wrong.code == Some(64) && wrong.stderr.contains("did you mean `a/job2`?"), "{}", wrong.text());
    // A plan without jobs will do, and a name that does not exist will not.
    site.write_plan("");
    let bare = site.jbr(&["list", "--server", "a"]);
    assert_eq!(bare.code, Some(0), "{}", bare.text());
    let status = site.jbr(&["status", "--json", "--server", "a"]);
    assert_eq!(
        (status.code, &status.lines()[0]["servers"][0]["reachable"]),
        (Some(0), &json!(true)),
        "{}",
        status.text()
    );

    // What is wrong with the files of jbr keeps nobody from seeing the servers.
    std::fs::write(site.path("odd.json"), "{").unwrap();
    let odd = site.path("odd.json").display().to_string();
    let status = site.jbr(&["status", "--json", "--server", "a", "--state", &odd]);
    assert_eq!(status.code, Some(1), "{}", status.text());
    let seen = &status.lines()[0];
    assert_eq!((&seen["read"], &seen["servers"][0]["reachable"]), (&json!("partly"), &json!(true)), "{seen:#}");
    assert!(seen["state_why"].as_str().unwrap().contains("odd.json is damaged"), "{seen:#}");
    let tested = site.jbr(&["test", "--server", "a", "--state", &odd]);
    assert_eq!(tested.code, Some(0), "{}", tested.text());
    assert!(tested.stderr.contains("the state cannot be read"), "{}", tested.stderr);

    let wrong = site.jbr(&["list", "--server", "c"]);
    assert!(wrong.code == Some(64) && wrong.stderr.contains("no server called `c`"), "{}", wrong.text());
}
