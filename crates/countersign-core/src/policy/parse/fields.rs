//! Reads `[payload]`: what callers must send.

use super::reader::{Item, Place, Reader, Table};
use super::sight;
use crate::money::{Currency, Money, plain_decimal};
use crate::policy::diagnostic::did_you_mean;
use crate::policy::field::{ELEMENTS_MAX, ELEMENTS_MAX_DEFAULT, Field, FieldType, INTEGER_MAX, NESTING_MAX, TEXT_MAX, TEXT_MAX_DEFAULT, TYPE_NAMES};
use crate::policy::pattern::{Pattern, PatternFault};
use crate::policy::sight::Sight;
use rust_decimal::Decimal;

const FIELDS_MAX: usize = 100;
const VALUES_MAX: usize = 200;
/// Names that mean something else in conditions.
const TAKEN: [&str; 4] = ["requester", "request", "now", "approver"];
/// Words that CEL keeps for itself.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

pub(super) fn payload(reader: &mut Reader<'_>, table: &Table<'_>, whole: &Place) -> Vec<Field> {
    let Some(item) = reader.find(table, "payload") else {
        let message = "the policy says nothing about its payload: expected `[payload]` with its fields";
        reader.error(whole, "missing_key", message, Some("[payload]".to_owned()));
        return Vec::new();
    };
    reader.table(item, "`[payload]` with its fields").map_or_else(Vec::new, |table| fields(reader, table, 1))
}

fn fields(reader: &mut Reader<'_>, table: &Table<'_>, depth: usize) -> Vec<Field> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    if let Some((name, _)) = entries.get(FIELDS_MAX) {
        reader.error(&Place(name.span()), "out_of_range", format!("at most {FIELDS_MAX} fields are taken"), None);
    }
    let mut read = Vec::new();
    for (name, item) in entries.into_iter().take(FIELDS_MAX) {
        checked_name(reader, name.get_ref(), &Place(name.span()), depth);
        if let Some((kind, optional)) = field(reader, item, depth) {
            read.push(Field { name: name.get_ref().to_string(), kind, optional, visible_to: visible_to(reader, item, depth) });
        }
    }
    read
}

/// Whether a payload may have a field of this name: a word that conditions can name, and that means nothing else there.
#[must_use]
pub fn names_a_field(name: &str) -> bool {
    is_word(name) && !TAKEN.contains(&name)
}

fn is_word(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !RESERVED.contains(&name)
}

fn checked_name(reader: &mut Reader<'_>, name: &str, place: &Place, depth: usize) {
    if !is_word(name) {
        let message = format!("`{name}` is no name of a field: expected up to 64 letters, digits or `_`, and no word of CEL");
        reader.error(place, "invalid_name", message, None);
    } else if depth == 1 && TAKEN.contains(&name) {
        let message = format!("`{name}` is taken: in conditions it means something else");
        reader.error(place, "reserved_name", message, Some(format!("`{name}_name`")));
    }
}

fn field(reader: &mut Reader<'_>, item: &Item<'_>, depth: usize) -> Option<(FieldType, bool)> {
    if item.get_ref().is_str() {
        let (name, place) = reader.as_text(item)?;
        return kind(reader, &name, &place, &Table::new(), depth).map(|kind| (kind, false));
    }
    let table = reader.table(item, "a type such as `\"text\"` or `{ type = \"text\", optional = true }`")?;
    let (name, place) = reader.required_text(table, "type", &Place::of(item), "type = \"text\"")?;
    let optional = reader.flag(table, "optional");
    kind(reader, &name, &place, table, depth).map(|kind| (kind, optional))
}

/// Who sees the field; a whole one, never a part of it.
fn visible_to(reader: &mut Reader<'_>, item: &Item<'_>, depth: usize) -> Option<Vec<Sight>> {
    let item = reader.find(item.get_ref().as_table()?, "visible_to")?;
    if depth > 1 {
        let message = "`visible_to` marks a whole field of the payload: a column is seen where its table is";
        reader.error(&Place::of(item), "wrong_type", message, Some("write it beside the table's `type`".to_owned()));
        return None;
    }
    Some(sight::sights(reader, item))
}

