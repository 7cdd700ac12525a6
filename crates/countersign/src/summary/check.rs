//! Rule 24: a model's text may say only what the request says. Whatever else it says, the whole answer is
//! discarded and the plain summary goes out. Strict on purpose: a lost summary costs little, a lie much.

use super::facts::{Facts, date_at};
use super::markup::plain_text;
use super::tokens::{Kind, Token, tokens};
use super::words::{NUMBER_WORDS, OPENERS, UNITS};
use super::{IMPACT_CHARS_MAX, Risk, Summary, SummaryAsk, SummaryFault, TEXT_CHARS_MAX, Unfounded};

/// What a model wrote, unchecked.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is asked for.
    pub text: String,
    /// What follows from a yes.
    pub impact: String,
    /// Its judgement.
    pub risk: Risk,
}

/// Makes the draft plain text and accepts it if it says nothing that the request does not.
pub fn accept(draft: &Draft, ask: &SummaryAsk, by: &str) -> Result<Summary, SummaryFault> {
    let facts = Facts::of(ask);
    let text = checked(&draft.text, TEXT_CHARS_MAX, &facts, &ask.forbidden)?;
    let impact = checked(&draft.impact, IMPACT_CHARS_MAX, &facts, &ask.forbidden)?;
    Ok(Summary { text, impact, risk: draft.risk, by: by.to_owned() })
}

/// What is checked is what is shown: the text after it was stripped and cut.
fn checked(text: &str, chars_max: usize, facts: &Facts, forbidden: &[String]) -> Result<String, SummaryFault> {
    let text = plain_text(text, chars_max);
    let tokens = tokens(&text);
    if !tokens.iter().any(|token| token.kind == Kind::Word) {
        return Err(SummaryFault::Empty);
    }
    if forbidden.iter().any(|phrase| occurs(phrase, &text)) {
        return Err(SummaryFault::Forbidden);
    }
    match (0..tokens.len()).find_map(|at| unfounded(&tokens, at, facts)) {
        Some(what) => Err(SummaryFault::Unfounded(what)),
        None => Ok(text),
    }
}

fn unfounded(tokens: &[Token], at: usize, facts: &Facts) -> Option<Unfounded> {
    let token = tokens.get(at)?;
    match token.kind {
        Kind::Number => (!facts.has_number(token)).then_some(Unfounded::Number),
        Kind::Mixed => (!facts.has_word(&token.lower()) && !is_known_ordinal(token, facts)).then_some(Unfounded::Number),
        Kind::Sign => (is_unit(&token.text) && !has_unit(&token.text, facts)).then_some(Unfounded::Unit),
        Kind::Word => match date_at(tokens, at) {
            Some(date) => (!facts.explains(date)).then_some(Unfounded::Date),
            None => unfounded_word(token, facts),
        },
    }
}

fn unfounded_word(token: &Token, facts: &Facts) -> Option<Unfounded> {
    let lower = token.lower();
    if facts.has_word(&lower) {
        return None;
    }
    if NUMBER_WORDS.contains(&lower.as_str()) {
        return Some(Unfounded::Number);
    }
    if UNITS.iter().any(|(unit, _)| *unit == lower) {
        return (!has_unit(&lower, facts)).then_some(Unfounded::Unit);
    }
    let opener = token.opens && OPENERS.contains(&lower.as_str());
    let capital = token.text.chars().any(|char| char.is_alphabetic() && !char.is_lowercase());
    ((capital && !opener) || is_disguised(&token.text)).then_some(Unfounded::Name)
}

fn is_known_ordinal(token: &Token, facts: &Facts) -> bool {
    token.plain_number().is_some() && facts.has_number(token)
}

/// Signs of currencies and parts, in every width.
fn is_unit(sign: &str) -> bool {
    let is = |char| matches!(char, '$' | '%' | '‰' | '‱' | '¢'..='¥' | '\u{20a0}'..='\u{20cf}' | '﷼' | '﹩' | '﹪' | '＄' | '％' | '￠' | '￡' | '￥' | '￦' | '٪');
    sign.chars().any(is)
}

fn has_unit(unit: &str, facts: &Facts) -> bool {
    let code = UNITS.iter().find(|(known, _)| *known == unit).map(|(_, code)| *code);
    facts.has_sign(unit) || facts.has_word(unit) || code.is_some_and(|code| facts.has_word(code))
}

/// Letters of two alphabets in one word, or letters that only look like letters.
fn is_disguised(word: &str) -> bool {
    let lookalike = |char| matches!(char, '\u{24b6}'..='\u{24e9}' | '\u{ff21}'..='\u{ff5a}' | '\u{1d400}'..='\u{1d7ff}');
    let foreign = |char| matches!(char, '\u{370}'..='\u{5ff}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}');
    word.chars().any(lookalike) || (word.contains(|char: char| char.is_ascii_alphabetic()) && word.chars().any(foreign))
}

/// Whether a phrase occurs as whole words, in whatever case.
fn occurs(phrase: &str, text: &str) -> bool {
    let spaced = |text: &str| {
        let words = tokens(text).into_iter().filter(|token| token.kind != Kind::Sign).map(|token| token.lower());
        format!(" {} ", words.collect::<Vec<_>>().join(" "))
    };
    let words = spaced(phrase);
    if words.trim().is_empty() { !phrase.trim().is_empty() && text.contains(phrase.trim()) } else { spaced(text).contains(&words) }
}

#[cfg(test)]
#[path = "check_vectors.rs"]
mod vectors;
