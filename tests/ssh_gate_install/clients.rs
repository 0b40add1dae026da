//! For which clients the installer asks sshd what it does: those that will come, since a `Match Address` block is for some only.

use std::fs;

use super::support::sshd::Sshd;
use super::system::{ADMIN, KEY, System, line};

/// Where the admin's connection comes from, and to.
const CONNECTION: &str = "203.0.113.5 40000 192.0.2.1 2222";

#[test]
fn sshd_is_asked_for_the_addresses_of_from_for_the_caller_and_for_this_machine() {
    let system = System::new("", "");
    let asked = system.path("asked");
    let system = system.has_sshd(&format!("echo \"$*\" >> '{}'; echo acceptenv LANG", asked.display()));
    let from = "192.0.2.7,!192.0.2.8,2001:db8::5,10.0.0.0/8,203.0.113.?,pi.example.com";
    let said = system.install_over(CONNECTION, &["--key", KEY, "--from", from]).done_saying();
    assert!(said.contains("sshd was asked for clients at 192.0.2.7, 2001:db8::5, 203.0.113.5, 127.0.0.1\n"), "{said}");
    let others = "not asked for 10.0.0.0/8, 203.0.113.?, pi.example.com; where";
    assert!(said.contains(others) && said.contains(",laddr=192.0.2.1,lport=2222\n"), "{said}");
    let asked = fs::read_to_string(asked).unwrap();
    let wanted = ["192.0.2.7", "2001:db8::5", "203.0.113.5", "127.0.0.1"];
    let wanted = wanted.map(|address| {
        let host = if address == "127.0.0.1" { "localhost" } else { address };
        format!("-T -C user=root,host={host},addr={address},laddr=192.0.2.1,lport=2222\n")
    });
    assert_eq!(asked, wanted.concat());
}

#[test]
fn nobody_is_asked_for_twice_and_what_no_sshd_wrote_is_not_asked_for() {
    let system = System::new("", "");
    let from = ["--key", KEY, "--from", "127.0.0.1,127.0.0.1"];
    let said = system.install_over("127.0.0.1 40000 127.0.0.1 22", &from).done_saying();
    assert!(said.contains("sshd was asked for clients at 127.0.0.1\n"), "{said}");
    let said = system.install_over("x,user=nobody 1 2 3", &["--key", KEY]).done_saying();
    assert!(said.contains("sshd was asked for clients at 127.0.0.1\n"), "{said}");
}

#[test]
fn a_long_list_of_addresses_is_cut_off_and_said() {
    let system = System::new("", "");
    let from: Vec<String> = (1..=40).map(|host| format!("192.0.2.{host}")).collect();
    let said = system.install(&["--key", KEY, "--from", &from.join(",")]).done_saying();
    assert!(said.contains("192.0.2.14, 192.0.2.15, 127.0.0.1\n"), "{said}");
    assert!(said.contains("not asked for 192.0.2.16, "), "{said}");
}

#[test]
fn what_sshd_would_do_for_one_client_alone_counts() {
    // The answers of a real sshd. A block for a port can be asked about by those only who name one.
    let blocks = "Match Address 192.0.2.7\n  AcceptEnv BASH_*\nMatch Address 192.0.2.8\n  AuthorizedKeysFile keys_of_the_pi\n\
                  Match LocalPort 2222\n  ForceCommand /bin/other";
    let sshd = Sshd::options().config("AcceptEnv LANG").config(blocks).start();
    let config = sshd.path("sshd_config");
    let text = fs::read_to_string(&config).unwrap();
    let text = text.replace(&sshd.path("authorized_keys").display().to_string(), ".ssh/authorized_keys");
    fs::write(&config, format!("{text}Match LocalPort {}\n  ForceCommand /bin/local\n", sshd.port())).unwrap();
    let system = || {
        System::new("", &format!("{ADMIN}\n"))
            .has_sshd(&format!("exec /usr/sbin/sshd -f '{}' \"$@\"", config.display()))
    };
    let key = ["--key", KEY];

    let said = system().install(&key).done_saying();
    assert!(said.contains("sshd's own ForceCommand comes before the gate: /bin/local"), "its own port: {said}");
    let said = system().install_over("203.0.113.5 40000 192.0.2.1 22", &key).done_saying();
    assert!(!said.contains("warning"), "{said}");
    let said = system().install_over(CONNECTION, &key).done_saying();
    assert!(said.contains("sshd's own ForceCommand comes before the gate: /bin/other"), "{said}");

    let forbidden = "sshd takes BASH_ENV from a client at 192.0.2.7";
    system().install(&[&key[..], &["--from", "192.0.2.6,192.0.2.7"]].concat()).refused(forbidden);
    system().install_over("192.0.2.7 40000 192.0.2.1 22", &key).refused(forbidden);

    let from = ["--from", "192.0.2.8"];
    let its_own = system();
    let said = its_own.install(&[&key[..], &from].concat()).done_saying();
    let keys = || fs::read_to_string(its_own.path("root/keys_of_the_pi")).unwrap();
    assert_eq!((keys(), its_own.keys()), (line("from=\"192.0.2.8\",", ""), format!("{ADMIN}\n")));
    assert!(
        said.contains("sshd reads other files for other clients: the key goes into /root/keys_of_the_pi"),
        "{said}"
    );
    its_own.install(&["--remove", "--from", "192.0.2.8"]).done();
    assert_eq!((keys().as_str(), its_own.keys()), ("", format!("{ADMIN}\n")));
}

#[test]
fn where_sshd_does_not_answer_it_says_why_and_where_it_looks() {
    let bad = "echo /etc/ssh/sshd_config: line 7: Bad option: Bogus >&2; exit 255";
    let system = System::new("", &format!("{ADMIN}\n")).has_sshd(bad);
    let second = system.path("root/.ssh/authorized_keys2");
    fs::write(&second, format!("{KEY}\n")).unwrap();
    let said = "sshd cannot be asked for its settings (/etc/ssh/sshd_config: line 7: Bad option: Bogus): \
                keys are looked for in /root/.ssh/authorized_keys and authorized_keys2 only";
    system.install(&["--key", KEY]).refused("the key is in /root/.ssh/authorized_keys2 too");
    fs::write(&second, line("", "")).unwrap();
    let printed = system.install(&["--key", KEY]).done_saying();
    assert!(printed.contains(&format!("{said}; make sure that AcceptEnv names LANG and LC_* only\n")), "{printed}");
    let printed = system.install(&["--remove"]).done_saying();
    assert!(printed.contains(said) && !printed.contains("AcceptEnv"), "{printed}");
    assert_eq!((system.keys(), fs::read_to_string(&second).unwrap()), (format!("{ADMIN}\n"), String::new()));

    let none = System::new("", "");
    fs::remove_file(none.path("usr/sbin/sshd")).unwrap();
    let printed = none.install(&["--key", KEY]).done_saying();
    assert!(printed.contains("sshd cannot be asked for its settings (there is no /usr/sbin/sshd)"), "{printed}");
}
