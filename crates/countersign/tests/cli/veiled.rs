//! A field that a policy keeps from some, at the terminal: `show` says that it is hidden, `policy check` where a mark
//! cannot stand.

use crate::site::{Site, err, out, program};

const RAISE: &str = "policy = \"raise\"\ntitle = \"a raise for {{ whom }}\"\nowner = \"group:finance\"\n[payload]\nwhom = \"text\"\n\
    note = { type = \"text\", visible_to = [\"approvers\"] }\n[[rule]]\nname = \"anything\"\nverdict = \"allow\"\n";

#[test]
fn show_says_what_is_hidden_from_its_reader_and_a_title_that_tells_it_does_not_load() {
    let site = Site::new();
    let file = site.path().join("policies/raise.toml");
    std::fs::write(&file, RAISE.replace("{{ whom }}", "{{ whom }}, {{ note }}")).unwrap();
    let checked = site.run(&["policy", "check", "policies/raise.toml"]);
    let said = format!("{}{}", out(&checked), err(&checked));
    assert_eq!(checked.status.code(), Some(1), "{said}");
    assert!(said.contains("error[veiled_title]: the title uses `note`") && said.contains("raise.toml:2:9"), "{said}");
    std::fs::write(&file, RAISE).unwrap();
    let server = site.serve();
    let key = |scopes: &str, acts_for: &[&str]| {
        let arguments = [&["key", "create", scopes, "--scope", scopes], acts_for].concat();
        site.expect(0, &arguments).trim().to_owned()
    };
    let (own, auditing) = (key("submit,read", &["--acts-for", "leo"]), key("read:all", &[]));
    let run = |key: &str, arguments: &[&str]| {
        let output = program(site.path()).args(arguments).env("COUNTERSIGN_URL", &server.url).env("COUNTERSIGN_KEY", key).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{}{}", out(&output), err(&output));
        out(&output)
    };
    let made = run(&own, &["--json", "submit", "raise", "--requester", "leo", "--payload", r#"{"whom":"Leo","note":"Xanadu"}"#]);
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(run(&own, &["show", id]).contains("Xanadu"));
    let shown = run(&auditing, &["show", id]);
    assert!(shown.contains("(hidden from you)") && !shown.contains("Xanadu"), "{shown}");
    for arguments in [&["--json", "show", id][..], &["why", id], &["list"], &["--json", "list"], &["events", id], &["--json", "events"]] {
        assert!(!run(&auditing, arguments).contains("Xanadu"), "{arguments:?}");
    }
}
