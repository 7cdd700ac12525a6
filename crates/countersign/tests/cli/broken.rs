//! What is said when a file is wrong: the place, what was expected, and an exit code that is not zero.

use crate::site::{Site, err, out, program};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// A file, what it is replaced by, and what must be said of it.
const BROKEN: [(&str, &str, &str); 22] = [
    ("countersign.toml", "[server\n", "countersign.toml:1:"),
    ("countersign.toml", "[servr]\n", "did you mean `server`?"),
    ("countersign.toml", "[server]\nlistn = \"x\"\n", "did you mean `listen`?"),
    ("countersign.toml", "[server]\nlisten = \"nowhere\"\n", "countersign.toml:2:10"),
    ("countersign.toml", "[database]\nurl = \"postgres://u:hunter2@db/x\"\n", "PostgreSQL is not supported yet"),
    ("countersign.toml", "[summary]\nprovider = \"chatgpt\"\n", "countersign.toml:2:12"),
    ("countersign.toml", "[summary]\nbudget = \"soon\"\n", "like `10s`"),
    ("countersign.toml", "[webhooks]\nallow_networks = [\"10.0.0.0/99\"]\n", "a network like"),
    ("countersign.toml", "[webhooks]\nretry = [\"never\"]\n", "countersign.toml:2:10"),
    ("countersign.toml", "[secrets]\nallow = [\"hunter2\"]\n", "`env:NAME` or `file:PATH`"),
    ("countersign.toml", "[[webhook]]\nsecret = \"env:X\"\n", "`url` is missing"),
    ("countersign.toml", "[[webhook]]\nurl = \"http://x/\"\nsecret = \"whsec_hunter2\"\n", "never written here"),
    ("countersign.toml", "[limits]\nrequests_per_second = 0\n", "a whole number from 1"),
    ("directory.toml", "[[person]]\nname = \"Leo\"\n", "directory.toml:1:1"),
    ("directory.toml", "[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanger = \"mia\"\n", "did you mean `manager`?"),
    ("directory.toml", "[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanager = \"mia\"\n", "there is no person `mia`"),
    ("directory.toml", "[[group]]\nid = \"g\"\nmembers = [\"group:g\"]\n", "contains itself"),
    ("directory.toml", "[[person]]\nid = \"leo\"\nname = \"Leo\"\nlimit = \"5 EURO\"\n", "directory.toml:4:9"),
    ("policies/expense.toml", "policy = \"expense\"\ntitel = \"x\"\n", "did you mean `title`?"),
    ("policies/expense.toml", "policy = expense\n", "expense.toml:1:10"),
    ("policies/deploy.toml", "policy = \"expense\"\n", "deploy.toml:1:"),
    ("policies/expense.toml", "", "expense.toml:1:1"),
];

/// Runs it by what the files say; one that runs on, instead of saying what is wrong, is ended.
fn from_file(site: &Site, file: &str, verb: &str) -> Output {
    let mut command = program(site.path());
    command.arg(verb).env_remove("COUNTERSIGN_SUMMARY_PROVIDER").stdout(Stdio::piped()).stderr(Stdio::piped());
    if file != "countersign.toml" {
        command.env("COUNTERSIGN_SERVER_LISTEN", "127.0.0.1:0");
    }
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

#[test]
fn every_broken_file_is_named_with_its_place() {
    for (file, text, said) in BROKEN {
        let site = Site::new();
        std::fs::write(site.path().join(file), text).unwrap();
        let output = from_file(&site, file, "doctor");
        let told = format!("{}{}", out(&output), err(&output));
        assert!(matches!(output.status.code(), Some(1 | 3)), "{text}\n{told}");
        assert!(told.contains(said), "{file}: {text}\nexpected {said}\nsaid {told}");
        assert!(!told.contains("hunter2"), "a secret was repeated: {told}");
    }
}

#[test]
fn the_server_does_not_start_with_a_configuration_or_directory_that_is_wrong() {
    for (file, text, said) in BROKEN.iter().filter(|(file, ..)| !file.starts_with("policies/")) {
        let site = Site::new();
        std::fs::write(site.path().join(file), text).unwrap();
        let output = from_file(&site, file, "serve");
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(err(&output).contains(said), "{text}\n{}", err(&output));
    }
}

#[test]
fn a_passkey_that_no_browser_would_use_is_named() {
    let site = Site::new();
    let vault = include_str!("../../../../scenarios/policies/vault.toml").replace("user:zoe", "user:leo").replace("group:keepers", "group:finance");
    std::fs::write(site.path().join("policies/vault.toml"), vault).unwrap();
    let doctor = |url: &str| program(site.path()).arg("doctor").env("COUNTERSIGN_SERVER_PUBLIC_URL", url).output().unwrap();
    for unusable in ["http://127.0.0.1:7171", "http://sign.example"] {
        let output = doctor(unusable);
        let told = format!("{}{}", out(&output), err(&output));
        assert!(output.status.code() == Some(1) && told.contains("`vault` requires a passkey"), "{told}");
    }
    for usable in ["https://sign.example", "http://localhost:7171"] {
        let output = doctor(usable);
        let told = format!("{}{}", out(&output), err(&output));
        assert!(output.status.success() && !told.contains("requires a passkey"), "{told}");
    }
}

#[test]
fn a_wrong_variable_is_named() {
    let site = Site::new();
    let output = program(site.path()).arg("doctor").env("COUNTERSIGN_SERVER_LISTN", "hunter2").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(err(&output).contains("COUNTERSIGN_SERVER_LISTEN") && !err(&output).contains("hunter2"), "{}", err(&output));
}

#[test]
fn findings_are_json_for_machines() {
    let site = Site::new();
    std::fs::write(site.path().join("countersign.toml"), "[server]\nlistn = \"x\"\n").unwrap();
    let output = site.run(&["--json", "doctor"]);
    let told: serde_json::Value = serde_json::from_str(err(&output).trim()).unwrap();
    assert_eq!((told["findings"][0]["line"].as_u64(), told["findings"][0]["code"].as_str()), (Some(2), Some("unknown_key")));
}

#[test]
fn policies_are_checked_explained_and_tested_without_a_server() {
    let site = Site::new();
    assert!(site.expect(0, &["policy", "check"]).contains("3 policies read, 0 errors"));
    let told = site.expect(0, &["policy", "explain", "expense", "--requester", "leo", "--payload", r#"{"amount": "12500 USD", "merchant": "ACME"}"#]);
    assert!(told.contains("by rule \"two signatures\"") && told.contains("2 of ana, bo, mia"), "{told}");
    site.expect(1, &["policy", "explain", "expense", "--requester", "nobody", "--payload", "{}"]);
    assert!(site.expect(0, &["policy", "schema"]).contains("\"$schema\""));
    let scenario = "policy  policies/expense.toml\npeople  leo reports to mia; finance: ana, bo; finance-directors: eva\n\n\
                    Mon 09:00  leo submits A: amount = \"900 USD\", merchant = \"ACME\"  => rejected\n";
    std::fs::write(site.path().join("wrong.scenario"), scenario).unwrap();
    assert!(site.expect(1, &["policy", "test", "wrong.scenario"]).contains("happened  => approved"));
    site.expect(0, &["policy", "test", "--accept", "wrong.scenario"]);
    site.expect(0, &["policy", "test", "wrong.scenario"]);
}
