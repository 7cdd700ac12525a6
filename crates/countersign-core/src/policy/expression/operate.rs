//! Arithmetic and comparison of values: exact, checked, never silent.

use super::run::{Outcome, Val, too_large};
use super::tree::{Comparison, Operator};
use crate::money::{Money, Rates};
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;

impl<'a> Val<'a> {
    pub(super) fn compare(&self, comparison: Comparison, other: &Self, rates: Option<&Rates>) -> Result<bool, String> {
        let ordering = self.order(other, rates)?;
        Ok(match comparison {
            Comparison::Equal => ordering.is_eq(),
            Comparison::NotEqual => ordering.is_ne(),
            Comparison::Less => ordering.is_lt(),
            Comparison::LessOrEqual => ordering.is_le(),
            Comparison::Greater => ordering.is_gt(),
            Comparison::GreaterOrEqual => ordering.is_ge(),
        })
    }

    fn order(&self, other: &Self, rates: Option<&Rates>) -> Result<Ordering, String> {
        match (self, other) {
            (Val::Money(left), Val::Money(right)) => money_order(left, right, rates),
            (Val::Int(left), Val::Int(right)) => Ok(left.cmp(right)),
            (Val::Text(left) | Val::Person(left), Val::Text(right) | Val::Person(right)) => Ok(left.cmp(right)),
            (Val::Bool(left), Val::Bool(right)) => Ok(left.cmp(right)),
            (Val::Date(left), Val::Date(right)) => Ok(left.cmp(right)),
            (Val::Time(left), Val::Time(right)) => Ok(left.cmp(right)),
            (Val::Timestamp(left), Val::Timestamp(right)) => Ok(left.cmp(right)),
            (Val::Duration(left), Val::Duration(right)) => Ok(left.cmp(right)),
            (left, right) => match (left.decimal(), right.decimal()) {
                (Some(left), Some(right)) => Ok(left.cmp(&right)),
                _ => Err("values of different kinds are not compared".to_owned()),
            },
        }
    }

    fn decimal(&self) -> Option<Decimal> {
        match self {
            Val::Int(value) => Some(Decimal::from(*value)),
            Val::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn negated(self) -> Option<Self> {
        Some(match self {
            Val::Int(value) => Val::Int(value.checked_neg()?),
            Val::Decimal(value) => Val::Decimal(-value),
            Val::Money(money) => Val::Money(Money { amount: -money.amount, ..money }),
            Val::Duration(duration) => Val::Duration(duration.checked_neg()?),
            _ => return None,
        })
    }

    pub(super) fn compute(self, operator: Operator, other: Self) -> Outcome<'a> {
        use Operator::{Add, Divide, Multiply, Subtract};
        match (operator, self, other) {
            (operator, Val::Int(left), Val::Int(right)) => integers(operator, left, right),
            (Add, Val::Money(left), Val::Money(right)) => left.checked_add(&right).map(Val::Money).map_err(|error| error.to_string()),
            (Subtract, Val::Money(left), Val::Money(right)) => left.checked_sub(&right).map(Val::Money).map_err(|error| error.to_string()),
            (Add, Val::Text(left), Val::Text(right)) => Ok(Val::Text(Cow::Owned(format!("{left}{right}")))),
            (Add, Val::Timestamp(at), Val::Duration(by)) | (Add, Val::Duration(by), Val::Timestamp(at)) => {
                at.checked_add(by).map(Val::Timestamp).map_err(|_| too_large())
            }
            (Subtract, Val::Timestamp(at), Val::Duration(by)) => at.checked_sub(by).map(Val::Timestamp).map_err(|_| too_large()),
            (Subtract, Val::Timestamp(left), Val::Timestamp(right)) => Ok(Val::Duration(left.duration_since(right))),
            (Subtract, Val::Date(left), Val::Date(right)) => Ok(Val::Duration(Date::duration_since(left, right))),
            (Add, Val::Duration(left), Val::Duration(right)) => left.checked_add(right).map(Val::Duration).ok_or_else(too_large),
            (Subtract, Val::Duration(left), Val::Duration(right)) => left.checked_sub(right).map(Val::Duration).ok_or_else(too_large),
            (operator @ (Multiply | Divide), Val::Money(money), factor) => {
                let factor = factor.decimal().ok_or_else(unlike)?;
                let amount = decimals(operator, money.amount, factor)?;
                Ok(Val::Money(Money { amount, ..money }))
            }
            (Multiply, factor, Val::Money(money)) => Val::Money(money).compute(Multiply, factor),
            (operator, left, right) => match (left.decimal(), right.decimal()) {
                (Some(left), Some(right)) => decimals(operator, left, right).map(Val::Decimal),
                _ => Err(unlike()),
            },
        }
    }
}

fn unlike() -> String {
    "values of different kinds are not computed with".to_owned()
}

fn money_order(left: &Money, right: &Money, rates: Option<&Rates>) -> Result<Ordering, String> {
    match rates {
        Some(rates) => rates.compare(left, right),
        None => left.partial_cmp_same(right),
    }
    .map_err(|error| error.to_string())
}

fn integers<'a>(operator: Operator, left: i64, right: i64) -> Outcome<'a> {
    if right == 0 && matches!(operator, Operator::Divide | Operator::Remainder) {
        return Err("a number was divided by zero".to_owned());
    }
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => left.checked_rem(right),
    };
    result.map(Val::Int).ok_or_else(too_large)
}

fn decimals(operator: Operator, left: Decimal, right: Decimal) -> Result<Decimal, String> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide if right.is_zero() => return Err("a number was divided by zero".to_owned()),
        Operator::Divide => left.checked_div(right),
        Operator::Remainder => None,
    };
    result.ok_or_else(too_large)
}
