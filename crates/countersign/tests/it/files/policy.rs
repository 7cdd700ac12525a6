//! Broken policies.

use super::{Kind, every_kind_is_refused, what_is_no_text_is_refused};

const FILE: &str = "policies/release.toml";
const GOOD: &str = include_str!("../sample/release.toml");

/// What is replaced by what, and what is said of it; the first occurrence only.
const KINDS: [(&str, &str, &str, usize, usize, &str); 42] = [
    ("policy = \"release\"\n", "", "missing_key", 1, 1, "policy"),
    ("\"release\"", "release", "toml_syntax", 1, 10, ""),
    ("\"release\"", "7", "wrong_type", 1, 10, "text"),
    ("\"release\"", "\"Big Release\"", "invalid_name", 1, 10, "Big Release"),
    ("\"release\"", "\"expense\"", "duplicate", 1, 10, "stands in"),
    ("policy = \"release\"", "policy = \"release\"\npolicy = \"release\"", "toml_syntax", 2, 1, "duplicate"),
    ("title  =", "titel  =", "unknown_key", 2, 1, "did you mean `title`?"),
    ("{{ version }}", "{{ versoin }}", "template", 2, 10, "versoin"),
    ("{{ version }}", "{% for x in y %}", "template", 2, 10, ""),
    ("owner  = \"group:finance\"\n", "", "missing_key", 1, 1, "owner"),
    ("owner  = \"group:finance\"", "owner  = \"finance\"", "unknown_selector", 3, 10, "finance"),
    ("[payload]", "[payload", "toml_syntax", 5, 9, ""),
    ("[payload]", "[paylod]", "unknown_key", 5, 2, "did you mean `payload`?"),
    ("version = \"text\"", "version = \"txt\"", "unknown_type", 6, 11, "did you mean `text`?"),
    ("version = \"text\"", "version = { type = \"text\", max_length = -1 }", "out_of_range", 6, 41, ""),
    ("version = \"text\"", "version = { type = \"text\", pattern = \"(\" }", "invalid_pattern", 6, 38, "unclosed group"),
    ("version = \"text\"", "version = { type = \"integer\", min = 9, max = 1 }", "out_of_range", 6, 46, "nothing would fit"),
    ("version = \"text\"", "version = { type = \"enum\", values = [] }", "missing_key", 6, 20, "an enum lists its `values`"),
    ("version = \"text\"", "version = { type = \"money\", currencies = [\"USX\"] }", "currency", 6, 43, "USX"),
    ("version = \"text\"", "version = \"text\"\nnow = \"text\"", "reserved_name", 7, 1, "now"),
    ("version = \"text\"", "version = \"text\"\n\"a-b\" = \"text\"", "invalid_name", 7, 1, "a-b"),
    ("[[rule]]", "[rule]", "wrong_type", 8, 1, "[[rule]]"),
    ("name = \"two in a row\"\n", "", "missing_key", 8, 1, "name"),
    ("name = \"two in a row\"", "name = \"two in a row\"\nwhen = 'version == 1'", "condition_type", 10, 17, "text is not compared with integer"),
    ("name = \"two in a row\"", "name = \"two in a row\"\nwhen = 'versoin == \"1\"'", "unknown_name", 10, 9, "did you mean `version`?"),
    ("name = \"two in a row\"", "name = \"two in a row\"\nwhen = 'version =='", "condition_syntax", 10, 19, "mismatched input"),
    ("name = \"two in a row\"", "name = \"two in a row\"\nwhen = 'version == \"1\"'", "last_rule", 10, 8, ""),
    ("name = \"two in a row\"", "name = \"two in a row\"\nverdict = \"maybe\"", "unknown_value", 10, 11, "allow"),
    ("name = \"two in a row\"", "name = \"two in a row\"\nverdict = \"allow\"", "stage_unused", 11, 3, "takes no stages"),
    ("name      = \"second\"", "name      = \"first\"", "duplicate_name", 15, 15, "first"),
    ("[\"group:finance\"]", "[]", "empty_list", 12, 15, ""),
    ("[\"group:finance\"]", "\"group:finance\"", "wrong_type", 12, 15, "list"),
    ("[\"group:finance\"]", "[\"requester\"]", "requester_asked", 12, 16, ""),
    ("expire    = { after = \"72h\" }\n", "", "missing_key", 10, 3, "expire"),
    ("\"72h\"", "\"72 hours\"", "duration", 13, 25, "72 hours"),
    ("\"72h\"", "\"-1h\"", "duration", 13, 25, ""),
    ("\"72h\"", "72", "wrong_type", 13, 25, "text"),
    ("\"72h\"", "\"2 business days\"", "not_yet", 13, 25, ""),
    ("expire    =", "quorum = \"two\"\n  expire    =", "out_of_range", 13, 12, "a whole number from 1"),
    ("expire    =", "quorum = 0\n  expire    =", "out_of_range", 13, 12, ""),
    ("expire    =", "remind = { every = \"0s\" }\n  expire    =", "duration", 13, 22, ""),
    ("expire    =", "escalate = [{ after = \"80h\", to = [\"user:eva\"] }]\n  expire    =", "timer_order", 13, 15, ""),
];

#[tokio::test]
async fn every_broken_policy_gets_its_code_and_place_and_changes_nothing() {
    let broken = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1).into_bytes()
    };
    let texts: Vec<Vec<u8>> = KINDS.iter().map(|(from, to, ..)| broken(from, to)).collect();
    let mut kinds: Vec<Kind<'_>> =
        KINDS.iter().zip(&texts).map(|((_, _, code, line, column, words), text)| (text.as_slice(), *code, *line, *column, *words)).collect();
    kinds.push((b"", "missing_key", 1, 1, "policy"));
    kinds.push((b"{\"policy\": \"release\"}", "toml_syntax", 1, 1, ""));
    kinds.push((b"policy = \"release\"\0", "toml_syntax", 1, 19, ""));
    every_kind_is_refused(FILE, &kinds).await;
}

#[tokio::test]
async fn a_policy_that_is_no_text_leaves_the_last_good_one_in_force() {
    what_is_no_text_is_refused(FILE).await;
}
