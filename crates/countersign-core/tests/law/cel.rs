//! Conditions against the language definition of CEL (its sections are named), over the part that policies may use.
//! Where ours differs on purpose, the difference stands in the last two tests and in `docs/policy.md`.

use countersign_core::id::{PersonId, Revision};
use countersign_core::people::Roster;
use countersign_core::policy::Policy;
use countersign_core::policy::evaluate::{Evaluation, RulingVerdict};
use serde_json::json;

#[derive(Clone, PartialEq, Eq, Debug)]
enum Answer {
    True,
    False,
    Fails(String),
    DoesNotLoad(&'static str),
}

const FIELDS: &str = r#"
n      = "integer"
d      = "decimal"
t      = "text"
flag   = "bool"
day    = "date"
nums   = { type = "list", of = "integer", max = 10 }
none   = { type = "list", of = "integer", max = 10 }
words  = { type = "list", of = "text", max = 10 }
rows   = { type = "table", columns = { a = "integer", b = { type = "text", optional = true } }, max = 10 }
absent = { type = "text", optional = true }
gone   = { type = "integer", optional = true }
"#;

fn answer(condition: &str) -> Answer {
    let source = format!(
        "policy = \"cel\"\ntitle = \"{{{{ t }}}}\"\nowner = \"user:ana\"\n[payload]{FIELDS}[[rule]]\nname = \"holds\"\nwhen = '''{condition}'''\n\
         verdict = \"allow\"\n[[rule]]\nname = \"rest\"\nverdict = \"deny\"\n"
    );
    let policy = match Policy::load("cel.toml", &source, &|_| Err("none".to_owned())) {
        Ok(loaded) => loaded.policy,
        Err(errors) if errors.iter().any(|error| error.code == "unreachable_rule") => return Answer::False,
        Err(errors) => return Answer::DoesNotLoad(errors[0].code),
    };
    let payload = json!({ "n": 7, "d": "0.3", "t": "Grüße, 😀", "flag": true, "day": "2026-03-01", "nums": [1, 2, 3], "none": [],
        "words": ["a", "bc", "ä"], "rows": [{ "a": 1, "b": "x" }, { "a": 2 }] });
    let (leo, roster) = (PersonId::new("leo"), Roster::default());
    let now = "2026-11-22T23:30:15Z".parse().unwrap();
    let payload = policy.accept(&payload, &roster).unwrap();
    let evaluation = Evaluation { payload: &payload, requester: &leo, roster: &roster, now, created_at: now, revision: Revision::FIRST };
    let ruling = policy.evaluate(&evaluation);
    match (ruling.failure, ruling.verdict) {
        (Some(why), _) => Answer::Fails(why),
        (None, RulingVerdict::Allow) => Answer::True,
        (None, _) => Answer::False,
    }
}

fn all_hold(section: &str, conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(answer(condition), Answer::True, "{section}: {condition}");
    }
}

fn all_fail(section: &str, conditions: &[&str]) {
    for condition in conditions {
        assert!(matches!(answer(condition), Answer::Fails(_)), "{section}: {condition}: {:?}", answer(condition));
    }
}

