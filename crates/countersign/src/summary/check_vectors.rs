//! What a model may and may not say, case by case, and for arbitrary output.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn ask() -> SummaryAsk {
    SummaryAsk {
        policy: "expense".into(),
        title: "ACME, 12500.00 USD".into(),
        requester_name: "Leo Park".into(),
        payload: json!({
            "amount": "12500.00 USD", "merchant": "ACME GmbH", "due": "2026-03-07", "at": "2026-11-23T14:30:00Z", "items": 3,
            "rate": "1.50", "invoice": "INV-2231", "unit_price": 4166.67, "note": "for the Berlin office",
        }),
        people: vec!["Ana Ruiz".into(), "April Jones".into()],
        policy_words: vec!["finance".into()],
        forbidden: vec!["urgent".into(), "wire transfer".into()],
        risk_plain: Risk::Medium,
    }
}

fn judged(text: &str) -> Result<String, SummaryFault> {
    let draft = Draft { text: text.into(), impact: "The money leaves the account.".into(), risk: Risk::Low };
    accept(&draft, &ask(), "llama3.2").map(|summary| summary.text)
}

#[test]
fn rule_24_what_the_request_says_may_be_said() {
    for text in [
        "Leo Park asks for 12,500.00 USD for ACME GmbH.",
        "This is a payment of $12,500 to ACME's office in Berlin, due 7 March 2026.",
        "The invoice INV-2231 is due on March 7th, 2026 (2026-03-07).",
        "It was sent at 14:30 on 23 November. Approving it pays 3 items at 4,166.67 each.",
        "A rate of 1.5 (1.50) applies; see Ana Ruiz, April Jones or Finance.",
        "Merchant: ACME; amount: 12500 USD; 12'500.00 USD.",
        "12 500 USD may be paid in March.",
        "\"The office\" is in Berlin. If approved, Leo's team pays.",
    ] {
        assert!(judged(text).is_ok(), "{text}: {:?}", judged(text));
    }
}

#[test]
fn rule_24_what_the_request_does_not_say_discards_the_answer() {
    use Unfounded::{Date, Name, Number, Unit};
    let cases = [
        ("Leo asks for 1,250.00 USD.", Number),
        ("Leo asks for 12,501 USD.", Number),
        ("Leo asks for 12,500.50 USD.", Number),
        ("Leo asks for 12,500.000 USD.", Number),
        ("Leo asks for 12 USD.", Number),
        ("Leo asks for 500 USD.", Number),
        ("Leo asks for 12.500,00 USD.", Number),
        ("Leo asks for 125 00 USD.", Number),
        ("Leo asks for 12500k USD.", Number),
        ("Leo asks for 12500 k USD.", Number),
        ("Leo asks for twelve million USD.", Number),
        ("Leo asks for 12,500 thousand USD.", Number),
        ("Leo asks for a hundred USD.", Number),
        ("Leo asks for ١٢٥٠٠ USD.", Number),
        ("Leo asks for １２５００ USD.", Number),
        ("Leo asks for 1<b></b>2<i></i>500 USD.", Number),
        ("Leo asks for 4,166 USD.", Number),
        ("Leo asks for 12500% of it.", Unit),
        ("Leo asks for half of it.", Number),
        ("Leo asks for €12,500.", Unit),
        ("Leo asks for 12,500 euros.", Unit),
        ("Leo asks for 12,500 eur.", Unit),
        ("Leo asks for 12,500 EUR.", Unit),
        ("Leo asks for 12,500 cents.", Unit),
        ("It is due on 7 November 2026.", Date),
        ("It is due on 23 March 2026.", Date),
        ("It is due on 7 march 2027.", Date),
        ("It is due in May.", Date),
        ("It is due on 2026-03-23.", Number),
        ("It is due on 03/07/2026.", Number),
        ("It is due on Monday.", Name),
        ("Leo Park pays Contoso.", Name),
        ("Leo Park pays the Bank of Berlin.", Name),
        ("The CEO has agreed.", Name),
        ("Bank details have changed.", Name),
        ("The money goes to АCME.", Name),
        ("The money goes to аcme.", Name),
        ("The money goes to 東京.", Name),
        ("The money goes to iBank.", Name),
        ("The office, If approved, pays.", Name),
        ("The office pays ACME\u{202e}now.", Name),
    ];
    for (text, what) in cases {
        assert_eq!(judged(text), Err(SummaryFault::Unfounded(what)), "{text}");
    }
}

#[test]
fn forbidden_words_and_empty_answers_discard_it_too() {
    for text in ["This is URGENT.", "A wire  transfer to ACME.", "this is *urgent*"] {
        assert_eq!(judged(text), Err(SummaryFault::Forbidden), "{text}");
    }
    assert!(judged("This is not urgently needed.").is_ok());
    for text in ["", "  \n", "<b></b>", "…", "***"] {
        assert_eq!(judged(text), Err(SummaryFault::Empty), "{text}");
    }
    let draft = Draft { text: "The office asks.".into(), impact: String::new(), risk: Risk::Low };
    assert_eq!(accept(&draft, &ask(), "m"), Err(SummaryFault::Empty));
}

#[test]
fn markup_links_and_length_are_cut_before_the_check() {
    assert_eq!(judged("**The** office [asks](https://evil.example/99)").unwrap(), "The office asks (link removed)");
    let long = judged(&"the office asks for 12500.00 USD ".repeat(50)).unwrap();
    assert!(long.chars().count() <= TEXT_CHARS_MAX && long.ends_with('…'), "{long}");
}

/// Pieces of which lies are made.
fn output() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec!["12", "500", "00", "12500", "12,500", "2026", "03", "07", "7", "March", "1.50", "3", "23", "14:30", "4166.67"])
            .prop_map(str::to_owned),
        prop::sample::select(vec![" ", "  ", ",", ".", "'", "-", "/", ":", "\u{a0}", "\u{200b}", "*", "<b>", "_", "e", "\n"]).prop_map(str::to_owned),
        prop::sample::select(vec!["the", "asks", "ACME", "office", "(", "USD"]).prop_map(str::to_owned),
        "[0-9]{1,4}",
        "\\PC{0,3}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("the {}", pieces.concat()))
}

fn runs(text: &str) -> Vec<&str> {
    text.split(|char: char| !char.is_numeric()).filter(|run| !run.is_empty()).collect()
}

/// Another way to see it than the one under test: the runs between separators, put together again somehow, are
/// runs of the payload, but for zeros at either end.
fn explained(shown: &[&str], known: &[&str]) -> bool {
    let occurs = |run: &str| known.iter().any(|known| [known, known.trim_start_matches('0'), known.trim_end_matches('0')].contains(&run));
    shown.is_empty() || (1..=shown.len()).any(|count| occurs(&shown[..count].concat()) && explained(&shown[count..], known))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn rule_24_no_digit_run_is_shown_that_the_payload_does_not_contain(text in output()) {
        let payload = ask().payload.to_string();
        if let Ok(shown) = judged(&text) {
            let separators = [',', '\'', '’'];
            for part in shown.split(|char: char| !char.is_numeric() && !char.is_whitespace() && !separators.contains(&char)) {
                prop_assert!(explained(&runs(part), &runs(&payload)), "{part} in {shown}");
            }
        }
    }
}
