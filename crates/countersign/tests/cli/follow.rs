//! `events --follow`: an event is printed as it comes, and a cursor resumes.

use crate::site::{Site, program};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// A follower of events; ended with the test.
struct Follower {
    child: Child,
    lines: Receiver<String>,
}

impl Follower {
    fn start(site: &Site, environment: [(&str, &str); 2], after: Option<&str>) -> Self {
        let mut command = program(site.path());
        command.args(["--json", "events", "--follow"]).args(after.into_iter().flat_map(|after| ["--after", after])).envs(environment);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (out, (told, lines)) = (child.stdout.take().unwrap(), channel());
        std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        Self { child, lines }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("an event should have been printed");
        serde_json::from_str(&line).unwrap()
    }

    /// The next event of this name, and those passed over.
    fn until(&self, name: &str) -> (Value, Vec<Value>) {
        let mut passed = Vec::new();
        loop {
            let event = self.next();
            if event["event"] == name {
                return (event, passed);
            }
            passed.push(event);
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn events_are_printed_as_they_come_and_a_cursor_goes_on_where_it_was() {
    let site = Site::new();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read:all", "--acts-for", "any"]);
    let environment = [("COUNTERSIGN_URL", server.url.as_str()), ("COUNTERSIGN_KEY", key.trim())];
    let submit = |merchant: &str| {
        let made = program(site.path())
            .args(["--json", "submit", "expense", "--requester", "leo", "amount=5000 USD", &format!("merchant={merchant}")])
            .envs(environment)
            .output()
            .unwrap();
        serde_json::from_slice::<Value>(&made.stdout).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let first = submit("before");
    let follower = Follower::start(&site, environment, None);
    let (opened, passed) = follower.until("stage_opened");
    assert_eq!((passed[0]["event"].as_str(), opened["request"].as_str()), (Some("submitted"), Some(first.as_str())));
    let live = submit("while somebody looks on");
    let (submitted, _) = follower.until("submitted");
    assert_eq!(submitted["request"], live);
    drop(follower);

    let resumed = Follower::start(&site, environment, opened["cursor"].as_str());
    let (again, passed) = resumed.until("submitted");
    assert_eq!((&again["request"], &again["cursor"]), (&submitted["request"], &submitted["cursor"]), "what came after the cursor comes again");
    assert!(passed.iter().all(|event| event["request"] == first), "nothing before the cursor comes again: {passed:?}");
}

#[test]
fn a_cursor_that_is_none_is_refused() {
    let site = Site::new();
    let server = site.serve();
    let key = site.expect(0, &["key", "create", "ci", "--scope", "read:all"]);
    for arguments in [&["events", "--follow", "--after", "yesterday"][..], &["events", "--after", "yesterday"]] {
        let told = program(site.path()).args(arguments).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", key.trim()).output().unwrap();
        assert_eq!(told.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8_lossy(&told.stderr).contains("invalid_query"), "{told:?}");
    }
}
