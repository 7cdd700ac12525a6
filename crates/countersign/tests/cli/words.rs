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
fn nothing_is_overwritten_by_init() {
    let site = Site::new();
    let before = std::fs::read_to_string(site.path().join("countersign.toml")).unwrap();
    site.expect(1, &["init", "."]);
    assert_eq!(std::fs::read_to_string(site.path().join("countersign.toml")).unwrap(), before);
}