fn none_loads(section: &str, conditions: &[(&str, &'static str)]) {
    for (condition, code) in conditions {
        assert_eq!(answer(condition), Answer::DoesNotLoad(code), "{section}: {condition}");
    }
}

#[test]
fn the_syntax_binds_and_groups_as_the_grammar_says() {
    all_hold(
        "Syntax",
        &[
            "n + 2 * 3 == 13",
            "(n + 2) * 3 == 27",
            "10 - n - 2 == 1",
            "100 / n / 2 == 7",
            "n * 3 % 4 == 1",
            "flag || n == 0 && n == 0",
            "!(n == 0) && !(flag && n == 0)",
            "-n + 10 == 3",
            "- -n == 7",
            "!!flag",
            "(flag ? 1 : flag ? 2 : 3) == 1",
            "(n == 0 ? 1 : flag ? 2 : 3) == 2",
            "n + 1 < n + 2 && flag",
            "n == 7 // what stands here says nothing",
            "n\n  ==\t7",
        ],
    );
    none_loads(
        "Syntax",
        &[("1 < n < 3", "condition_type"), ("n == ", "condition_syntax"), ("n = 7", "condition_syntax"), ("if == 1", "condition_syntax")],
    );
}

#[test]
fn literals_are_what_the_language_writes_them_as() {
    all_hold(
        "Values: numeric and string literals",
        &[
            "n == 0x7",
            "n + 0xF == 22",
            "-9223372036854775807 < n",
            "9223372036854775807 > n",
            "d == 3e-1",
            "d * 1e1 == 3.0",
            "t == 'Grüße, 😀'",
            "t == \"Gr\\u00fc\\u00dfe, \\U0001F600\"",
            "t != r\"\\u00fc\"",
            "size(r\"\\n\") == 2 && size(\"\\n\") == 1",
            "\"\\x41\\102\" == \"AB\" && flag",
            "\"\"\"a\"b\"\"\" == \"a\\\"b\" && flag",
            "[1, 2, 3].size() == size(nums)",
        ],
    );
    none_loads(
        "Values",
        &[
            ("n == 7u", "condition_unsupported"),
            ("b\"a\" == b\"a\"", "condition_unsupported"),
            ("absent == null", "condition_unsupported"),
            ("{\"a\": 1}.a == 1", "condition_unsupported"),
            ("n < 9223372036854775808", "condition_syntax"),
        ],
    );
}

#[test]
fn integers_are_of_64_bits_and_never_wrap() {
    all_hold(
        "Numeric values, Overflow",
        &[
            "n / 2 == 3",
            "-n / 2 == -3",
            "n / -2 == -3",
            "n % 3 == 1",
            "-n % 3 == -1",
            "n % -3 == 1",
            "9223372036854775800 + n == 9223372036854775807",
            "-9223372036854775801 - n == -9223372036854775807 - 1",
        ],
    );
    all_fail(
        "Overflow, Runtime errors",
        &[
            "9223372036854775801 + n > 0",
            "-9223372036854775807 - n < 0",
            "9223372036854775807 * n > 0",
            "(-9223372036854775807 - n / 7) / -1 > 0",
            "-(-9223372036854775807 - n / 7) > 0",
            "n / (n - 7) == 0",
            "n % (n - 7) == 0",
        ],
    );
}

#[test]
fn numbers_of_both_kinds_stand_on_one_line() {
    all_hold(
        "Equality, Ordering",
        &["n == 7.0", "7.0 == n", "n < 7.5", "6.9999 < n", "n != 7.1", "n >= 7.0 && n <= 7.0", "d < 1", "n in [7.0]", "!(n in [7.1])"],
    );
}

#[test]
fn texts_are_of_code_points_and_ordered_by_them() {
    all_hold(
        "String values, Ordering, Standard definitions",
        &[
            "size(t) == 8",
            "t.size() == 8",
            "size(\"\") == 0",
            "\"Z\" < \"a\" && \"a\" < \"ä\" && \"ä\" < t.lowerAscii() + \"😀\" || flag",
            "\"\" < t",
            "\"\\uffff\" < \"😀\" && flag",
            "t + \"!\" == \"Grüße, 😀!\"",
            "t.startsWith(\"Gr\") && t.startsWith(\"\") && !t.startsWith(\"gr\")",
            "t.endsWith(\"😀\") && t.endsWith(\"\")",
            "t.contains(\"üß\") && t.contains(\"\") && !t.contains(\"ue\")",
            "t.matches(\"ü\") && t.matches(\"^G.*$\") && !t.matches(\"^ü$\")",
            "t.matches(\"\") && !t.matches(\"^$\")",
        ],
    );
    none_loads(
        "Standard definitions",
        &[
            ("t.matches(\"(\")", "condition_literal"),
            ("t.matches(\"(?=a)\")", "condition_literal"),
            ("t - \"a\" == t", "condition_type"),
            ("t == 1", "condition_type"),
            ("size(n) == 1", "condition_type"),
            ("t.nope()", "unknown_function"),
        ],
    );
}

#[test]
fn lists_are_indexed_from_zero_and_searched_by_equality() {
    all_hold(
        "Lists, Field selection and indexing",
        &["nums[0] == 1", "nums[n - 5] == 3", "2 in nums", "!(4 in nums)", "!(1 in none)", "\"bc\" in words", "size(none) == 0", "[n, 1][1] == 1"],
    );
    all_fail("Runtime errors: no such element", &["nums[3] == 1", "nums[-1] == 3", "none[0] == 1", "rows[2].a == 1"]);
    none_loads("Type checking", &[("nums[\"0\"] == 1", "condition_type"), ("t in nums", "condition_type"), ("[1, \"a\"][0] == 1", "condition_type")]);
}

#[test]
fn macros_visit_each_element_and_name_it() {
    all_hold(
        "Macros",
        &[
            "nums.all(x, x > 0) && !nums.all(x, x > 1)",
            "none.all(x, x > 100)",
            "nums.exists(x, x == 2) && !nums.exists(x, x == 4)",
            "!none.exists(x, true)",
            "nums.exists_one(x, x == 2) && !nums.exists_one(x, x > 1) && !none.exists_one(x, true)",
            "nums.existsOne(x, x == 2)",
            "nums.map(x, x * x)[2] == 9",
            "none.map(x, x).size() == 0",
            "nums.filter(x, x != 2).size() == 2 && nums.filter(x, x != 2)[1] == 3",
            "nums.map(x, nums.map(x, x + 1)[0] + x)[2] == 5",
            "nums.exists(x, words.exists(w, size(w) == x))",
            "rows.exists(r, has(r.b)) && !rows.all(r, has(r.b))",
            "nums.exists(x, x == 1 || 1 / (x - 2) > 0)",
            "!nums.all(x, x < 1 && 1 / (x - 2) > 0)",
        ],
    );
    all_fail("Macros", &["nums.map(x, 1 / (x - 2)).size() == 3", "nums.exists_one(x, 1 / (x - 2) > 0)", "rows.all(r, r.b == \"x\")"]);
    none_loads(
        "Macros",
        &[
            ("nums.all(x, x)", "condition_type"),
            ("nums.all(1, true)", "condition_call"),
            ("nums.all(x)", "condition_call"),
            ("n.all(x, true)", "condition_type"),
            ("nums.map(x, x > 1, x)", "condition_call"),
            ("nums.all(x, y > 1)", "unknown_name"),
            ("nums.all(x, true) && x > 1", "unknown_name"),
        ],
    );
}

#[test]
fn what_is_not_needed_is_not_evaluated() {
    all_hold(
        "Logical operators, Conditional expression",
        &[
            "flag || 1 / (n - 7) > 0",
            "!(n == 0 && 1 / (n - 7) > 0)",
            "flag ? true : 1 / (n - 7) > 0",
            "n == 0 ? 1 / (n - 7) > 0 : true",
            "!has(absent) || absent == \"x\"",
            "has(t) && !has(gone)",
            "(has(gone) ? gone : 5) == 5",
        ],
    );
    all_fail("Runtime errors", &["1 / (n - 7) > 0 ? true : true", "absent == \"x\"", "gone > 1", "!(gone > 1)"]);
    none_loads("Type checking", &[("n && flag", "condition_type"), ("flag ? 1 : \"a\"", "condition_type"), ("n ? flag : flag", "condition_type")]);
}

#[test]
fn moments_and_lengths_of_time_compute() {
    all_hold(
        "Abstract types: timestamp and duration; Timezones",
        &[
            "now == timestamp(\"2026-11-22T23:30:15Z\")",
            "now == timestamp(\"2026-11-23T00:30:15+01:00\")",
            "now + duration(\"1h\") > now && now - duration(\"1h\") < now",
            "duration(\"1h\") + now == now + duration(\"1h\")",
            "now - timestamp(\"2026-11-22T22:30:15Z\") == duration(\"60m\")",
            "duration(\"1h\") + duration(\"30m\") == duration(\"90m\") && duration(\"1h\") - duration(\"30m\") == duration(\"30m\")",
            "-duration(\"1h\") < duration(\"1s\")",
            "now.getFullYear() == 2026 && now.getMonth() == 10 && now.getDayOfMonth() == 21 && now.getDate() == 22",
            "now.getDayOfWeek() == 0 && now.getHours() == 23 && now.getMinutes() == 30",
            "now.getDate(\"Asia/Tokyo\") == 23 && now.getDayOfWeek(\"Asia/Tokyo\") == 1 && now.getHours(\"America/New_York\") == 18",
        ],
    );
    none_loads(
        "Abstract types",
        &[
            ("now + now > now", "condition_type"),
            ("now > duration(\"1h\")", "condition_type"),
            ("now > 0", "condition_type"),
            ("now == timestamp(\"yesterday\")", "condition_literal"),
            ("now.getHours(\"Nowhere/City\") == 1", "condition_literal"),
        ],
    );
}

#[test]
fn where_a_mistake_decides_ours_is_stricter() {
    // CEL lets `true` on either side of `||`, and `false` of `&&`, hide the mistake on the other.
    all_fail("Logical operators", &["1 / (n - 7) > 0 || flag", "1 / (n - 7) > 0 && n == 0", "[2, 1].all(x, 1 / (x - 2) > 0 && x > 5)"]);
    // CEL answers `false` where values of different types are compared; here that does not load.
    none_loads("Equality", &[("t == 7", "condition_type"), ("nums == nums", "condition_type"), ("nums + nums == nums", "condition_type")]);
}

#[test]
fn decimals_are_exact_and_mix_with_integers() {
    all_hold("Numeric values", &["0.1 + 0.2 == d", "n + d == 7.3", "n * 0.1 == 0.7", "1 / 8.0 == 0.125", "n - d > 6.69"]);
    all_fail("Numeric values", &["n / (d - 0.3) > 0", "1.0 / 0.0 > d"]);
    none_loads("Numeric values", &[("d % 2 == 1", "condition_type")]);
}
