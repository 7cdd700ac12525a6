//! Checks calls: operators by their inner names, literals such as `money("1000 USD")`, macros over lists.

use super::ConditionFault;
use super::check::{Checked, Checker};
use super::compare::list_max;
use super::tree::{Comparison, Constant, Each, Kind, Node, Operator, Type};
use crate::money::{Money, plain_decimal};
use crate::policy::diagnostic::did_you_mean;
use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};
use std::ops::Range;

/// Macros over lists nest this deep at most.
const MACRO_DEPTH_MAX: usize = 2;
/// What may be called, for suggestions.
const FUNCTIONS: [&str; 8] = ["has", "money", "decimal", "date", "time", "timestamp", "duration", "size"];

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &CallExpr, span: Range<usize>) -> Checked {
        if let Some(target) = &call.target {
            return match (each(&call.func_name), call.args.as_slice()) {
                (Some(kind), [variable, body]) => self.each(kind, target, variable, body, span),
                (Some(_), _) => Err(self.fault("condition_call", span, format!("`{}` takes a name and a condition", call.func_name))),
                (None, arguments) => self.method(&call.func_name, target, arguments, span),
            };
        }
        match call.args.as_slice() {
            [only] => self.unary(&call.func_name, only, span),
            [left, right] => self.binary(&call.func_name, left, right, span),
            [condition, yes, no] if call.func_name == operators::CONDITIONAL => self.choice(condition, yes, no, span),
            _ => Err(self.unknown_function(&call.func_name, span)),
        }
    }

    pub(super) fn unknown_function(&self, name: &str, span: Range<usize>) -> ConditionFault {
        let shown = name.trim_matches('_');
        let mut fault = self.fault("unknown_function", span, format!("unknown function `{shown}`, or the wrong number of arguments"));
        fault.suggestion = did_you_mean(shown, FUNCTIONS);
        fault
    }

    fn unary(&mut self, name: &str, only: &IdedExpr, span: Range<usize>) -> Checked {
        match name {
            operators::LOGICAL_NOT => {
                let inner = self.truth(only)?;
                Ok(Node::new(Kind::Not(Box::new(inner.clone())), Type::Bool, span, [&inner]))
            }
            operators::NEGATE => {
                let inner = self.check(only)?;
                if !inner.of.is_number() && !matches!(inner.of, Type::Money(_) | Type::Duration) {
                    return Err(self.fault("condition_type", span, format!("a {} has no opposite", inner.of)));
                }
                let of = inner.of.clone();
                Ok(Node::new(Kind::Negate(Box::new(inner.clone())), of, span, [&inner]))
            }
            "has" => self.has(only, span),
            "size" => {
                let inner = self.check(only)?;
                self.size(inner, span)
            }
            "money" | "decimal" | "date" | "time" | "timestamp" | "duration" => self.typed_literal(name, only, span),
            _ => Err(self.unknown_function(name, span)),
        }
    }

    /// `money("…")` and its like take a literal only: it is read, and refused, when the policy loads.
    fn typed_literal(&mut self, name: &str, argument: &IdedExpr, span: Range<usize>) -> Checked {
        let argument = self.check(argument)?;
        let Kind::Literal(Constant::Text(text)) = &argument.kind else {
            return Err(self.fault("condition_literal", argument.span, format!("`{name}(…)` takes a quoted text, not a computed one")));
        };
        let read = match name {
            "money" => Money::parse(text).map(Constant::Money).map_err(|error| error.to_string()),
            "decimal" => plain_decimal(text).and_then(Result::ok).map(Constant::Decimal).ok_or_else(|| wrong(text, "1.25")),
            "date" => crate::policy::payload::date(text).map(Constant::Date).ok_or_else(|| wrong(text, "2026-01-31")),
            "time" => crate::policy::payload::time(text).map(Constant::Time).ok_or_else(|| wrong(text, "09:30")),
            "timestamp" => text.parse().map(Constant::Timestamp).map_err(|_| wrong(text, "2026-01-31T09:30:00Z")),
            _ => crate::policy::parse::duration::parse(text).map(Constant::Duration),
        };
        match read {
            Ok(constant) => Ok(Node::literal(constant, span.start.min(argument.span.start)..span.end.max(argument.span.end))),
            Err(message) => Err(self.fault("condition_literal", argument.span.clone(), message)),
        }
    }

    pub(super) fn size(&self, inner: Node, span: Range<usize>) -> Checked {
        if !inner.of.is_text() && !matches!(inner.of, Type::List(..)) {
            return Err(self.fault("condition_type", span, format!("a {} has no size: expected a text or a list", inner.of)));
        }
        Ok(Node::new(Kind::Size(Box::new(inner.clone())), Type::Int, span, [&inner]))
    }

    fn binary(&mut self, name: &str, left: &IdedExpr, right: &IdedExpr, span: Range<usize>) -> Checked {
        if name == operators::LOGICAL_AND || name == operators::LOGICAL_OR {
            let (left, right) = (self.truth(left)?, self.truth(right)?);
            let node = Node::new(Kind::Now, Type::Bool, span, [&left, &right]);
            let (left, right) = (Box::new(left), Box::new(right));
            let kind = if name == operators::LOGICAL_AND { Kind::And(left, right) } else { Kind::Or(left, right) };
            return Ok(Node { kind, ..node });
        }
        let operation = operation(name).ok_or_else(|| self.unknown_function(name, span.clone()))?;
        let (left, right) = (self.check(left)?, self.check(right)?);
        match operation {
            Operation::Compare(comparison) => self.comparison(comparison, left, right, span),
            Operation::Compute(operator) => self.arithmetic(operator, left, right, span),
            Operation::In => self.member_of(left, right, span),
            Operation::Index => self.index(left, right, span),
        }
    }

    fn index(&self, list: Node, index: Node, span: Range<usize>) -> Checked {
        let Type::List(of, _) = list.of.clone() else {
            return Err(self.fault("condition_type", span, format!("a {} has no elements", list.of)));
        };
        if index.of != Type::Int {
            return Err(self.fault("condition_type", index.span.clone(), format!("an element is named by an integer, not by a {}", index.of)));
        }
        let node = Node::new(Kind::Now, *of, span, [&list, &index]);
        Ok(Node { kind: Kind::Index(Box::new(list), Box::new(index)), ..node })
    }

    pub(super) fn truth(&mut self, tree: &IdedExpr) -> Checked {
        let node = self.check(tree)?;
        if node.of == Type::Bool {
            return Ok(node);
        }
        Err(self.fault("condition_type", node.span.clone(), format!("expected true or false here: this is a {}", node.of)))
    }

    fn choice(&mut self, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr, span: Range<usize>) -> Checked {
        let condition = self.truth(condition)?;
        let (yes, no) = (self.check(yes)?, self.check(no)?);
        let of = match (&yes.of, &no.of) {
            (a, b) if a == b => a.clone(),
            (a, b) if a.is_text() && b.is_text() => Type::Text,
            (a, b) if a.is_number() && b.is_number() => Type::Decimal,
            (Type::Money(Some(a)), Type::Money(Some(b))) => Type::Money(Some(a.iter().chain(b).copied().collect())),
            (a, b) => return Err(self.fault("condition_type", span, format!("`? :` chooses between {a} and {b}: expected one type"))),
        };
        let node = Node::new(Kind::Now, of, span, [&condition, &yes, &no]);
        Ok(Node { kind: Kind::If(Box::new(condition), Box::new(yes), Box::new(no)), ..node })
    }

    fn each(&mut self, kind: Each, target: &IdedExpr, variable: &IdedExpr, body: &IdedExpr, span: Range<usize>) -> Checked {
        let list = self.check(target)?;
        let Type::List(of, max) = list.of.clone() else {
            return Err(self.fault("condition_type", list.span.clone(), format!("a {} has no elements to visit", list.of)));
        };
        if self.locals.len() >= MACRO_DEPTH_MAX {
            let message = format!("`all`, `exists`, `map` and their like nest {MACRO_DEPTH_MAX} deep at most");
            return Err(self.fault("condition_depth", span, message));
        }
        let Expr::Ident(name) = &variable.expr else {
            return Err(self.fault("condition_call", span, "expected a name for the element, as in `items.exists(item, …)`"));
        };
        if self.scope.fields.iter().any(|field| &field.name == name) || matches!(name.as_str(), "requester" | "request" | "now" | "approver") {
            return Err(self.fault("condition_call", span, format!("`{name}` is taken: choose another name for the element")));
        }
        self.locals.push((name.clone(), (*of).clone()));
        let body = if kind == Each::Map { self.check(body) } else { self.truth(body) };
        self.locals.pop();
        let body = body?;
        let result = match kind {
            Each::Map => Type::List(Box::new(body.of.clone()), max),
            Each::Filter => list.of.clone(),
            Each::All | Each::Exists | Each::ExistsOne => Type::Bool,
        };
        let mut node = Node::new(Kind::Now, result, span, [&list, &body]);
        node.cost = list.cost.saturating_add(list_max(&list.of).saturating_mul(body.cost.saturating_add(1)));
        Ok(Node { kind: Kind::Each(kind, Box::new(list), Box::new(body)), ..node })
    }
}

