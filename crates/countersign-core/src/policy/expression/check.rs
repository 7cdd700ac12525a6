//! Checks a parsed condition: names, members, depth. Operators and calls are checked beside this file.

use super::front::{DEPTH_MAX, too_deep};
use super::tree::{Constant, Kind, Member, Node, Type};
use super::{ConditionFault, Scope};
use crate::money::Currency;
use crate::policy::diagnostic::did_you_mean;
use crate::policy::field::Field;
use cel::common::ast::{Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use std::ops::Range;

/// A person is in this many groups at most, for the reckoning of cost.
const GROUPS_MAX: usize = 200;

pub(super) struct Checker<'a> {
    pub(super) source: &'a str,
    pub(super) scope: &'a Scope<'a>,
    places: &'a SourceInfo,
    depth: usize,
    /// The weight of the patterns compiled so far.
    pub(super) patterns: usize,
    /// The macros around this place: the name of each element and its type, outermost first.
    pub(super) locals: Vec<(String, Type)>,
    /// Optional fields that were read, and those that were asked for with `has`.
    read: Vec<(String, Range<usize>)>,
    guarded: BTreeSet<String>,
}

pub(super) type Checked = Result<Node, ConditionFault>;

impl<'a> Checker<'a> {
    pub(super) fn new(source: &'a str, scope: &'a Scope<'a>, places: &'a SourceInfo) -> Self {
        Self { source, scope, places, depth: 0, patterns: 0, locals: Vec::new(), read: Vec::new(), guarded: BTreeSet::new() }
    }

    /// Optional fields that are read and never asked for.
    pub(super) fn warnings(&self) -> Vec<ConditionFault> {
        let unguarded = self.read.iter().filter(|(name, _)| !self.guarded.contains(name));
        let mut seen = BTreeSet::new();
        let first = unguarded.filter(|(name, _)| seen.insert(name));
        first
            .map(|(name, span)| ConditionFault {
                code: "optional_unguarded",
                message: format!("`{name}` is optional: where it is absent the condition fails and the owner is asked"),
                span: span.clone(),
                suggestion: Some(format!("`has({name}) && …`")),
            })
            .collect()
    }

    pub(super) fn check(&mut self, tree: &IdedExpr) -> Checked {
        if self.depth >= DEPTH_MAX {
            return Err(too_deep(self.source));
        }
        self.depth += 1;
        let node = self.dispatch(tree);
        self.depth -= 1;
        node
    }

    fn dispatch(&mut self, tree: &IdedExpr) -> Checked {
        let mut span = self.span(tree);
        if let Expr::Call(call) = &tree.expr {
            span.start = self.start_of_name(&call.func_name, span.start);
        }
        match &tree.expr {
            Expr::Literal(literal) => self.literal(literal, span),
            Expr::Ident(name) => self.name(name, span),
            Expr::Select(select) => self.select(select, span),
            Expr::Call(call) => self.call(call, span),
            Expr::List(list) => self.list(&list.elements, span),
            _ => Err(self.fault("condition_unsupported", span, "maps, structs and optional syntax have no place in a condition")),
        }
    }

    pub(super) fn fault(&self, code: &'static str, span: Range<usize>, message: impl Into<String>) -> ConditionFault {
        ConditionFault { code, message: message.into(), span, suggestion: None }
    }

    fn span(&self, tree: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.places.offset_for(tree.id).unwrap_or((0, 0));
        let start = usize::try_from(start).unwrap_or(0).min(self.source.len());
        let stop = usize::try_from(stop).unwrap_or(0).saturating_add(1).clamp(start, self.source.len());
        start..stop
    }

    /// The parser places a call at its bracket; the name before it is what an author looks for.
    fn start_of_name(&self, name: &str, bracket: usize) -> usize {
        let before = self.source.get(..bracket).unwrap_or_default().trim_end();
        if before.ends_with(name) { before.len() - name.len() } else { bracket }
    }

    fn literal(&self, literal: &LiteralValue, span: Range<usize>) -> Checked {
        let constant = match literal {
            LiteralValue::Boolean(value) => Constant::Bool(**value),
            LiteralValue::Int(value) => Constant::Int(**value),
            LiteralValue::String(value) => Constant::Text(value.inner().to_owned()),
            LiteralValue::Double(value) => Constant::Decimal(self.decimal(**value, &span)?),
            LiteralValue::UInt(value) => {
                // Taken as an integer it would compute below zero, where CEL's does not.
                let mut fault = self.fault("condition_unsupported", span, "there are no unsigned numbers here");
                fault.suggestion = Some(format!("`{}`", **value));
                return Err(fault);
            }
            LiteralValue::Null => {
                let mut fault = self.fault("condition_unsupported", span, "`null` is absence here");
                fault.suggestion = Some("ask `has(field)` instead".to_owned());
                return Err(fault);
            }
            LiteralValue::Bytes(_) => return Err(self.fault("condition_unsupported", span, "bytes have no place in a condition")),
        };
        Ok(Node::literal(constant, span))
    }

