//! The order of the queue is the order of the triggers, over all servers.

mod support;

use chrono::Utc;
use jbr::simulator::{Fleet, Server};
use support::parts::{id, job, run_with, with_nas, writes_for};
use support::site::{NAS, Site};

/// S12: server b's 5 and 0 ran before server a's 1.
#[test]
fn s12_s20_priorities_order_the_triggers_and_one_handshake_a_server_serves_them_all() {
    let jobs = |numbers: &'static [usize]| {
        move |server: Server| numbers.iter().fold(with_nas(server), |s, number| s.job(job(*number, writes_for(100))))
    };
    let fleet = Fleet::new(Utc::now()).server("a", jobs(&[1, 2])).server("b", jobs(&[3, 4])).server("c", jobs(&[5, 6]));
    let site = Site::start(&fleet);
    site.write_plan(&run_with(
        "",
        &[
            ("b/five", 3, ", priority: 5"),
            ("b/zero", 4, ""),
            ("a/one", 1, ", priority: 1"),
            ("a/also-zero", 2, ", priority: 0"),
            ("c/below", 5, ", priority: -3"),
            ("c/ten", 6, ", priority: 10"),
        ],
    ));

    let ran = site.apply();

    assert_eq!(ran.code, Some(0), "{}", ran.text());
    let account = site.account();
    let triggered: Vec<&str> = account.triggers.iter().map(|trigger| trigger.job.as_str()).collect();
    assert_eq!(triggered, [6, 3, 1, 4, 2, 5].map(id));
    assert_eq!(account.max_writers(NAS), 1);
    let backwards = account.writes.windows(2).any(|pair| pair[1].from < pair[0].to.unwrap());
    assert!(!backwards, "each begins after the end of the one before: {:?}", account.writes);
    for (name, sshd) in &site.servers {
        assert_eq!(sshd.logins(), 1, "one handshake with {name} for six backups");
    }
}
