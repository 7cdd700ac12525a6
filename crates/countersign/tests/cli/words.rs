//! What the command line says of itself.

use crate::site::{Site, err, out, program};

#[test]
fn the_help_is_as_it_was_reviewed() {
    let folder = tempfile::tempdir().unwrap();
    let help = program(folder.path()).arg("--help").output().unwrap();
    insta::assert_snapshot!(out(&help));
}

#[test]
fn every_command_has_help_and_completions_exist() {
    let folder = tempfile::tempdir().unwrap();
    for verb in [
        "init",
        "serve",
        "doctor",
        "key",
        "login-link",
        "login",
        "submit",
        "inbox",
        "list",
        "show",
        "why",
        "approve",
        "reject",
        "gate",
        "events",
        "policy",
        "audit",
        "backup",
        "import",
        "demo",
    ] {
        let help = program(folder.path()).args([verb, "--help"]).output().unwrap();
        assert!(help.status.success() && out(&help).contains("Usage:"), "{verb}: {}", err(&help));
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = program(folder.path()).args(["completions", shell]).output().unwrap();
        assert!(script.status.success() && out(&script).contains("login-link"), "{shell}");
    }
}

#[test]
fn a_wrong_command_line_exits_with_two() {
    let site = Site::new();
    for arguments in [&["approve"][..], &["nonsense"], &["submit"], &["key", "create", "x"], &["list", "--limit", "many"]] {
        assert_eq!(site.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    let both = site.run(&["key", "create", "x", "--scope", "submit,decide:on-behalf", "--acts-for", "any"]);
    assert_eq!((both.status.code(), err(&both).contains("may both submit and relay")), (Some(2), true));
}

#[test]
fn a_fresh_folder_with_every_shipped_policy_starts_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let made = program(folder.path()).args(["init", "."]).output().unwrap();
    assert!(made.status.success(), "{}", err(&made));
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let files = std::fs::read_dir(shipped).unwrap().map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|end| end == "toml"));
    let mut copied = 0;
    for file in files {
        std::fs::copy(&file, folder.path().join("policies").join(file.file_name().unwrap())).unwrap();
        copied += 1;
    }
    assert!(copied >= 4, "{copied} policies are shipped");
    let site = Site { folder };
    let server = site.serve();
    assert_eq!(server.stop(), Some(0));
    let log = std::fs::read_to_string(site.path().join("server.log")).unwrap();
    assert!(log.contains(&format!("policies={copied}")) && !log.contains("WARN") && !log.contains("ERROR"), "{log}");
    let looked = site.run(&["doctor"]);
    assert!(looked.status.success() && !out(&looked).contains("wrong") && err(&looked).is_empty(), "{}{}", out(&looked), err(&looked));
}

#[test]
fn usage_asks_for_what_is_missing_and_for_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, usage) in [
        (&["show"][..], "Usage: countersign show <REQUEST>"),
        (&["why"], "Usage: countersign why <REQUEST>"),
        (&["approve"], "Usage: countersign approve <REQUEST>"),
        (&["login-link"], "Usage: countersign login-link <PERSON>"),
        (&["key", "revoke"], "Usage: countersign key revoke <KEY>"),
        (&["backup"], "Usage: countersign backup <TO>"),
    ] {
        let mut command = program(folder.path());
        let told = command.args(arguments).env("COUNTERSIGN_URL", "http://127.0.0.1:9").env("COUNTERSIGN_CONFIG", "c.toml").output().unwrap();
        assert_eq!(told.status.code(), Some(2), "{arguments:?}");
        assert!(err(&told).lines().any(|line| line == usage), "{}", err(&told));
    }
}

#[test]
fn nothing_is_overwritten_by_init() {
    let site = Site::new();
    let before = std::fs::read_to_string(site.path().join("countersign.toml")).unwrap();
    site.expect(1, &["init", "."]);
    assert_eq!(std::fs::read_to_string(site.path().join("countersign.toml")).unwrap(), before);
}