enum Operation {
    Compare(Comparison),
    Compute(Operator),
    In,
    Index,
}

fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        operators::EQUALS => Operation::Compare(Comparison::Equal),
        operators::NOT_EQUALS => Operation::Compare(Comparison::NotEqual),
        operators::LESS => Operation::Compare(Comparison::Less),
        operators::LESS_EQUALS => Operation::Compare(Comparison::LessOrEqual),
        operators::GREATER => Operation::Compare(Comparison::Greater),
        operators::GREATER_EQUALS => Operation::Compare(Comparison::GreaterOrEqual),
        operators::ADD => Operation::Compute(Operator::Add),
        operators::SUBSTRACT => Operation::Compute(Operator::Subtract),
        operators::MULTIPLY => Operation::Compute(Operator::Multiply),
        operators::DIVIDE => Operation::Compute(Operator::Divide),
        operators::MODULO => Operation::Compute(Operator::Remainder),
        operators::IN => Operation::In,
        operators::INDEX => Operation::Index,
        _ => return None,
    })
}

fn each(name: &str) -> Option<Each> {
    Some(match name {
        "all" => Each::All,
        "exists" => Each::Exists,
        "exists_one" | "existsOne" => Each::ExistsOne,
        "map" => Each::Map,
        "filter" => Each::Filter,
        _ => return None,
    })
}

fn wrong(text: &str, example: &str) -> String {
    format!("`{text}` is not of the form: expected one like `{example}`")
}
