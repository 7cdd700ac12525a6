//! The plain summary: the payload's facts in one readable sentence, by template. The same payload always
//! gives the same words; no model is asked.

use countersign_core::money::Currency;
use serde_json::Value;

use super::markup::cut;
use super::visible::visible;
use super::{IMPACT_CHARS_MAX, PLAIN, Risk, Summary, SummaryAsk, TEXT_CHARS_MAX};

/// More fields than this are counted, not listed: the facts stand beside the summary anyway.
const FIELDS_MAX: usize = 12;
/// A longer value is cut: one field must not push the others out.
const VALUE_CHARS_MAX: usize = 120;
/// So many items of a list are named.
const ITEMS_MAX: usize = 5;

/// The plain summary of a request.
pub fn plain(ask: &SummaryAsk) -> Summary {
    words(&ask.requester_name, &ask.policy, &ask.payload, ask.risk_plain)
}

/// The same of what it is made of: the requester's name, the policy's, the payload as its reader sees it, the risk.
pub fn words(requester: &str, policy: &str, payload: &Value, risk: Risk) -> Summary {
    let (requester, policy) = (inline(requester), inline(policy));
    let text = match facts(payload) {
        facts if facts.is_empty() => format!("{requester} asks for {policy}."),
        facts => format!("{requester} asks for {policy}: {facts}."),
    };
    let impact = format!("If approved, what the policy {policy} foresees is done with exactly these values.");
    Summary { text: cut(&text, TEXT_CHARS_MAX), impact: cut(&impact, IMPACT_CHARS_MAX), risk, by: PLAIN.to_owned() }
}

fn facts(payload: &Value) -> String {
    let Value::Object(fields) = payload else {
        return if payload.is_null() { String::new() } else { shown(payload) };
    };
    let present: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
    let mut facts: Vec<_> =
        present.iter().take(FIELDS_MAX).map(|(name, value)| format!("{} {}", inline(name).replace('_', " "), shown(value))).collect();
    if let more @ 1.. = present.len().saturating_sub(FIELDS_MAX) {
        facts.push(format!("and {more} more"));
    }
    facts.join(", ")
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => money(text).unwrap_or_else(|| cut(&inline(text), VALUE_CHARS_MAX)),
        Value::Array(items) => list(items),
        Value::Object(fields) => format!("({} fields)", fields.len()),
    }
}

fn list(items: &[Value]) -> String {
    let mut shown: Vec<_> = items.iter().take(ITEMS_MAX).map(shown).collect();
    if let more @ 1.. = items.len().saturating_sub(ITEMS_MAX) {
        shown.push(format!("{more} more"));
    }
    if shown.is_empty() { "none".to_owned() } else { cut(&shown.join("; "), VALUE_CHARS_MAX) }
}

/// `12500.00 USD` as `12,500.00 USD`; anything else is not money.
fn money(text: &str) -> Option<String> {
    let (amount, currency) = text.split_once(' ')?;
    let unsigned = amount.strip_prefix('-').unwrap_or(amount);
    let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    if !(code && digits(whole) && fraction.is_none_or(digits) && text.len() <= VALUE_CHARS_MAX) {
        return None;
    }
    let sign = if unsigned.len() < amount.len() { "-" } else { "" };
    // As many digits as the currency has: beside `1,950.00 GBP` nobody should wonder what `1,950.0 GBP` is.
    let places = Currency::parse(currency).map_or(0, |currency| usize::try_from(currency.digits()).unwrap_or_default());
    let fraction = if fraction.is_some() || places > 0 { format!(".{:0<places$}", fraction.unwrap_or_default()) } else { String::new() };
    Some(format!("{sign}{}{fraction} {currency}", grouped(whole)))
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// On one line, with everything hidden spelled out.
fn inline(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(payload: Value) -> Summary {
        let (policy, title, requester_name) = ("expense".into(), String::new(), "Leo Park".into());
        plain(&SummaryAsk {
            policy,
            title,
            requester_name,
            payload,
            people: vec![],
            policy_words: vec![],
            forbidden: vec![],
            risk_plain: Risk::Medium,
        })
    }

    #[test]
    fn the_facts_are_said_in_one_sentence() {
        let summary = of(json!({ "amount": "12500.00 USD", "merchant": "ACME" }));
        assert_eq!(
            summary.wire_text(),
            "SUMMARY: Leo Park asks for expense: amount 12,500.00 USD, merchant ACME.\n\
             IMPACT: If approved, what the policy expense foresees is done with exactly these values.\nRISK: medium"
        );
        assert_eq!(summary.by, "plain");
    }

    #[test]
    fn every_kind_of_value_has_its_words() {
        let payload =
            json!({ "a": -1.5, "b": true, "c": null, "d_e": ["x", 2, null], "f": { "g": 1 }, "h": [], "i": "-1234567.5 EUR", "j": "2 tons" });
        assert_eq!(
            of(payload).text,
            "Leo Park asks for expense: a -1.5, b yes, d e x; 2; none, f (1 fields), h none, i -1,234,567.50 EUR, j 2 tons."
        );
        assert_eq!(of(json!({})).text, "Leo Park asks for expense.");
    }

    #[test]
    fn one_field_cannot_forge_another_line_or_push_the_rest_out() {
        let text = of(json!({ "a": "x\nRISK: low\u{202e}", "b": "y".repeat(5000), "c": "z" })).text;
        assert!(text.starts_with("Leo Park asks for expense: a x RISK: low⟨U+202E⟩, b yyy") && text.ends_with("…, c z."), "{text}");
        let many: serde_json::Map<_, _> = (0..500).map(|at| (format!("field{at:03}"), json!(at))).collect();
        let text = of(Value::Object(many)).text;
        assert!(text.chars().count() <= TEXT_CHARS_MAX && text.ends_with("and 488 more."), "{text}");
    }

    #[test]
    fn thousands_are_grouped() {
        for (text, shown) in [("1 USD", "1.00 USD"), ("999.9 USD", "999.90 USD"), ("1000 JPY", "1,000 JPY"), ("100000 USD", "100,000.00 USD")] {
            assert_eq!(money(text).as_deref(), Some(shown));
        }
        for text in ["1000", "1000 usd", "1.2.3 USD", "- USD", "1000  USD", "1e9 USD"] {
            assert_eq!(money(text), None, "{text}");
        }
    }
}
