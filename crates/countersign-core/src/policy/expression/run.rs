//! Evaluates a checked condition. Every step is counted; every surprise is an error.

use super::Facts;
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

/// More steps than any condition that loads can need on an accepted payload, but for long texts.
const STEPS_MAX: u64 = 500_000;
/// This many bytes of text are one step.
const TEXT_STEP: usize = 64;

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

pub(super) struct Run<'a> {
    pub(super) facts: &'a Facts<'a>,
    locals: Vec<Val<'a>>,
    steps: u64,
}

impl<'a> Run<'a> {
    pub(super) fn new(facts: &'a Facts<'a>) -> Self {
        Self { facts, locals: Vec::new(), steps: 0 }
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
        self.step(u64::try_from(text.len() / TEXT_STEP).unwrap_or(u64::MAX))?;
        Ok(text)
    }

    fn step(&mut self, steps: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > STEPS_MAX { Err(format!("it takes more than {STEPS_MAX} steps")) } else { Ok(()) }
    }

    pub(super) fn value(&mut self, node: &'a Node) -> Outcome<'a> {
        self.step(1)?;
        match &node.kind {
            Kind::Literal(constant) => Ok(Val::of(constant)),
            Kind::Field(field) => self.field(field),
            Kind::Requester => Ok(Val::Person(Cow::Borrowed(self.facts.requester.as_str()))),
            Kind::Approver => self.facts.approver.map(|id| Val::Person(Cow::Borrowed(id.as_str()))).ok_or_else(|| internal(node)),
            Kind::Now => Ok(Val::Timestamp(self.facts.now)),
            Kind::CreatedAt => Ok(Val::Timestamp(self.facts.created_at)),
            Kind::Revision => Ok(Val::Int(i64::from(self.facts.revision.0))),
            Kind::Local(slot) => self.locals.get(*slot).cloned().ok_or_else(|| internal(node)),
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
                let result = left.compute(*operator, right)?;
                if let Val::Text(text) = result { self.paid(text).map(Val::Text) } else { Ok(result) }
            }
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                left.compare(*comparison, &right, self.facts.rates).map(Val::Bool)
            }
            Kind::In(element, list) => self.contains(element, list),
            Kind::Index(list, index) => self.index(list, index),
            Kind::List(nodes) => nodes.iter().map(|node| self.value(node)).collect::<Result<_, _>>().map(Val::List),
            Kind::Each(kind, list, body) => self.each(*kind, list, body),
            Kind::Size(inner) => self.size(inner),
            Kind::Text(test, left, right) => self.text_test(*test, left, right),
            Kind::Matches(text, regex) => Ok(Val::Bool(regex.is_match(&self.text(text)?))),
            Kind::Case(upper, text) => {
                let text = self.text(text)?;
                Ok(Val::Text(Cow::Owned(if *upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() })))
            }
            Kind::Clock(clock, moment, zone) => self.clock(*clock, moment, zone),
            Kind::Sum(list) => self.sum(list, &node.of),
        }
    }

    fn choose(&mut self, condition: &'a Node, yes: &'a Node, no: &'a Node) -> Outcome<'a> {
        if self.truth(condition)? { self.value(yes) } else { self.value(no) }
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
                self.step(u64::try_from(elements.len()).unwrap_or(u64::MAX))?;
                elements.iter().map(|element| self.read(element, of)).collect::<Result<_, _>>().map(Val::List)
            }
            FieldType::Table { .. } => {
                let rows = value.as_array().ok_or_else(wrong)?;
                self.step(u64::try_from(rows.len()).unwrap_or(u64::MAX))?;
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
                self.step(u64::try_from(roster.groups.len()).unwrap_or(u64::MAX))?;
                let groups = roster.groups.keys().filter(|group| roster.members(group).contains(&person.id));
                Some(Val::List(groups.map(|group| Val::Text(Cow::Borrowed(group.as_str()))).collect()))
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
            self.step(1)?;
            if element.compare(super::Comparison::Equal, &candidate, self.facts.rates)? {
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
