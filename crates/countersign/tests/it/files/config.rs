//! Broken configurations: nothing starts with one, and nothing is written.

use super::{Kind, missed};
use countersign::config::Config;
use std::collections::BTreeMap;
use std::path::Path;

const FILE: &str = "countersign.toml";

const KINDS: [Kind<'_>; 35] = [
    (b"[server\n", "not_toml", 1, 8, ""),
    (b"[server]\n[server]\n", "not_toml", 2, 2, "duplicate"),
    (b"\0", "not_toml", 1, 2, ""),
    (b"# gr\xfc\xdfe\n", "not_utf8", 1, 5, "0xfc"),
    (b"[servr]\n", "unknown_section", 1, 2, "did you mean `server`?"),
    (b"server = 7\n", "wrong_type", 1, 10, "[server]"),
    (b"[server]\nlistn = \"x\"\n", "unknown_key", 2, 1, "did you mean `listen`?"),
    (b"[server]\nlisten = 7171\n", "wrong_type", 2, 10, "quoted text"),
    (b"[server]\nlisten = \"nowhere\"\n", "bad_value", 2, 10, "127.0.0.1:7171"),
    (b"[server]\nlisten = \"127.0.0.1:99999\"\n", "bad_value", 2, 10, "an address and a port"),
    (b"[server]\npublic_url = \"approvals.example\"\n", "bad_value", 2, 14, "https://approvals.example"),
    (b"[server]\npublic_url = \"https://a.example/?x=1\"\n", "bad_value", 2, 14, ""),
    (b"[database]\nurl = \"countersign.db\"\n", "bad_value", 2, 7, "sqlite://"),
    (b"[database]\nurl = \"postgres://u:hunter2@db/x\"\n", "not_yet", 2, 7, "not supported yet"),
    (b"[policies]\ndir = \"\"\n", "bad_value", 2, 7, "a path"),
    (b"[directory]\nfile = [\"a\"]\n", "wrong_type", 2, 8, "quoted text"),
    (b"[summary]\nprovider = \"chatgpt\"\n", "bad_value", 2, 12, "ollama"),
    (b"[summary]\nurl = \"localhost:11434\"\n", "bad_value", 2, 7, "http://127.0.0.1:11434"),
    (b"[summary]\nmodel = \"\"\n", "bad_value", 2, 9, "model"),
    (b"[summary]\nbudget = \"soon\"\n", "bad_value", 2, 10, "like `10s`"),
    (b"[summary]\nbudget = \"2m\"\n", "bad_value", 2, 10, "at most 60s"),
    (b"[summary]\nkey = \"sk-hunter2\"\n", "bad_value", 2, 7, "never written here"),
    (b"[actions]\nallow_commands = \"yes\"\n", "wrong_type", 2, 18, "`true` or `false`"),
    (b"[webhooks]\nallow_networks = \"10.0.0.0/8\"\n", "wrong_type", 2, 18, "list"),
    (b"[webhooks]\nallow_networks = [\"10.0.0.0/99\"]\n", "bad_value", 2, 19, "a network like"),
    (b"[webhooks]\nretry = [\"1s\", \"never\"]\n", "bad_value", 2, 16, "times like"),
    (b"[secrets]\nallow = [\"hunter2\"]\n", "bad_value", 2, 10, "`env:NAME` or `file:PATH`"),
    (b"[limits]\nrequests_per_second = 0\n", "bad_value", 2, 23, "a whole number from 1"),
    (b"[limits]\nbody_bytes = 17000000\n", "bad_value", 2, 14, "a whole number from 1024 to 16777216"),
    (b"[limits]\nstrangers_per_second = \"many\"\n", "wrong_type", 2, 24, "a whole number"),
    (b"[log]\nlevel = \"loud\"\n", "bad_value", 2, 9, "info"),
    (b"[log]\nformat = \"xml\"\n", "bad_value", 2, 10, "json"),
    (b"[[webhook]]\nsecret = \"env:X\"\n", "missing_key", 1, 1, "`url` is missing"),
    (b"[[webhook]]\nurl = \"ftp://x/\"\n", "bad_value", 2, 7, "http or https"),
    (b"[[webhook]]\nurl = \"http://x/\"\nformat = \"flatt\"\n", "bad_value", 3, 10, "did you mean `flat`?"),
];

#[test]
fn every_broken_configuration_gets_its_code_and_place_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let mut wrong = Vec::new();
    for kind in KINDS {
        std::fs::write(&path, kind.0).unwrap();
        match Config::load(Some(&path), &BTreeMap::new()) {
            Ok(_) => wrong.push(format!("{} is taken", String::from_utf8_lossy(kind.0))),
            Err(found) => {
                wrong.extend(missed(&found, FILE, &kind));
                let shown: String = found.iter().map(|one| one.render(false)).collect();
                assert!(!shown.contains("hunter2"), "a secret was repeated: {shown}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} kinds:\n{}", wrong.len(), KINDS.len(), wrong.join("\n\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else was written");
}

#[test]
fn what_is_no_configuration_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let load = |path: &Path| Config::load(Some(path), &BTreeMap::new()).map(|_| ()).unwrap_err();
    let expect = |path: &Path, words| {
        let file = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(missed(&load(path), file, &(b"", "unreadable", 1, 1, words)), None);
    };
    expect(folder.path(), "it is a folder");
    expect(&folder.path().join("none.toml"), "there is no such file");
    let huge = folder.path().join(FILE);
    std::fs::write(&huge, vec![b'#'; 2 << 20]).unwrap();
    expect(&huge, "1048576 are the most");
    for same in ["\u{feff}[log]\nlevel = \"warn\"\n", "[log]\r\nlevel = \"warn\"\r\n"] {
        std::fs::write(&huge, same).unwrap();
        assert_eq!(Config::load(Some(&huge), &BTreeMap::new()).unwrap().log.level, "warn");
    }
}