    /// The digits as written; a float never decides.
    fn decimal(&self, value: f64, span: &Range<usize>) -> Result<Decimal, ConditionFault> {
        let written = self.source.get(span.clone()).unwrap_or_default().trim();
        let exact = Decimal::from_str_exact(written).ok().or_else(|| Decimal::from_scientific(written).ok());
        exact.or_else(|| Decimal::from_str_exact(&value.to_string()).ok()).ok_or_else(|| {
            let message = "the number has more digits than can be computed with exactly (28)";
            self.fault("condition_literal", span.clone(), message)
        })
    }

    fn name(&mut self, name: &str, span: Range<usize>) -> Checked {
        if let Some((slot, (_, of))) = self.locals.iter().enumerate().rev().find(|(_, (local, _))| local == name) {
            return Ok(Node::new(Kind::Local(slot), of.clone(), span, []).read());
        }
        if let Some(field) = self.scope.fields.iter().find(|field| field.name == name) {
            return Ok(self.field(field, span));
        }
        match name {
            "requester" => Ok(Node::new(Kind::Requester, Type::Person, span, [])),
            "now" => Ok(Node::new(Kind::Now, Type::Timestamp, span, [])),
            "approver" if self.scope.approver => Ok(Node::new(Kind::Approver, Type::Person, span, [])),
            "request" if self.scope.request => {
                let mut fault = self.fault("unknown_name", span, "`request` is no value by itself");
                fault.suggestion = Some("`request.revision` or `request.created_at`".to_owned());
                Err(fault)
            }
            _ => Err(self.unknown_name(name, span)),
        }
    }

    fn unknown_name(&self, name: &str, span: Range<usize>) -> ConditionFault {
        let fields = self.scope.fields.iter().map(|field| field.name.as_str());
        let mut known: Vec<&str> = fields.chain(["requester", "now"]).collect();
        known.extend(self.scope.approver.then_some("approver"));
        known.extend(self.scope.request.then_some("request"));
        let mut fault = self.fault("unknown_name", span, format!("unknown name `{name}`: expected a field of the payload"));
        fault.suggestion = did_you_mean(name, known);
        fault
    }

    fn field(&mut self, field: &Field, span: Range<usize>) -> Node {
        if field.optional {
            self.read.push((field.name.clone(), span.clone()));
        }
        Node::new(Kind::Field(field.clone()), Type::of(&field.kind), span, []).read()
    }

    fn select(&mut self, select: &SelectExpr, span: Range<usize>) -> Checked {
        if let Expr::Ident(name) = &select.operand.expr {
            let is_local = self.locals.iter().any(|(local, _)| local == name);
            if name == "request" && self.scope.request && !is_local {
                return self.of_request(&select.field, self.span(&select.operand).start..span.end);
            }
        }
        let operand = self.check(&select.operand)?;
        let span = operand.span.start..span.end.max(operand.span.end);
        match operand.of.clone() {
            Type::Person => self.of_person(operand, &select.field, span),
            Type::Row(columns) => match columns.iter().find(|column| column.name == select.field).cloned() {
                Some(column) => {
                    let of = Type::of(&column.kind);
                    Ok(Node::new(Kind::Column(Box::new(operand.clone()), column), of, span, [&operand]).read())
                }
                None => Err(self.unknown_member(&operand, &select.field, span)),
            },
            _ => Err(self.unknown_member(&operand, &select.field, span)),
        }
    }

    fn of_request(&self, member: &str, span: Range<usize>) -> Checked {
        match member {
            "revision" => Ok(Node::new(Kind::Revision, Type::Int, span, [])),
            "created_at" => Ok(Node::new(Kind::CreatedAt, Type::Timestamp, span, [])),
            _ => {
                let mut fault = self.fault("unknown_name", span, format!("a request has no `{member}` here"));
                fault.suggestion = did_you_mean(member, ["revision", "created_at"]);
                Err(fault)
            }
        }
    }

