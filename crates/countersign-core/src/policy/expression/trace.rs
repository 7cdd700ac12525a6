//! A condition taken apart: each part as written, with its value, for explanations.

use super::run::{Run, Val};
use super::tree::{Kind, Node};
use super::{Facts, Steps};
use crate::policy::sight::Veil;

/// Longer values are cut in explanations.
const SHOWN_MAX: usize = 200;

/// A part of a condition with its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValueTrace {
    /// As written.
    pub source: String,
    /// What it came to.
    pub value: Traced,
    /// Its own parts; literals, and parts that were not needed, are left out.
    pub parts: Vec<ValueTrace>,
}

/// What a part of a condition came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Traced {
    /// As evaluated.
    Value(String),
    /// Why it could not be evaluated.
    Failed(String),
    /// It depends on what is kept from the reader.
    Hidden,
}

pub(super) fn trace(node: &Node, source: &str, facts: &Facts<'_>, veil: &Veil, steps: &mut Steps) -> ValueTrace {
    let hidden = veil.covers(node);
    let value = match Run::new(facts, steps).value(node) {
        _ if hidden => Traced::Hidden,
        Ok(value) => Traced::Value(value.shown()),
        Err(why) => Traced::Failed(why),
    };
    // Which parts were needed tells what the others came to: of what is hidden, all are listed.
    let parts = if hidden { listed(node) } else { needed(node, facts, steps) };
    let parts = parts.into_iter().filter(|part| !matches!(part.kind, Kind::Literal(_)));
    let parts = parts.map(|part| trace(part, source, facts, veil, steps)).collect();
    ValueTrace { source: written(source, node), value, parts }
}

/// The parts that can be evaluated by themselves, needed or not.
fn listed(node: &Node) -> Vec<&Node> {
    match &node.kind {
        Kind::Each(_, list, _) => vec![list],
        Kind::Member(..) | Kind::Column(..) | Kind::Has(_) | Kind::List(_) => Vec::new(),
        _ => node.parts(),
    }
}

fn needed<'n>(node: &'n Node, facts: &Facts<'_>, steps: &mut Steps) -> Vec<&'n Node> {
    let mut holds = |node: &Node| Run::new(facts, steps).truth(node).ok();
    match &node.kind {
        Kind::And(left, right) if holds(left) == Some(true) => vec![left, right],
        Kind::Or(left, right) if holds(left) == Some(false) => vec![left, right],
        Kind::And(left, _) | Kind::Or(left, _) => vec![left],
        Kind::If(condition, yes, no) => match holds(condition) {
            Some(true) => vec![condition, yes],
            Some(false) => vec![condition, no],
            None => vec![condition],
        },
        Kind::Arithmetic(_, left, right) | Kind::Compare(_, left, right) | Kind::In(left, right) => vec![left, right],
        Kind::Index(left, right) | Kind::Text(_, left, right) => vec![left, right],
        Kind::Not(inner) | Kind::Negate(inner) | Kind::Size(inner) | Kind::Matches(inner, _) => vec![inner],
        Kind::Case(_, inner) | Kind::Clock(_, inner, _) | Kind::Sum(inner) | Kind::Each(_, inner, _) => vec![inner],
        _ => Vec::new(),
    }
}

/// The part's text; a call's span ends before its closing bracket, which is put back.
fn written(source: &str, node: &Node) -> String {
    let mut end = node.span.end;
    let open = |text: &str| {
        let (mut depth, mut quoted) = (0_i32, None);
        for character in text.chars() {
            match (quoted, character) {
                (None, '"' | '\'') => quoted = Some(character),
                (Some(quote), _) if quote == character => quoted = None,
                (None, '(' | '[') => depth += 1,
                (None, ')' | ']') => depth -= 1,
                _ => {}
            }
        }
        depth
    };
    let cut = |end: usize| source.get(node.span.start..end).unwrap_or_default();
    while open(cut(end)) > 0 {
        let rest = source.get(end..).unwrap_or_default();
        match rest.find([')', ']']) {
            Some(at) => end += at + 1,
            None => break,
        }
    }
    cut(end).trim().to_owned()
}

impl Val<'_> {
    fn shown(&self) -> String {
        let text = match self {
            Val::Bool(value) => value.to_string(),
            Val::Int(value) => value.to_string(),
            Val::Decimal(value) => value.to_string(),
            Val::Text(text) => format!("\"{text}\""),
            Val::Money(money) => money.to_string(),
            Val::Date(date) => date.to_string(),
            Val::Time(time) => time.to_string(),
            Val::Timestamp(timestamp) => timestamp.to_string(),
            Val::Duration(duration) => format!("{duration:#}"),
            Val::Person(id) => id.to_string(),
            Val::List(elements) => format!("[{}]", elements.iter().take(20).map(Val::shown).collect::<Vec<_>>().join(", ")),
            Val::Row(row) => serde_json::to_string(row).unwrap_or_default(),
            Val::Json(value) => value.to_string(),
        };
        let cut: String = text.chars().take(SHOWN_MAX).collect();
        if cut.len() < text.len() { format!("{cut}…") } else { cut }
    }
}
