//! From nothing to an approved request, with the server running and without.

use crate::site::{Server, Site, err, out, program};
use serde_json::Value;
use std::process::Output;
use std::time::{Duration, Instant};

struct Signed<'a> {
    site: &'a Site,
    server: &'a Server,
    key: String,
}

impl Signed<'_> {
    /// As the machine with the key.
    fn keyed(&self, arguments: &[&str]) -> Output {
        program(self.site.path()).args(arguments).env("COUNTERSIGN_URL", &self.server.url).env("COUNTERSIGN_KEY", &self.key).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.keyed(arguments);
        serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{arguments:?}: {}{}", out(&output), err(&output)))
    }
}

fn signed<'a>(site: &'a Site, server: &'a Server) -> Signed<'a> {
    let key = site.expect(0, &["key", "create", "ci", "--scope", "submit,read,read:all", "--acts-for", "any"]);
    Signed { site, server, key: key.trim().to_owned() }
}

#[test]
fn from_init_to_an_approved_request() {
    let site = Site::new();
    site.expect(0, &["doctor"]);
    let server = site.serve();
    let machine = signed(&site, &server);
    let link = site.expect(0, &["login-link", "mia"]);
    assert!(link.starts_with(&format!("{}/login/", server.url)), "{link}");
    assert!(site.expect(0, &["login", link.trim()]).starts_with("signed in as mia"));
    site.expect(1, &["login", link.trim()]);

    let made = machine.json(&["--json", "submit", "expense", "--requester", "leo", "amount=5000 USD", "merchant=ACME\u{1b}[2J"]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["status"], "pending");
    assert!(!site.expect(0, &["inbox"]).contains('\u{1b}'), "a title must not move the cursor");
    assert!(site.expect(0, &["why", id]).contains("waits for mia"));
    site.expect(2, &["reject", id]);
    site.expect(1, &["reject", id, "--revision", "1"]);
    // Nobody sits at this terminal: a script names the revision that was seen.
    site.expect(2, &["approve", id, "-m", "receipts match"]);
    assert!(site.expect(0, &["approve", id, "--revision", "1", "-m", "receipts match"]).contains("is approved"));
    assert!(site.expect(0, &["show", id]).contains("1 of 1 said yes (mia)"));
    site.expect(1, &["reject", id, "--revision", "1", "-m", "too late"]);
    assert_eq!(machine.json(&["--json", "list", "--status", "approved"])["items"][0]["id"], id);
    assert!(out(&machine.keyed(&["events", id])).contains("settled"));

    assert!(site.expect(0, &["audit", "verify"]).contains("the record is whole"));
    assert!(site.expect(0, &["audit", "heads"]).contains(id));
    site.expect(0, &["backup", "copy.db"]);
    site.expect(0, &["audit", "verify", "--file", "copy.db"]);
    site.expect(2, &["backup", "copy.db"]);
    site.expect(0, &["logout"]);
    site.expect(1, &["key", "revoke", "nobody"]);
    site.expect(0, &["key", "revoke", "ci"]);
    assert_eq!(machine.keyed(&["list"]).status.code(), Some(1));
    assert_eq!(server.stop(), Some(0));
    assert!(!site.path().join("countersign.db.admin").exists(), "the way in goes with the server");
}

#[test]
fn waiting_ends_with_the_outcome() {
    let site = Site::new();
    let server = site.serve();
    let machine = signed(&site, &server);
    let allowed = machine.keyed(&["submit", "expense", "--requester", "leo", "--wait", "amount=10 USD", "merchant=ACME"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", err(&allowed));
    let open = machine.keyed(&["submit", "expense", "--requester", "leo", "--wait=1s", "amount=5000 USD", "merchant=ACME"]);
    assert_eq!(open.status.code(), Some(3), "{}", err(&open));
    let wrong = machine.keyed(&["submit", "expense", "--requester", "leo", "amount=10 EUR", "merchant=ACME"]);
    assert_eq!((wrong.status.code(), err(&wrong).contains("invalid_payload")), (Some(1), true), "{}", err(&wrong));
    assert_eq!(machine.keyed(&["submit", "expense", "--requester", "leo", "--payload", "{"]).status.code(), Some(2));
    let nowhere = program(site.path()).args(["list"]).env("COUNTERSIGN_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(nowhere.status.code(), Some(3));
}

#[test]
fn a_bad_file_leaves_the_last_good_one_in_force_and_says_so() {
    let site = Site::new();
    let server = site.serve();
    let machine = signed(&site, &server);
    std::fs::write(site.path().join("policies/expense.toml"), "policy = \"expense\"\n").unwrap();
    std::fs::write(site.path().join("directory.toml"), "[[person]]\n").unwrap();
    server.reload();
    let until = Instant::now() + Duration::from_secs(20);
    while !std::fs::read_to_string(site.path().join("server.log")).unwrap().contains("directory.toml:1:1") {
        assert!(Instant::now() < until, "the bad files were not noticed");
        std::thread::sleep(Duration::from_millis(50));
    }
    let made = machine.json(&["--json", "submit", "expense", "--requester", "leo", "amount=10 USD", "merchant=ACME"]);
    assert_eq!(made["status"], "approved");
    site.expect(1, &["doctor"]);
    let key = machine.key;
    assert_eq!(server.stop(), Some(0));
    let again = site.serve();
    let machine = Signed { site: &site, server: &again, key };
    assert_eq!(machine.json(&["--json", "submit", "expense", "--requester", "leo", "amount=11 USD", "merchant=ACME"])["status"], "approved");
}

#[test]
fn rows_of_a_file_are_submitted_once_however_often_it_is_sent() {
    let site = Site::new();
    let server = site.serve();
    let machine = signed(&site, &server);
    std::fs::write(site.path().join("rows.csv"), "who,sum,shop\nleo,10 USD,ACME\nleo,nonsense,ACME\nleo,20 USD,ACME\n").unwrap();
    std::fs::write(site.path().join("map.toml"), "[map]\namount = \"sum\"\nmerchant = \"shop\"\n[requester]\nfrom = \"who\"\n").unwrap();
    for _ in 0..2 {
        let sent = machine.keyed(&["submit", "expense", "--from", "rows.csv", "--map", "map.toml"]);
        let told = out(&sent);
        let told: Vec<&str> = told.lines().collect();
        assert_eq!((sent.status.code(), told.len(), told[2]), (Some(1), 3, "2 submitted, 1 refused"), "{}", err(&sent));
        assert!(told[0].starts_with("line 2: req_") && told[1].starts_with("line 4: req_") && told[1].ends_with(" is approved"), "{told:?}");
        assert!(err(&sent).contains("line 3: invalid_payload"), "{}", err(&sent));
    }
    assert_eq!(machine.json(&["--json", "list"])["items"].as_array().unwrap().len(), 2);
}
