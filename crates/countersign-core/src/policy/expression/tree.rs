//! The checked form of a condition: every name resolved, every type known, every literal read.

use crate::money::{Currency, Money};
use crate::policy::field::{Field, FieldType};
use crate::policy::pattern::Pattern;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// What an expression comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Bool,
    Int,
    Decimal,
    Text,
    /// A text out of these.
    Choice(Arc<[String]>),
    /// Money in one of these currencies; `None` where only the directory knows.
    Money(Option<Vec<Currency>>),
    Date,
    Time,
    Timestamp,
    Duration,
    Person,
    Json,
    /// Elements of a type, at most so many.
    List(Box<Type>, usize),
    /// A row of a table.
    Row(Arc<[Field]>),
    /// The elements of an empty list: fits all.
    Nothing,
}

impl Type {
    /// The type of a field's value.
    pub(crate) fn of(kind: &FieldType) -> Self {
        match kind {
            FieldType::Text { .. } | FieldType::Url | FieldType::Email => Self::Text,
            FieldType::Integer { .. } => Self::Int,
            FieldType::Decimal { .. } => Self::Decimal,
            FieldType::Money { currencies, .. } => Self::Money(Some(currencies.clone())),
            FieldType::Date => Self::Date,
            FieldType::Time => Self::Time,
            FieldType::Enum { values } => Self::Choice(values.clone()),
            FieldType::Bool => Self::Bool,
            FieldType::Person => Self::Person,
            FieldType::Json => Self::Json,
            FieldType::List { of, max } => Self::List(Box::new(Self::of(of)), *max),
            FieldType::Table { columns, max } => Self::List(Box::new(Self::Row(columns.clone())), *max),
        }
    }

    /// The steps it takes to read or copy a value of it at most, but for long texts.
    pub(crate) fn steps(&self) -> u64 {
        match self {
            Self::List(of, max) => u64::try_from(*max).unwrap_or(u64::MAX).saturating_mul(of.steps()).saturating_add(1),
            _ => 1,
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_))
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("integer"),
            Self::Decimal => f.write_str("decimal"),
            Self::Text => f.write_str("text"),
            Self::Choice(_) => f.write_str("enum"),
            Self::Money(_) => f.write_str("money"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::Person => f.write_str("person"),
            Self::Json => f.write_str("json"),
            Self::List(of, _) => write!(f, "list of {of}"),
            Self::Row(_) => f.write_str("row"),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

/// One checked part of a condition.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) of: Type,
    pub(crate) span: Range<usize>,
    /// The steps it takes at most.
    pub(crate) cost: u64,
}

impl Node {
    /// The parts that it is made of, needed or not. Exhaustive: what a new kind reads must not slip through a veil.
    pub(crate) fn parts(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Literal(_) | Kind::Field(_) | Kind::Requester | Kind::Approver | Kind::Now => Vec::new(),
            Kind::CreatedAt | Kind::Revision | Kind::Local(_) => Vec::new(),
            Kind::Member(inner, _) | Kind::Column(inner, _) | Kind::Has(inner) | Kind::Not(inner) | Kind::Negate(inner) => vec![inner],
            Kind::Size(inner) | Kind::Matches(inner, _) | Kind::Case(_, inner) | Kind::Clock(_, inner, _) | Kind::Sum(inner) => vec![inner],
            Kind::And(left, right) | Kind::Or(left, right) | Kind::Arithmetic(_, left, right) | Kind::Compare(_, left, right) => vec![left, right],
            Kind::In(left, right) | Kind::Index(left, right) | Kind::Text(_, left, right) | Kind::Each(_, left, right) => vec![left, right],
            Kind::If(condition, yes, no) => vec![condition, yes, no],
            Kind::List(elements) => elements.iter().collect(),
        }
    }
}

/// What a part does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Literal(Constant),
    /// A member of the payload.
    Field(Field),
    Requester,
    Approver,
    Now,
    CreatedAt,
    Revision,
    /// The element of the macro this many levels out, counted from the outermost.
    Local(usize),
    Member(Box<Node>, Member),
    Column(Box<Node>, Field),
    /// Whether an optional field, member or column is there.
    Has(Box<Node>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Box<Node>),
    Arithmetic(Operator, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    In(Box<Node>, Box<Node>),
    Index(Box<Node>, Box<Node>),
    List(Vec<Node>),
    Each(Each, Box<Node>, Box<Node>),
    Size(Box<Node>),
    Text(TextTest, Box<Node>, Box<Node>),
    Matches(Box<Node>, Pattern),
    Case(bool, Box<Node>),
    Clock(Clock, Box<Node>, TimeZone),
    Sum(Box<Node>),
}

/// A literal.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Constant {
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    Text(String),
    Money(Money),
    Date(Date),
    Time(Time),
    Timestamp(Timestamp),
    Duration(SignedDuration),
}

/// What is known of a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Member {
    Id,
    Name,
    Manager,
    Limit,
    Groups,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// How two values are compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The macros over lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Each {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// What is read off a moment or a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Clock {
    Year,
    Month,
    DayOfMonth,
    Date,
    DayOfWeek,
    Hours,
    Minutes,
    CivilDate,
    CivilTime,
}