/// What a field of this type takes.
pub(in crate::policy) fn options(name: &str) -> &'static [&'static str] {
    match name {
        "text" => &["type", "optional", "visible_to", "min_length", "max_length", "pattern"],
        "integer" | "decimal" => &["type", "optional", "visible_to", "min", "max"],
        "money" => &["type", "optional", "visible_to", "currencies", "min", "max"],
        "enum" => &["type", "optional", "visible_to", "values"],
        "list" => &["type", "optional", "visible_to", "of", "max"],
        "table" => &["type", "optional", "visible_to", "columns", "max"],
        _ => &["type", "optional", "visible_to"],
    }
}

fn kind(reader: &mut Reader<'_>, name: &str, place: &Place, table: &Table<'_>, depth: usize) -> Option<FieldType> {
    if !TYPE_NAMES.contains(&name) {
        reader.error(place, "unknown_type", format!("`{name}` is no type of a field"), did_you_mean(name, TYPE_NAMES));
        return None;
    }
    reader.keys(table, &format!("a field of type `{name}`"), options(name));
    Some(match name {
        "text" => text(reader, table),
        "integer" => integer(reader, table, place),
        "decimal" => {
            let (min, max) = (decimal(reader, table, "min"), decimal(reader, table, "max"));
            in_order(reader, table, place, min.zip(max).is_none_or(|(min, max)| min <= max));
            FieldType::Decimal { min, max }
        }
        "money" => money(reader, table, place)?,
        "date" => FieldType::Date,
        "time" => FieldType::Time,
        "url" => FieldType::Url,
        "email" => FieldType::Email,
        "enum" => choice(reader, table, place)?,
        "bool" => FieldType::Bool,
        "person" => FieldType::Person,
        "json" => FieldType::Json,
        _ if depth >= NESTING_MAX => {
            reader.error(place, "out_of_range", format!("lists and tables nest {NESTING_MAX} deep at most"), None);
            return None;
        }
        "list" => list(reader, table, place, depth)?,
        _ => rows(reader, table, place, depth)?,
    })
}

fn text(reader: &mut Reader<'_>, table: &Table<'_>) -> FieldType {
    let bounds = i64::try_from(TEXT_MAX).unwrap_or(i64::MAX);
    let default = i64::try_from(TEXT_MAX_DEFAULT).unwrap_or(i64::MAX);
    let max = reader.number(table, "max_length", 1..bounds + 1, default);
    let min = reader.number(table, "min_length", 0..max + 1, 0);
    let pattern = reader.text(table, "pattern").and_then(|(source, place)| pattern(reader, &source, &place));
    FieldType::Text { min_length: size(min), max_length: size(max), pattern }
}

fn pattern(reader: &mut Reader<'_>, source: &str, place: &Place) -> Option<Pattern> {
    match Pattern::whole(source, reader.patterns) {
        Ok(compiled) => {
            reader.patterns = reader.patterns.saturating_sub(compiled.weight());
            return Some(compiled);
        }
        Err(fault) => {
            if matches!(fault, PatternFault::TooLarge(_)) {
                reader.patterns = 0;
            }
            reader.error(place, "invalid_pattern", fault.to_string(), None);
        }
    }
    None
}

/// A range in which something lies; the place is that of `max`, the later of the two to be thought of.
fn in_order(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, holds: bool) {
    if !holds {
        let at = reader.find(table, "max").map_or_else(|| place.clone(), Place::of);
        reader.error(&at, "out_of_range", "`min` is larger than `max`: nothing would fit", None);
    }
}

fn integer(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place) -> FieldType {
    let bounds = -INTEGER_MAX..INTEGER_MAX + 1;
    let min = reader.number(table, "min", bounds.clone(), -INTEGER_MAX);
    let max = reader.number(table, "max", bounds, INTEGER_MAX);
    in_order(reader, table, place, min <= max);
    FieldType::Integer { min, max }
}

