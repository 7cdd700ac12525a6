//! Broken directories.

use super::{Kind, every_kind_is_refused, what_is_no_text_is_refused};

const KINDS: [Kind<'_>; 36] = [
    (b"[[person]", "not_toml", 1, 10, ""),
    (b"{\"person\": []}", "not_toml", 1, 1, ""),
    (b"[[person]]\nid = \"leo\"\nid = \"leo\"\nname = \"Leo\"", "not_toml", 3, 1, "duplicate"),
    (b"[person]\nid = \"leo\"", "wrong_type", 1, 1, "two brackets"),
    (b"person = \"leo\"", "wrong_type", 1, 10, "two brackets"),
    (b"person = [\"leo\"]", "wrong_type", 1, 11, "[[person]]"),
    (b"[[persons]]\nid = \"leo\"", "unknown_key", 1, 3, "did you mean `person`?"),
    (b"[[person]]\nname = \"Leo\"", "missing_key", 1, 1, "`id` is missing"),
    (b"[[person]]\nid = \"leo\"", "missing_key", 1, 1, "`name` is missing"),
    (b"[[person]]\nid = 7\nname = \"Leo\"", "wrong_type", 2, 6, "quoted text"),
    (b"[[person]]\nid = \"\"\nname = \"Leo\"", "bad_id", 2, 6, ""),
    (b"[[person]]\nid = \"leo park\"\nname = \"Leo\"", "bad_id", 2, 6, "without spaces"),
    (b"[[person]]\nid = \"any\"\nname = \"Leo\"", "bad_id", 2, 6, "taken"),
    (b"[[person]]\nid = \"leo\"\nname = \" \"", "bad_name", 3, 8, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"L\\u001beo\"", "bad_name", 3, 8, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanger = \"mia\"", "unknown_key", 4, 1, "did you mean `manager`?"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanager = \"mia\"", "unknown_person", 4, 11, "there is no person `mia`"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanager = \"leo\"", "circle", 4, 11, "their own manager"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nmanager = [\"leo\"]", "wrong_type", 4, 11, "quoted text"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\n[[person]]\nid = \"leo\"\nname = \"Leo\"", "duplicate", 5, 6, "two people"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nemail = \"leo\"", "bad_email", 4, 9, ""),
    (
        b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nemail = \"l@x.example\"\n[[person]]\nid = \"mia\"\nname = \"Mia\"\nother_names = [\"L@x.example\"]",
        "duplicate",
        8,
        16,
        "one human is one person",
    ),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nlimit = \"5000\"", "bad_limit", 4, 9, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nlimit = \"5 EURO\"", "bad_limit", 4, 9, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nlimit = \"-5 USD\"", "bad_limit", 4, 9, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nlimit = 5000", "wrong_type", 4, 9, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\ntime_zone = \"Berlin\"", "bad_zone", 4, 13, "Europe/Berlin"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nroles = [\"boss\"]", "unknown_role", 4, 10, "operator"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nactive = \"no\"", "wrong_type", 4, 10, "`true` or `false`"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nchannels = [\"pigeon\"]", "unknown_channel", 4, 13, ""),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nwebhook = { url = \"ftp://x/\" }", "bad_url", 4, 19, "http"),
    (b"[[person]]\nid = \"leo\"\nname = \"Leo\"\nwebhook = { url = \"http://x/\", secret = \"whsec_hunter2\" }", "inline_secret", 4, 41, "env:NAME"),
    (b"[[group]]\nid = \"g\"", "missing_key", 1, 1, "`members` is missing"),
    (b"[[group]]\nid = \"g\"\nmembers = [\"nobody\", \"group:none\"]", "unknown_person", 3, 12, "there is no person `nobody`"),
    (b"[[group]]\nid = \"g\"\nmembers = [\"group:none\"]", "unknown_group", 3, 12, "there is no group `none`"),
    (
        b"[[group]]\nid = \"a\"\nmembers = [\"group:b\"]\n[[group]]\nid = \"b\"\nmembers = [\"group:c\"]\n[[group]]\nid = \"c\"\nmembers = [\"group:a\"]",
        "circle",
        9,
        12,
        "contains itself",
    ),
];

#[tokio::test]
async fn every_broken_directory_gets_its_code_and_place_and_changes_nothing() {
    every_kind_is_refused("directory.toml", &KINDS).await;
}

#[tokio::test]
async fn a_directory_that_is_no_text_leaves_the_last_good_one_in_force() {
    what_is_no_text_is_refused("directory.toml").await;
}
