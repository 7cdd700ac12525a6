//! Checks operators: which types they take, and which currencies can be compared.

use super::ConditionFault;
use super::check::{Checked, Checker};
use super::tree::{Comparison, Constant, Kind, Node, Operator, Type};
use crate::money::Currency;
use crate::policy::diagnostic::did_you_mean;
use std::ops::Range;

impl Checker<'_> {
    pub(super) fn comparison(&self, comparison: Comparison, left: Node, right: Node, span: Range<usize>) -> Checked {
        self.comparable(comparison, &left, &right, &span)?;
        let node = Node::new(Kind::Now, Type::Bool, span, [&left, &right]);
        Ok(Node { kind: Kind::Compare(comparison, Box::new(left), Box::new(right)), ..node })
    }

    fn comparable(&self, comparison: Comparison, left: &Node, right: &Node, span: &Range<usize>) -> Result<(), ConditionFault> {
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let fits = match (&left.of, &right.of) {
            (Type::Money(a), Type::Money(b)) => return self.currencies(a.as_deref(), b.as_deref(), span),
            (Type::Choice(values), other) if other.is_text() => self.is_choice(values, right)? && !ordered,
            (other, Type::Choice(values)) if other.is_text() => self.is_choice(values, left)? && !ordered,
            (Type::Person, Type::Person) | (Type::Bool, Type::Bool) => !ordered,
            (Type::Person, other) | (other, Type::Person) => other.is_text() && !ordered,
            (a, b) if a.is_number() && b.is_number() => true,
            (Type::Text, Type::Text) => true,
            (a, b) => a == b && matches!(a, Type::Date | Type::Time | Type::Timestamp | Type::Duration),
        };
        if fits { Ok(()) } else { Err(self.unlike(left, right, span)) }
    }

    fn unlike(&self, left: &Node, right: &Node, span: &Range<usize>) -> ConditionFault {
        let mut fault = self.fault("condition_type", span.clone(), format!("{} is not compared with {} this way", left.of, right.of));
        fault.suggestion = suggestion(left, right).or_else(|| suggestion(right, left));
        fault
    }

    /// A text compared with an enum must be one of its values.
    fn is_choice(&self, values: &[String], other: &Node) -> Result<bool, ConditionFault> {
        match &other.kind {
            Kind::Literal(Constant::Text(text)) if !values.contains(text) => {
                let mut fault = self.fault("condition_literal", other.span.clone(), format!("the field never holds `{text}`"));
                fault.suggestion = did_you_mean(text, values.iter().map(String::as_str));
                Err(fault)
            }
            _ => Ok(true),
        }
    }

    /// Different currencies need a rate for each of them.
    pub(super) fn currencies(&self, left: Option<&[Currency]>, right: Option<&[Currency]>, span: &Range<usize>) -> Result<(), ConditionFault> {
        let (Some(left), Some(right)) = (left, right) else {
            // Only the directory knows; the evaluation fails closed where the currencies differ.
            return Ok(());
        };
        let all: Vec<Currency> = left.iter().chain(right).copied().collect();
        let first = all.first().copied();
        if all.iter().all(|currency| Some(*currency) == first) {
            return Ok(());
        }
        let Some(rates) = self.scope.rates else {
            let message = format!("sums in {} are not compared with sums in {} without rates", joined(left), joined(right));
            let mut fault = self.fault("currency", span.clone(), message);
            fault.suggestion = Some("name a rate table at the top of the policy: `rates = \"rates.toml\"`".to_owned());
            return Err(fault);
        };
        match all.iter().find(|currency| !rates.knows(**currency)) {
            None => Ok(()),
            Some(missing) => Err(self.fault("currency", span.clone(), format!("the rate table has no rate for {missing}"))),
        }
    }

    pub(super) fn arithmetic(&self, operator: Operator, left: Node, right: Node, span: Range<usize>) -> Checked {
        let of = self.result_of(operator, &left, &right, &span)?;
        let node = Node::new(Kind::Now, of, span, [&left, &right]);
        Ok(Node { kind: Kind::Arithmetic(operator, Box::new(left), Box::new(right)), ..node })
    }

    fn result_of(&self, operator: Operator, left: &Node, right: &Node, span: &Range<usize>) -> Result<Type, ConditionFault> {
        use Operator::{Add, Divide, Multiply, Subtract};
        let of = match (operator, &left.of, &right.of) {
            (_, Type::Int, Type::Int) => Some(Type::Int),
            (Add | Subtract | Multiply | Divide, a, b) if a.is_number() && b.is_number() => Some(Type::Decimal),
            (Add | Subtract, Type::Money(a), Type::Money(b)) => {
                self.one_currency(a.as_deref(), b.as_deref(), span)?;
                Some(Type::Money(a.clone().or_else(|| b.clone())))
            }
            (Multiply | Divide, Type::Money(currencies), number) if number.is_number() => Some(Type::Money(currencies.clone())),
            (Multiply, number, Type::Money(currencies)) if number.is_number() => Some(Type::Money(currencies.clone())),
            (Add, a, b) if a.is_text() && b.is_text() => Some(Type::Text),
            (Add | Subtract, Type::Timestamp, Type::Duration) | (Add, Type::Duration, Type::Timestamp) => Some(Type::Timestamp),
            (Subtract, Type::Timestamp, Type::Timestamp) | (Subtract, Type::Date, Type::Date) => Some(Type::Duration),
            (Add | Subtract, Type::Duration, Type::Duration) => Some(Type::Duration),
            _ => None,
        };
        of.ok_or_else(|| {
            let mut fault = self.fault("condition_type", span.clone(), format!("{} and {} are not computed with this way", left.of, right.of));
            fault.suggestion = suggestion(left, right).or_else(|| suggestion(right, left));
            fault
        })
    }

    fn one_currency(&self, left: Option<&[Currency]>, right: Option<&[Currency]>, span: &Range<usize>) -> Result<(), ConditionFault> {
        let (Some(left), Some(right)) = (left, right) else { return Ok(()) };
        let first = left.first();
        if left.iter().chain(right).all(|currency| Some(currency) == first) {
            return Ok(());
        }
        let message = format!("sums in {} and {} are not added: only sums of one currency are", joined(left), joined(right));
        Err(self.fault("currency", span.clone(), message))
    }

    /// Whether a value of this type may be looked for in a list of that one.
    pub(super) fn member_of(&self, left: Node, right: Node, span: Range<usize>) -> Checked {
        let Type::List(of, _) = &right.of else {
            let mut fault = self.fault("condition_type", span, format!("`in` looks into a list: this is a {}", right.of));
            fault.suggestion = right.of.is_text().then(|| "`text.contains(\"part\")`".to_owned());
            return Err(fault);
        };
        if let (Type::Choice(values), Kind::List(elements)) = (&left.of, &right.kind) {
            for element in elements {
                self.is_choice(values, element)?;
            }
        }
        let element = Node { kind: Kind::Now, of: (**of).clone(), span: right.span.clone(), cost: 0 };
        if **of != Type::Nothing {
            self.comparable(Comparison::Equal, &left, &element, &span)?;
        }
        let length = list_max(&right.of);
        let mut node = Node::new(Kind::Now, Type::Bool, span, [&left, &right]);
        node.cost = node.cost.saturating_add(length);
        Ok(Node { kind: Kind::In(Box::new(left), Box::new(right)), ..node })
    }
}