    fn of_person(&self, person: Node, member: &str, span: Range<usize>) -> Checked {
        let (member, of) = match member {
            "id" => (Member::Id, Type::Text),
            "name" => (Member::Name, Type::Text),
            "manager" => (Member::Manager, Type::Person),
            "limit" => (Member::Limit, Type::Money(None::<Vec<Currency>>)),
            "groups" => (Member::Groups, Type::List(Box::new(Type::Text), GROUPS_MAX)),
            _ => return Err(self.unknown_member(&person, member, span)),
        };
        let node = Node::new(Kind::Requester, of, span, [&person]);
        Ok(Node { kind: Kind::Member(Box::new(person), member), ..node }.read())
    }

    fn unknown_member(&self, operand: &Node, member: &str, span: Range<usize>) -> ConditionFault {
        let known: Vec<&str> = match &operand.of {
            Type::Person => vec!["id", "name", "manager", "limit", "groups"],
            Type::Row(columns) => columns.iter().map(|column| column.name.as_str()).collect(),
            _ => Vec::new(),
        };
        let mut fault = self.fault("unknown_name", span, format!("a {} has no member `{member}`", operand.of));
        fault.suggestion = did_you_mean(member, known);
        fault
    }

    /// `has(field)`: the only way to ask for an optional field, member or column.
    pub(super) fn has(&mut self, tree: &IdedExpr, span: Range<usize>) -> Checked {
        let before = self.read.len();
        let inner = self.check(tree)?;
        self.read.truncate(before);
        let askable = match &inner.kind {
            Kind::Field(field) => {
                self.guarded.insert(field.name.clone());
                true
            }
            Kind::Column(..) => true,
            Kind::Member(_, member) => matches!(member, Member::Manager | Member::Limit),
            _ => false,
        };
        if !askable {
            return Err(self.fault("condition_type", span, "`has` asks for a field, a column, or a person's `manager` or `limit`"));
        }
        Ok(Node::new(Kind::Has(Box::new(inner.clone())), Type::Bool, span, [&inner]))
    }

    fn list(&mut self, elements: &[IdedExpr], span: Range<usize>) -> Checked {
        let nodes = elements.iter().map(|element| self.check(element)).collect::<Result<Vec<_>, _>>()?;
        let mut of = nodes.first().map_or(Type::Nothing, |node| node.of.clone());
        for node in &nodes {
            of = match (of, &node.of) {
                (Type::Money(Some(mut all)), Type::Money(Some(more))) => {
                    all.extend(more.iter().filter(|currency| !all.contains(currency)).copied().collect::<Vec<_>>());
                    Type::Money(Some(all))
                }
                (of, other) if of == *other => of,
                (of, other) if of.is_number() && other.is_number() => Type::Decimal,
                (of, other) if of.is_text() && other.is_text() => Type::Text,
                (of, other) => return Err(self.fault("condition_type", node.span.clone(), format!("a list of {of} holds no {other}"))),
            };
        }
        let of = Type::List(Box::new(of), nodes.len());
        let cost = nodes.iter().fold(1_u64, |sum, node| sum.saturating_add(node.cost));
        Ok(Node { kind: Kind::List(nodes), of, span, cost })
    }
}

impl Node {
    pub(super) fn new<'n>(kind: Kind, of: Type, span: Range<usize>, parts: impl IntoIterator<Item = &'n Node>) -> Self {
        let (mut span, mut cost) = (span, 1_u64);
        for part in parts {
            span = span.start.min(part.span.start)..span.end.max(part.span.end);
            cost = cost.saturating_add(part.cost);
        }
        Self { kind, of, span, cost }
    }

    /// The same with what it costs to read, or copy, what it names: all elements of a list.
    fn read(self) -> Self {
        Self { cost: self.cost.saturating_add(self.of.steps() - 1), ..self }
    }

    pub(super) fn literal(constant: Constant, span: Range<usize>) -> Self {
        let of = match &constant {
            Constant::Bool(_) => Type::Bool,
            Constant::Int(_) => Type::Int,
            Constant::Decimal(_) => Type::Decimal,
            Constant::Text(_) => Type::Text,
            Constant::Money(money) => Type::Money(Some(vec![money.currency])),
            Constant::Date(_) => Type::Date,
            Constant::Time(_) => Type::Time,
            Constant::Timestamp(_) => Type::Timestamp,
            Constant::Duration(_) => Type::Duration,
        };
        Self { kind: Kind::Literal(constant), of, span, cost: 1 }
    }
}
