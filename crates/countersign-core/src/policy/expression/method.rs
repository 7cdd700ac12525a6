//! Checks calls on a value: tests of texts, readings of moments, sums of lists.

use super::ConditionFault;
use super::check::{Checked, Checker};
use super::compare::list_max;
use super::tree::{Clock, Constant, Kind, Node, TextTest, Type};
use crate::policy::diagnostic::did_you_mean;
use crate::policy::pattern::{Pattern, PatternFault};
use cel::common::ast::IdedExpr;
use jiff::tz::TimeZone;
use std::ops::Range;

/// What may be called on a value, for suggestions.
const METHODS: [&str; 24] = [
    "size",
    "startsWith",
    "endsWith",
    "contains",
    "matches",
    "lowerAscii",
    "upperAscii",
    "sum",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "getFullYear",
    "getMonth",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "date",
    "time",
    "existsOne",
    "has",
];

impl Checker<'_> {
    pub(super) fn method(&mut self, name: &str, target: &IdedExpr, arguments: &[IdedExpr], span: Range<usize>) -> Checked {
        let target = self.check(target)?;
        let arguments = arguments.iter().map(|argument| self.check(argument)).collect::<Result<Vec<_>, _>>()?;
        let span = target.span.start..span.end;
        match (name, arguments.as_slice()) {
            ("size", []) => self.size(target, span),
            ("sum", []) => self.sum(target, span),
            ("lowerAscii" | "upperAscii", []) => {
                self.needs_text(&target, name)?;
                let upper = name == "upperAscii";
                Ok(Node::new(Kind::Case(upper, Box::new(target.clone())), Type::Text, span, [&target]))
            }
            ("matches", [pattern]) => self.matches(target, pattern, span),
            ("startsWith" | "endsWith" | "contains", [part]) => {
                self.needs_text(&target, name)?;
                self.needs_text(part, name)?;
                let test = match name {
                    "startsWith" => TextTest::StartsWith,
                    "endsWith" => TextTest::EndsWith,
                    _ => TextTest::Contains,
                };
                let node = Node::new(Kind::Now, Type::Bool, span, [&target, part]);
                Ok(Node { kind: Kind::Text(test, Box::new(target), Box::new(part.clone())), ..node })
            }
            (_, arguments) => self.reading(name, target, arguments, span),
        }
    }

    fn needs_text(&self, node: &Node, name: &str) -> Result<(), ConditionFault> {
        if node.of.is_text() {
            return Ok(());
        }
        Err(self.fault("condition_type", node.span.clone(), format!("`{name}` works on text: this is a {}", node.of)))
    }

    /// The pattern must be a literal: it is compiled, and bounded, when the policy loads.
    fn matches(&mut self, target: Node, pattern: &Node, span: Range<usize>) -> Checked {
        self.needs_text(&target, "matches")?;
        let Kind::Literal(Constant::Text(source)) = &pattern.kind else {
            return Err(self.fault("condition_literal", pattern.span.clone(), "`matches` takes a quoted pattern, not a computed one"));
        };
        let compiled = Pattern::anywhere(source, self.scope.patterns.saturating_sub(self.patterns)).map_err(|fault| {
            let code = if matches!(fault, PatternFault::TooLarge(_)) { "condition_cost" } else { "condition_literal" };
            self.fault(code, pattern.span.clone(), fault.to_string())
        })?;
        self.patterns += compiled.weight();
        let node = Node::new(Kind::Now, Type::Bool, span, [&target, pattern]);
        Ok(Node { kind: Kind::Matches(Box::new(target), compiled), ..node })
    }

    fn sum(&self, list: Node, span: Range<usize>) -> Checked {
        let of = match &list.of {
            Type::List(of, _) => (**of).clone(),
            other => return Err(self.fault("condition_type", span, format!("a {other} has no sum: expected a list"))),
        };
        match &of {
            Type::Int | Type::Decimal | Type::Money(None) => {}
            Type::Money(Some(currencies)) if currencies.iter().all(|one| Some(one) == currencies.first()) => {}
            Type::Money(Some(_)) => return Err(self.fault("currency", span, "sums of several currencies are not added")),
            other => return Err(self.fault("condition_type", span, format!("a list of {other} has no sum: expected numbers or money"))),
        }
        let mut node = Node::new(Kind::Now, of, span, [&list]);
        node.cost = node.cost.saturating_add(list_max(&list.of));
        Ok(Node { kind: Kind::Sum(Box::new(list)), ..node })
    }

    /// `now.getHours("Europe/Berlin")`: parts of a moment in a zone (UTC without one) or of a date.
    fn reading(&self, name: &str, target: Node, arguments: &[Node], span: Range<usize>) -> Checked {
        let (clock, of) = match name {
            "getFullYear" => (Clock::Year, Type::Int),
            "getMonth" => (Clock::Month, Type::Int),
            "getDayOfMonth" => (Clock::DayOfMonth, Type::Int),
            "getDate" => (Clock::Date, Type::Int),
            "getDayOfWeek" => (Clock::DayOfWeek, Type::Int),
            "getHours" => (Clock::Hours, Type::Int),
            "getMinutes" => (Clock::Minutes, Type::Int),
            "date" => (Clock::CivilDate, Type::Date),
            "time" => (Clock::CivilTime, Type::Time),
            _ => return Err(self.unknown_method(name, span)),
        };
        let of_day = matches!(clock, Clock::Year | Clock::Month | Clock::DayOfMonth | Clock::Date | Clock::DayOfWeek);
        let fits = target.of == Type::Timestamp || (target.of == Type::Date && of_day && arguments.is_empty());
        if !fits {
            return Err(self.fault("condition_type", span, format!("`{name}` is not read off a {} this way", target.of)));
        }
        let zone = match arguments {
            [] => TimeZone::UTC,
            [Node { kind: Kind::Literal(Constant::Text(zone)), span, .. }] => TimeZone::get(zone)
                .map_err(|_| self.fault("condition_literal", span.clone(), format!("`{zone}` is no time zone: expected one like `Europe/Berlin`")))?,
            _ => return Err(self.fault("condition_call", span, format!("`{name}` takes at most a quoted time zone"))),
        };
        Ok(Node::new(Kind::Clock(clock, Box::new(target.clone()), zone), of, span, [&target]))
    }

    fn unknown_method(&self, name: &str, span: Range<usize>) -> ConditionFault {
        let mut fault = self.fault("unknown_function", span, format!("unknown function `{name}`, or the wrong number of arguments"));
        fault.suggestion = did_you_mean(name, METHODS);
        fault
    }
}