/// How many elements a list has at most.
pub(super) fn list_max(of: &Type) -> u64 {
    match of {
        Type::List(_, max) => u64::try_from(*max).unwrap_or(u64::MAX),
        _ => 0,
    }
}

fn joined(currencies: &[Currency]) -> String {
    let mut codes: Vec<&str> = currencies.iter().map(Currency::code).collect();
    codes.dedup();
    codes.join(", ")
}

/// What the author most likely meant: a literal of the other side's type.
fn suggestion(typed: &Node, literal: &Node) -> Option<String> {
    let written = match &literal.kind {
        Kind::Literal(Constant::Int(value)) => value.to_string(),
        Kind::Literal(Constant::Decimal(value)) => value.to_string(),
        Kind::Literal(Constant::Text(value)) => value.clone(),
        _ => return None,
    };
    match &typed.of {
        Type::Money(currencies) => {
            let code = currencies.as_ref().and_then(|all| all.first()).map_or("USD", Currency::code);
            let number: String = written.split(' ').next().unwrap_or_default().to_owned();
            Some(format!("write `money(\"{number} {code}\")`"))
        }
        Type::Date => Some(format!("write `date(\"{written}\")`")),
        Type::Time => Some(format!("write `time(\"{written}\")`")),
        Type::Timestamp => Some(format!("write `timestamp(\"{written}\")`")),
        Type::Duration => Some("write a duration such as `duration(\"8h\")`".to_owned()),
        Type::Int | Type::Decimal => Some(format!("write the number without quotes: `{written}`")),
        _ => None,
    }
}
