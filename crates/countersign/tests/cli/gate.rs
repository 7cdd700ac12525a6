//! `gate`: the program runs once people agreed, not before, and its exit status is the exit status.

use crate::site::{Server, Site, err, out, program};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The gate in front of this program, as the machine with the key.
fn gate(site: &Site, server: &Server, key: &str, run: &[&str]) -> Command {
    gate_under("deploy", site, server, key, run)
}

fn gate_under(policy: &str, site: &Site, server: &Server, key: &str, run: &[&str]) -> Command {
    let mut command = program(site.path());
    command.args(["gate", policy, "--requester", "leo", "--"]).args(run).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", key);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What is in the inbox of the person signed in, as soon as something is.
fn waiting(site: &Site, child: &mut Child) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let inbox: Value = serde_json::from_str(&site.expect(0, &["--json", "inbox"])).unwrap();
        if let Some(id) = inbox["items"][0]["id"].as_str() {
            return id.to_owned();
        }
        assert!(Instant::now() < until, "nothing came");
        assert_eq!(child.try_wait().unwrap(), None, "the gate did not wait");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A server, a machine's key, and zoe signed in at the terminal.
fn guarded() -> (Site, Server, String) {
    let site = Site::new();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read", "--acts-for", "any"]);
    let link = site.expect(0, &["login-link", "zoe"]);
    site.expect(0, &["login", link.trim()]);
    (site, server, key.trim().to_owned())
}

#[test]
fn what_a_rule_allows_runs_at_once_without_the_key() {
    let (site, server, key) = guarded();
    let dry = gate_under("rehearse", &site, &server, &key, &["sh", "-c", "echo ran; test -z \"$COUNTERSIGN_KEY\" && exit 7"]).output().unwrap();
    assert_eq!((dry.status.code(), out(&dry).as_str()), (Some(7), "ran\n"), "{}", err(&dry));
}

#[test]
fn what_a_person_approves_runs_only_then_and_its_exit_status_is_passed_on() {
    let (site, server, key) = guarded();
    for status in [0, 9] {
        let script = format!("echo {status} >> deployed; exit {status}");
        let mut child = gate(&site, &server, &key, &["sh", "-c", &script]).spawn().unwrap();
        let id = waiting(&site, &mut child);
        let ran = || std::fs::read_to_string(site.path().join("deployed")).unwrap_or_default();
        assert!(!ran().contains(&status.to_string()), "it ran before anybody agreed");
        site.expect(0, &["approve", &id, "--revision", "1", "-m", "go"]);
        let done = child.wait_with_output().unwrap();
        assert_eq!(done.status.code(), Some(status), "{}", err(&done));
        assert!(ran().contains(&status.to_string()), "{}", err(&done));
    }
}

#[test]
fn what_a_person_rejects_never_runs_and_exits_with_four() {
    let (site, server, key) = guarded();
    let mut child = gate(&site, &server, &key, &["touch", "deployed"]).spawn().unwrap();
    let id = waiting(&site, &mut child);
    site.expect(0, &["reject", &id, "--revision", "1", "-m", "not on a Friday"]);
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(4));
    assert!(err(&done).contains("nothing was run") && !site.path().join("deployed").exists(), "{}", err(&done));
    site.expect(0, &["comment", &id, "on Monday, then"]);
    let shown = site.expect(0, &["show", &id]);
    assert!(shown.lines().any(|line| line.starts_with("outcome") && line.ends_with(": not on a Friday")), "{shown}");
    assert!(shown.contains("(reject), ") && shown.contains("on Monday, then"), "what people said is read back: {shown}");
    assert!(site.expect(0, &["why", &id]).contains(": not on a Friday"));
}

#[test]
fn what_a_rule_denies_or_what_is_withdrawn_never_runs() {
    let (site, server, key) = guarded();
    let mut child = gate(&site, &server, &key, &["touch", "deployed"]).spawn().unwrap();
    let id = waiting(&site, &mut child);
    let taken = program(site.path()).args(["withdraw", &id]).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", &key).output().unwrap();
    assert!(taken.status.success(), "{}", err(&taken));
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4));
    let missing = gate_under("rehearse", &site, &server, &key, &["no-such-program"]).output().unwrap();
    assert_eq!((missing.status.code(), err(&missing).contains("cannot be started")), (Some(3), true), "{}", err(&missing));
    assert!(!site.path().join("deployed").exists());
}
