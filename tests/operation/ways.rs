//! `jbr test`: every way in which a server can fail to be ready, each at its step, with what to do about it.

use std::fs;

use chrono::Utc;
use jbr::simulator::{Dialect, Fault, Fleet, Rule, When};
use serde_json::{Value, json};

use crate::support::gate;
use crate::support::parts::{DESTINATION, entry, id, job, with_nas, writes_for};
use crate::support::site::Site;

/// Clears the screen, and would forge a line.
const EVIL: &str = "Nightly\u{1b}[2J\n  x  forged\u{202e}";

/// What the key's forced command runs where there is no gate.
const SHELL: &str = "exec sh -c \"$SSH_ORIGINAL_COMMAND\"";

/// One server that is as it should be, and one for each thing that can be wrong.
fn site() -> Site {
    let one = |number| move |server| with_nas(server).job(job(number, writes_for(300)));
    let fleet = Fleet::new(Utc::now())
        .server("good", |mut server| {
            server = one(1)(server).dialect(Dialect { version: Some(EVIL.to_owned()), ..Dialect::default() });
            server.job(jbr::simulator::Job::new(id(7), EVIL).writes_to(DESTINATION))
        })
        .server("locked-out", one(2))
        .server("reinstalled", one(3))
        .server("gateless", one(4))
        .server("down", one(5))
        .server("readonly", |server| with_nas(server).job(job(6, writes_for(600_000))))
        .server("refusing", |server| {
            one(10)(server)
                .rule(Rule::of("listBackupJobs", Fault::Refused("licence expired".to_owned())).when(When::Always))
        })
        .server("mistyped", one(11));
    let mut site = Site::start(&fleet);
    let named = [
        ("good", 1),
        ("locked-out", 2),
        ("reinstalled", 3),
        ("gateless", 4),
        ("down", 5),
        ("readonly", 6),
        ("refusing", 10),
        ("mistyped", 12),
    ];
    let jobs: String = named.iter().map(|(name, id)| entry(&format!("{name}/job{id}"), *id, "")).collect();
    site.write_plan_with(&format!(", destination: {DESTINATION}"), &format!("run: {{ poll: 1s }}\njobs:\n{jobs}"));
    fs::write(site.sshd("locked-out").path("authorized_keys"), "").unwrap();
    let other = site.sshd("good").public_host_key("ed25519");
    let port = site.sshd("reinstalled").port();
    fs::write(site.path("known_hosts"), format!("# mine\n[127.0.0.1]:{port} {other}\n")).unwrap();
    let (folder, shell) = (site.path("bin"), site.path("shell"));
    fs::create_dir(&folder).unwrap();
    fs::copy(site.api("gateless"), folder.join("jetbackup5api")).unwrap();
    gate::script(&shell, &format!("PATH={}:/usr/bin:/bin\n{SHELL}", folder.display()));
    site.sshd("gateless").force_command(shell.to_str().unwrap());
    let scoped = format!("{} --read-only", site.gate("readonly").display());
    site.sshd("readonly").force_command(&scoped);
    site.sshd("down").kill();
    site
}

/// The step that failed and why; every step before it was reached, and none after it was tried.
fn failed(server: &Value) -> Option<(String, String)> {
    let steps = server["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 10, "{server:#}");
    let at = steps.iter().position(|step| step["result"] == "failed")?;
    let of = |key: &str| steps[at][key].as_str().unwrap().to_owned();
    Some((of("step"), of("why")))
}

#[test]
fn each_thing_that_is_wrong_is_said_at_its_step_with_what_to_do() {
    let site = site();
    let ran = site.jbr(&["test", "--json"]);
    assert_eq!(ran.code, Some(1), "{}", ran.text());
    let test = ran.lines().remove(0);
    assert_eq!((&test["kind"], &test["ready"]), (&json!("test"), &json!(false)));
    let server = |name: &str| {
        let servers = test["servers"].as_array().unwrap();
        servers.iter().find(|server| server["server"] == name).unwrap().clone()
    };
    let step = |name: &str, step: &str| {
        let server = server(name);
        server["steps"].as_array().unwrap().iter().find(|known| known["step"] == step).unwrap().clone()
    };
    for (name, at, words) in [
        ("locked-out", "login", "the server does not take the key"),
        ("reinstalled", "host_key", "known_hosts line 2 says"),
        ("down", "connection", "Connection refused"),
        ("refusing", "api", "JetBackup refused: licence expired"),
        ("mistyped", "jobs", "1 of 1 not found: mistyped/job12"),
    ] {
        let (found, why) = failed(&server(name)).unwrap();
        assert!(found == at && why.contains(words), "{name}: {found}: {why}");
        assert_eq!(server(name)["ready"], false);
    }
    for name in ["good", "gateless", "readonly"] {
        assert_eq!((failed(&server(name)), &server(name)["ready"]), (None, &json!(true)), "{name}");
    }
    assert_eq!(step("down", "login")["result"], "not_tried");
    // What is to be copied is whole.
    let lines = |step: &Value| -> Vec<String> {
        step["advice"]["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    let key = fs::read_to_string(site.servers[1].1.client_key().with_extension("pub")).unwrap();
    let line = format!("restrict,command=\"/usr/local/bin/jetbackup-ssh-gate.sh\" {}", key.trim());
    assert_eq!(lines(&step("locked-out", "login")).last(), Some(&line));
    assert_eq!((&step("gateless", "gate")["result"], lines(&step("gateless", "gate")).len()), (&json!("attention"), 2));
    assert!(lines(&step("readonly", "gate"))[1].ends_with(&format!(" --jobs {}", id(6))));
    assert!(lines(&step("mistyped", "jobs")).contains(&format!("{}  job11", id(11))));
    assert!(step("good", "host_key")["found"].as_str().unwrap().contains(", new, recorded in "));

    let shown = site.jbr(&["test", "--server", "good", "--server", "down"]);
    assert_eq!(shown.code, Some(1), "{}", shown.text());
    assert!(!shown.stdout.contains('\u{1b}') && !shown.stdout.contains('\u{202e}'), "{}", shown.stdout);
    assert!(shown.stdout.contains("–  not tried    host key, login, gate, API, version,"), "{}", shown.stdout);
    assert!(shown.stdout.ends_with("Not ready: down. Ready: 1 of 2 servers.\n"), "{}", shown.stdout);
    let well = site.jbr(&["test", "--server", "good"]);
    assert_eq!(well.code, Some(0), "{}", well.text());
    assert!(well.stdout.ends_with("The server is ready. `jbr plan` shows what would run.\n"), "{}", well.stdout);
    let wrong = site.jbr(&["test", "--server", "god"]);
    assert!(wrong.code == Some(64) && wrong.stderr.contains("did you mean `good`?"), "{}", wrong.text());
    let asked = site.account().calls;
    assert!(
        asked.iter().all(|call| call.function.starts_with("list") || call.function.starts_with("get")),
        "{asked:#?}"
    );

    // A gate that says it would refuse is not tried.
    let by_hand = |fleet: &mut Fleet| {
        fleet.ask("readonly", "runBackupJobManually", &format!("_id={}", id(6)), Utc::now()).map(drop)
    };
    site.world.update(by_hand).unwrap().unwrap();
    site.until_runs("readonly", &id(6));
    let refused = site.jbr(&["stop", "readonly/job6", "--auto-approve"]);
    assert_eq!(refused.code, Some(1), "{}", refused.text());
    assert!(refused.stderr.contains("the gate of readonly does not let this key stop a backup"), "{}", refused.text());
    assert_eq!(site.account().calls_of("readonly", "stopQueueGroup"), 0);
}