fn decimal(reader: &mut Reader<'_>, table: &Table<'_>, key: &str) -> Option<Decimal> {
    let (text, place) = reader.text(table, key)?;
    let number = plain_decimal(&text).and_then(Result::ok);
    if number.is_none() {
        reader.error(&place, "wrong_type", format!("`{text}` is no decimal: expected one like \"12.50\""), None);
    }
    number
}

fn money(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place) -> Option<FieldType> {
    let Some(item) = reader.find(table, "currencies") else {
        let suggestion = Some("{ type = \"money\", currencies = [\"USD\"] }".to_owned());
        reader.error(place, "missing_key", "a field of money names its currencies", suggestion);
        return None;
    };
    let mut currencies: Vec<Currency> = Vec::new();
    for (code, place) in reader.texts(item, VALUES_MAX) {
        match Currency::parse(&code) {
            Ok(currency) if currencies.contains(&currency) => {}
            Ok(currency) => currencies.push(currency),
            Err(error) => reader.error(&place, "currency", error.to_string(), None),
        }
    }
    if currencies.is_empty() {
        reader.error(&Place::of(item), "empty_list", "`currencies` names none", None);
        return None;
    }
    let bound = |reader: &mut Reader<'_>, key: &str| {
        let (text, place) = reader.text(table, key)?;
        let read = Money::parse(&text).map_err(|error| error.to_string());
        let read = read.and_then(|money| {
            let known = currencies.contains(&money.currency);
            if known { Ok(money) } else { Err(format!("{} is none of the field's currencies", money.currency)) }
        });
        read.map_err(|message| reader.error(&place, "currency", message, None)).ok()
    };
    let (min, max) = (bound(reader, "min"), bound(reader, "max"));
    let apart = min.as_ref().zip(max.as_ref()).is_some_and(|(min, max)| min.currency == max.currency && min.amount > max.amount);
    in_order(reader, table, place, !apart);
    Some(FieldType::Money { currencies, min, max })
}

fn choice(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place) -> Option<FieldType> {
    let values = reader.find(table, "values").map_or_else(Vec::new, |item| reader.texts(item, VALUES_MAX));
    if values.is_empty() {
        let suggestion = Some("{ type = \"enum\", values = [\"travel\", \"meals\"] }".to_owned());
        reader.error(place, "missing_key", "an enum lists its `values`", suggestion);
        return None;
    }
    Some(FieldType::Enum { values: values.into_iter().map(|(value, _)| value).collect() })
}

fn list(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, depth: usize) -> Option<FieldType> {
    let Some(item) = reader.find(table, "of") else {
        reader.error(place, "missing_key", "a list says what it holds", Some("{ type = \"list\", of = \"text\", max = 20 }".to_owned()));
        return None;
    };
    let (of, optional) = field(reader, item, depth + 1)?;
    visible_to(reader, item, depth + 1);
    if optional {
        reader.error(&Place::of(item), "wrong_type", "an element of a list is never absent: leave out `optional`", None);
    }
    Some(FieldType::List { of: Box::new(of), max: elements(reader, table) })
}

fn rows(reader: &mut Reader<'_>, table: &Table<'_>, place: &Place, depth: usize) -> Option<FieldType> {
    let Some(item) = reader.find(table, "columns") else {
        let suggestion = Some("{ type = \"table\", columns = { what = \"text\" }, max = 20 }".to_owned());
        reader.error(place, "missing_key", "a table names its columns", suggestion);
        return None;
    };
    let columns = reader.table(item, "columns, each with its type")?;
    let columns = fields(reader, columns, depth + 1);
    Some(FieldType::Table { columns: columns.into(), max: elements(reader, table) })
}

fn elements(reader: &mut Reader<'_>, table: &Table<'_>) -> usize {
    let bound = i64::try_from(ELEMENTS_MAX).unwrap_or(i64::MAX);
    let default = i64::try_from(ELEMENTS_MAX_DEFAULT).unwrap_or(i64::MAX);
    size(reader.number(table, "max", 1..bound + 1, default))
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}
