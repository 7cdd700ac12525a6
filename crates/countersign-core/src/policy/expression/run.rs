//! Evaluates a checked condition. Every step is counted; every surprise is an error.

use super::Facts;
use super::steps::{Steps, number};
use super::tree::{Clock, Constant, Each, Kind, Member, Node, TextTest, Type};
use crate::id::PersonId;
use crate::money::Money;
use crate::people::Person;
use crate::policy::field::{Field, FieldType};
use crate::policy::payload;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A value while evaluating.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Val<'a> {
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(Cow<'a, str>),
    Money(Money),
    Date(Date),
    Time(Time),
    Timestamp(Timestamp),
    Duration(SignedDuration),
    Person(Cow<'a, str>),
    List(Vec<Val<'a>>),
    Row(&'a Map<String, Value>),
    Json(&'a Value),
}

pub(super) type Outcome<'a> = Result<Val<'a>, String>;

pub(super) struct Run<'a, 's> {
    pub(super) facts: &'a Facts<'a>,
    locals: Vec<Val<'a>>,
    steps: &'s mut Steps,
}

impl<'a, 's> Run<'a, 's> {
    pub(super) fn new(facts: &'a Facts<'a>, steps: &'s mut Steps) -> Self {
        Self { facts, locals: Vec::new(), steps }
    }

    pub(super) fn truth(&mut self, node: &'a Node) -> Result<bool, String> {
        match self.value(node)? {
            Val::Bool(value) => Ok(value),
            _ => Err(internal(node)),
        }
    }

    pub(super) fn text(&mut self, node: &'a Node) -> Result<Cow<'a, str>, String> {
        match self.value(node)? {
            Val::Text(text) | Val::Person(text) => self.paid(text),
            _ => Err(internal(node)),
        }
    }

    fn paid(&mut self, text: Cow<'a, str>) -> Result<Cow<'a, str>, String> {
        self.steps.read(text.len())?;
        Ok(text)
    }

    pub(super) fn value(&mut self, node: &'a Node) -> Outcome<'a> {
        self.steps.take(1)?;
        match &node.kind {
            Kind::Literal(constant) => Ok(Val::of(constant)),
            Kind::Field(field) => self.field(field),
            Kind::Requester => Ok(Val::Person(Cow::Borrowed(self.facts.requester.as_str()))),
            Kind::Approver => self.facts.approver.map(|id| Val::Person(Cow::Borrowed(id.as_str()))).ok_or_else(|| internal(node)),
            Kind::Now => Ok(Val::Timestamp(self.facts.now)),
            Kind::CreatedAt => Ok(Val::Timestamp(self.facts.created_at)),
            Kind::Revision => Ok(Val::Int(i64::from(self.facts.revision.0))),
            Kind::Local(slot) => self.local(*slot).ok_or_else(|| internal(node))?,
            Kind::Member(person, member) => self.member(person, *member)?.ok_or_else(|| absent(member_name(*member))),
            Kind::Column(row, column) => self.column(row, column)?.ok_or_else(|| absent(&column.name)),
            Kind::Has(inner) => self.has(inner).map(Val::Bool),
            Kind::Not(inner) => Ok(Val::Bool(!self.truth(inner)?)),
            Kind::And(left, right) => Ok(Val::Bool(self.truth(left)? && self.truth(right)?)),
            Kind::Or(left, right) => Ok(Val::Bool(self.truth(left)? || self.truth(right)?)),
            Kind::If(condition, yes, no) => self.choose(condition, yes, no),
            Kind::Negate(inner) => self.value(inner)?.negated().ok_or_else(too_large),
            Kind::Arithmetic(operator, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                if let (Val::Text(left), Val::Text(right)) = (&left, &right) {
                    self.steps.made(left.len().saturating_add(right.len()))?;
                }
                left.compute(*operator, right)
            }
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.compared(*comparison, &left, &right).map(Val::Bool)
            }
            Kind::In(element, list) => self.contains(element, list),
            Kind::Index(list, index) => self.index(list, index),
            Kind::List(nodes) => nodes.iter().map(|node| self.value(node)).collect::<Result<_, _>>().map(Val::List),
            Kind::Each(kind, list, body) => self.each(*kind, list, body),
            Kind::Size(inner) => self.size(inner),
            Kind::Text(test, left, right) => self.text_test(*test, left, right),
            Kind::Matches(text, pattern) => {
                let text = self.text(text)?;
                self.steps.take(pattern.steps(&text))?;
                Ok(Val::Bool(pattern.found_in(&text)))
            }
            Kind::Case(upper, text) => {
                let text = self.text(text)?;
                self.steps.made(text.len())?;
                Ok(Val::Text(Cow::Owned(if *upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() })))
            }
            Kind::Clock(clock, moment, zone) => self.clock(*clock, moment, zone),
            Kind::Sum(list) => self.sum(list, &node.of),
        }
    }

    fn choose(&mut self, condition: &'a Node, yes: &'a Node, no: &'a Node) -> Outcome<'a> {
        if self.truth(condition)? { self.value(yes) } else { self.value(no) }
    }

    /// The element of a macro, copied: a copy of a list costs what reading it does.
    fn local(&mut self, slot: usize) -> Option<Outcome<'a>> {
        let (element, steps) = (self.locals.get(slot)?, &mut *self.steps);
        Some(element.copied_within(steps).map(|()| element.clone()))
    }

    fn compared(&mut self, comparison: super::Comparison, left: &Val<'a>, right: &Val<'a>) -> Result<bool, String> {
        self.steps.read(left.text_length().min(right.text_length()))?;
        left.compare(comparison, right, self.facts.rates)
    }

    fn field(&mut self, field: &'a Field) -> Outcome<'a> {
        match self.facts.payload.get(&field.name) {
            None | Some(Value::Null) => Err(absent(&field.name)),
            Some(value) => self.read(value, &field.kind).map_err(|reason| format!("`{}` {reason}", field.name)),
        }
    }

    /// The value of a payload's member, by its declared type.
    fn read(&mut self, value: &'a Value, kind: &FieldType) -> Outcome<'a> {
        let wrong = || format!("is no {}", kind.name());
        let text = || value.as_str().ok_or_else(wrong);
        match kind {
            FieldType::Text { .. } | FieldType::Url | FieldType::Email | FieldType::Enum { .. } => Ok(Val::Text(Cow::Borrowed(text()?))),
            FieldType::Person => Ok(Val::Person(Cow::Borrowed(text()?))),
            FieldType::Integer { .. } => value.as_i64().map(Val::Int).ok_or_else(wrong),
            FieldType::Bool => value.as_bool().map(Val::Bool).ok_or_else(wrong),
            FieldType::Decimal { .. } => crate::money::plain_decimal(text()?).and_then(Result::ok).map(Val::Decimal).ok_or_else(wrong),
            FieldType::Money { .. } => Money::parse(text()?).map(Val::Money).map_err(|_| wrong()),
            FieldType::Date => payload::date(text()?).map(Val::Date).ok_or_else(wrong),
            FieldType::Time => payload::time(text()?).map(Val::Time).ok_or_else(wrong),
            FieldType::Json => Ok(Val::Json(value)),
            FieldType::List { of, .. } => {
                let elements = value.as_array().ok_or_else(wrong)?;
                self.steps.take(number(elements.len()))?;
                elements.iter().map(|element| self.read(element, of)).collect::<Result<_, _>>().map(Val::List)
            }
            FieldType::Table { .. } => {
                let rows = value.as_array().ok_or_else(wrong)?;
                self.steps.take(number(rows.len()))?;
                rows.iter().map(|row| row.as_object().map(Val::Row).ok_or_else(wrong)).collect::<Result<_, _>>().map(Val::List)
            }
        }
    }

    fn column(&mut self, row: &'a Node, column: &'a Field) -> Result<Option<Val<'a>>, String> {
        let Val::Row(members) = self.value(row)? else { return Err(internal(row)) };
        match members.get(&column.name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => self.read(value, &column.kind).map(Some),
        }
    }

    fn person(&mut self, node: &'a Node) -> Result<&'a Person, String> {
        let Val::Person(id) = self.value(node)? else { return Err(internal(node)) };
        let found = self.facts.roster.person(&PersonId::new(id.as_ref()));
        found.ok_or_else(|| format!("`{id}` is not in the directory"))
    }

    fn member(&mut self, node: &'a Node, member: Member) -> Result<Option<Val<'a>>, String> {
        let person = self.person(node)?;
        Ok(match member {
            Member::Id => Some(Val::Text(Cow::Borrowed(person.id.as_str()))),
            Member::Name => Some(Val::Text(Cow::Borrowed(&person.name))),
            Member::Manager => person.manager.as_ref().map(|id| Val::Person(Cow::Borrowed(id.as_str()))),
            Member::Limit => person.limit.map(Val::Money),
            Member::Groups => {
                let roster = self.facts.roster;
                self.steps.take(number(roster.groups.len()))?;
                Some(Val::List(roster.groups_of(&person.id).into_iter().map(|group| Val::Text(Cow::Borrowed(group.as_str()))).collect()))
            }
        })
    }

    fn has(&mut self, node: &'a Node) -> Result<bool, String> {
        match &node.kind {
            Kind::Field(field) => Ok(!matches!(self.facts.payload.get(&field.name), None | Some(Value::Null))),
            Kind::Member(person, member) => self.member(person, *member).map(|value| value.is_some()),
            Kind::Column(row, column) => self.column(row, column).map(|value| value.is_some()),
            _ => Err(internal(node)),
        }
    }

    fn elements(&mut self, node: &'a Node) -> Result<Vec<Val<'a>>, String> {
        match self.value(node)? {
            Val::List(elements) => Ok(elements),
            _ => Err(internal(node)),
        }
    }

    fn contains(&mut self, element: &'a Node, list: &'a Node) -> Outcome<'a> {
        let element = self.value(element)?;
        for candidate in self.elements(list)? {
            self.steps.take(1)?;
            if self.compared(super::Comparison::Equal, &element, &candidate)? {
                return Ok(Val::Bool(true));
            }
        }
        Ok(Val::Bool(false))
    }

    fn index(&mut self, list: &'a Node, index: &'a Node) -> Outcome<'a> {
        let elements = self.elements(list)?;
        let Val::Int(index) = self.value(index)? else { return Err(internal(list)) };
        let found = usize::try_from(index).ok().and_then(|index| elements.into_iter().nth(index));
        found.ok_or_else(|| format!("the list has no element {index}"))
    }

    fn each(&mut self, kind: Each, list: &'a Node, body: &'a Node) -> Outcome<'a> {
        let (mut held, mut visited, mut kept) = (0_usize, 0_usize, Vec::new());
        for element in self.elements(list)? {
            visited += 1;
            element.copied_within(self.steps)?;
            self.locals.push(element.clone());
            let result = self.value(body);
            self.locals.pop();
            match (kind, result?) {
                (Each::Map, value) => kept.push(value),
                (_, Val::Bool(true)) => {
                    held += 1;
                    if kind == Each::Exists {
                        break;
                    }
                    if kind == Each::Filter {
                        kept.push(element);
                    }
                }
                (Each::All, Val::Bool(false)) => break,
                (_, Val::Bool(false)) => {}
                _ => return Err(internal(body)),
            }
        }
        Ok(match kind {
            Each::All => Val::Bool(held == visited),
            Each::Exists => Val::Bool(held > 0),
            Each::ExistsOne => Val::Bool(held == 1),
            Each::Map | Each::Filter => Val::List(kept),
        })
    }

    fn size(&mut self, node: &'a Node) -> Outcome<'a> {
        let size = match self.value(node)? {
            Val::List(elements) => elements.len(),
            Val::Text(text) => self.paid(text)?.chars().count(),
            _ => return Err(internal(node)),
        };
        i64::try_from(size).map(Val::Int).map_err(|_| too_large())
    }

    fn text_test(&mut self, test: TextTest, left: &'a Node, right: &'a Node) -> Outcome<'a> {
        let (text, part) = (self.text(left)?, self.text(right)?);
        Ok(Val::Bool(match test {
            TextTest::StartsWith => text.starts_with(part.as_ref()),
            TextTest::EndsWith => text.ends_with(part.as_ref()),
            TextTest::Contains => text.contains(part.as_ref()),
        }))
    }

    fn clock(&mut self, clock: Clock, moment: &'a Node, zone: &TimeZone) -> Outcome<'a> {
        let civil: DateTime = match self.value(moment)? {
            Val::Timestamp(timestamp) => timestamp.to_zoned(zone.clone()).datetime(),
            Val::Date(date) => date.to_datetime(Time::midnight()),
            _ => return Err(internal(moment)),
        };
        Ok(match clock {
            Clock::Year => Val::Int(i64::from(civil.year())),
            Clock::Month => Val::Int(i64::from(civil.month()) - 1),
            Clock::DayOfMonth => Val::Int(i64::from(civil.day()) - 1),
            Clock::Date => Val::Int(i64::from(civil.day())),
            Clock::DayOfWeek => Val::Int(i64::from(civil.weekday().to_sunday_zero_offset())),
            Clock::Hours => Val::Int(i64::from(civil.hour())),
            Clock::Minutes => Val::Int(i64::from(civil.minute())),
            Clock::CivilDate => Val::Date(civil.date()),
            Clock::CivilTime => Val::Time(civil.time()),
        })
    }

    fn sum(&mut self, list: &'a Node, of: &Type) -> Outcome<'a> {
        let mut total = match of {
            Type::Int => Some(Val::Int(0)),
            Type::Decimal => Some(Val::Decimal(Decimal::ZERO)),
            Type::Money(Some(currencies)) => currencies.first().map(|currency| Val::Money(Money { amount: Decimal::ZERO, currency: *currency })),
            _ => None,
        };
        for element in self.elements(list)? {
            total = Some(match total {
                None => element,
                Some(total) => total.compute(super::tree::Operator::Add, element)?,
            });
        }
        total.ok_or_else(|| "an empty list of sums has no currency".to_owned())
    }
}

impl<'a> Val<'a> {
    /// Takes the steps that a copy costs.
    fn copied_within(&self, steps: &mut Steps) -> Result<(), String> {
        match self {
            Self::List(elements) => {
                steps.take(number(elements.len()))?;
                elements.iter().try_for_each(|element| element.copied_within(steps))
            }
            Self::Text(Cow::Owned(text)) | Self::Person(Cow::Owned(text)) => steps.made(text.len()),
            _ => Ok(()),
        }
    }

    fn text_length(&self) -> usize {
        if let Self::Text(text) | Self::Person(text) = self { text.len() } else { 0 }
    }

    fn of(constant: &'a Constant) -> Self {
        match constant {
            Constant::Bool(value) => Self::Bool(*value),
            Constant::Int(value) => Self::Int(*value),
            Constant::Decimal(value) => Self::Decimal(*value),
            Constant::Text(text) => Self::Text(Cow::Borrowed(text)),
            Constant::Money(money) => Self::Money(*money),
            Constant::Date(date) => Self::Date(*date),
            Constant::Time(time) => Self::Time(*time),
            Constant::Timestamp(timestamp) => Self::Timestamp(*timestamp),
            Constant::Duration(duration) => Self::Duration(*duration),
        }
    }
}

fn member_name(member: Member) -> &'static str {
    match member {
        Member::Id => "id",
        Member::Name => "name",
        Member::Manager => "manager",
        Member::Limit => "limit",
        Member::Groups => "groups",
    }
}

fn absent(name: &str) -> String {
    format!("`{name}` is absent")
}

pub(super) fn too_large() -> String {
    "a number became too large".to_owned()
}

/// The checker lets no such tree through; should it ever, the answer is still an error.
fn internal(node: &Node) -> String {
    format!("a {} was expected and did not come", node.of)
}
