//! The controls of a form: for each field a label, a hint with its bounds, what was typed, what is wrong with it.

use super::{CURRENCY, Entered, Typed, control_name, has_rows};
use crate::web::words::Words;
use countersign_core::people::Roster;
use countersign_core::policy::field::{ELEMENTS_MAX_DEFAULT, INTEGER_MAX, TEXT_MAX_DEFAULT};
use countersign_core::policy::{Field, FieldType};
use std::fmt::Display;

/// Texts that may be longer get room for more than one line.
const LINE_MAX: usize = 200;
/// Empty rows that are offered.
const ROWS_OFFERED: usize = 2;
/// Further rows on demand.
pub const ROWS_MORE: usize = 4;
/// The list of people, by its id on the page.
pub const PEOPLE: &str = "people";

/// One field of the form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// The name in the form.
    pub name: String,
    /// The id on the page.
    pub id: String,
    /// In words.
    pub label: String,
    /// Whether it may be left empty.
    pub optional: bool,
    /// What is expected, with its bounds; may be empty.
    pub hint: String,
    /// What is wrong with what was typed.
    pub error: Option<String>,
    /// What it looks like.
    pub shape: Shape,
}

/// What a control looks like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One line.
    Line(Line),
    /// Several lines: the text, at most so many characters (0: no bound of its own).
    Area(String, usize),
    /// A sum: the amount, the name of the choice of a currency, the currencies and which is chosen.
    Money(String, String, Vec<(String, bool)>),
    /// One of several: value, words, whether chosen.
    Choice(Vec<(String, String, bool)>),
    /// Rows of controls.
    Rows(Rows),
}

/// A line to type in.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// What was typed.
    pub value: String,
    /// The kind of input.
    pub kind: &'static str,
    /// Which keyboard a phone shows; may be empty.
    pub keyboard: &'static str,
    /// The list of suggestions; may be empty.
    pub list: &'static str,
    /// At most so many characters; 0 without a bound.
    pub length_max: usize,
}

/// Rows of a list or table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rows {
    /// Each with its controls.
    pub rows: Vec<Vec<Control>>,
    /// Whether there may be more.
    pub more: bool,
}

/// Makes the controls of a form.
pub struct Maker<'a> {
    /// In whose words.
    pub words: &'a Words,
    /// What was typed and what is wrong.
    pub entered: &'a Entered,
    /// The field that shall have further rows.
    pub more: Option<&'a str>,
}

impl Maker<'_> {
    /// All controls, in the order of the policy.
    #[must_use]
    pub fn controls(&self, fields: &[Field]) -> Vec<Control> {
        fields.iter().map(|field| self.control(field, control_name(field))).collect()
    }

    fn control(&self, field: &Field, name: String) -> Control {
        let shape = match &field.kind {
            FieldType::List { of, max } if has_rows(&field.kind) => {
                let element = Field { name: String::new(), kind: FieldType::clone(of), optional: true, visible_to: None };
                self.rows(&name, *max, |place| vec![self.control(&element, place)])
            }
            FieldType::Table { columns, max } if has_rows(&field.kind) => {
                self.rows(&name, *max, |place| columns.iter().map(|column| self.control(column, format!("{place}/{}", column.name))).collect())
            }
            kind => self.simple(kind, &name, field.optional),
        };
        Control {
            id: name.replace('/', "-"),
            label: label(&field.name),
            optional: field.optional,
            hint: self.hint(&field.kind),
            error: self.entered.wrong.get(&name).map(|core| self.error(&field.kind, &name, core)),
            name,
            shape,
        }
    }

    fn rows(&self, name: &str, max: usize, row: impl Fn(String) -> Vec<Control>) -> Shape {
        let filled = self.entered.typed.row_count(name);
        let offered = if self.more == Some(name) { ROWS_MORE } else { ROWS_OFFERED };
        let count = (filled + offered).min(max.max(filled));
        Shape::Rows(Rows { rows: (0..count).map(|index| row(format!("{name}/{index}"))).collect(), more: count < max })
    }

    fn simple(&self, kind: &FieldType, name: &str, optional: bool) -> Shape {
        let value = self.entered.typed.text(name).to_owned();
        let line = |kind, keyboard| Shape::Line(Line { value: value.clone(), kind, keyboard, ..Line::default() });
        match kind {
            FieldType::Text { max_length, pattern, .. } if *max_length <= LINE_MAX || pattern.is_some() => {
                Shape::Line(Line { value, kind: "text", length_max: *max_length, ..Line::default() })
            }
            FieldType::Text { max_length, .. } => Shape::Area(value, *max_length),
            FieldType::Integer { min, .. } => line("text", if *min < 0 { "text" } else { "numeric" }),
            FieldType::Decimal { .. } => line("text", "decimal"),
            FieldType::Money { currencies, .. } => money(&self.entered.typed, name, value, currencies),
            FieldType::Date => line("date", ""),
            FieldType::Time => line("time", ""),
            FieldType::Url => line("url", "url"),
            FieldType::Email => line("email", "email"),
            FieldType::Person => Shape::Line(Line { value, kind: "text", list: PEOPLE, ..Line::default() }),
            FieldType::Enum { values } => self.choice(&value, optional, values.iter().map(|one| (one.clone(), one.clone()))),
            FieldType::Bool => {
                let words = [("true", "form-yes"), ("false", "form-no")];
                self.choice(&value, optional, words.into_iter().map(|(value, key)| (value.to_owned(), self.words.say(key).to_string())))
            }
            FieldType::Json | FieldType::List { .. } | FieldType::Table { .. } => Shape::Area(value, 0),
        }
    }

    /// A choice begins with nothing chosen: nobody says yes by not looking.
    fn choice(&self, value: &str, optional: bool, known: impl Iterator<Item = (String, String)>) -> Shape {
        let none = self.words.say(if optional { "form-none" } else { "form-choose" }).to_string();
        let first = (String::new(), none, value.is_empty());
        Shape::Choice([first].into_iter().chain(known.map(|(one, words)| (one.clone(), words, one == value))).collect())
    }

    /// What is expected, where that is not plain from the control.
    fn hint(&self, kind: &FieldType) -> String {
        let parts = match kind {
            FieldType::Text { min_length, max_length, pattern } => {
                let least = (*min_length > 1).then(|| self.words.say("form-length-min").arg("count", *min_length).to_string());
                let most = (*max_length < TEXT_MAX_DEFAULT).then(|| self.words.say("form-length-max").arg("count", *max_length).to_string());
                let shape = pattern.as_ref().map(|pattern| self.words.say("form-pattern").arg("pattern", pattern.source()).to_string());
                [least, most, shape]
            }
            FieldType::Integer { min, max } => [
                self.bound("form-min", Some(min).filter(|min| **min > -INTEGER_MAX)),
                self.bound("form-max", Some(max).filter(|max| **max < INTEGER_MAX)),
                None,
            ],
            FieldType::Decimal { min, max } => {
                [Some(self.words.say("form-decimal").to_string()), self.bound("form-min", min.as_ref()), self.bound("form-max", max.as_ref())]
            }
            FieldType::Money { min, max, .. } => {
                [Some(self.words.say("form-money").to_string()), self.bound("form-min", min.as_ref()), self.bound("form-max", max.as_ref())]
            }
            FieldType::Url => [Some(self.words.say("form-url").to_string()), None, None],
            FieldType::Person => [Some(self.words.say("form-person").to_string()), None, None],
            FieldType::List { max, .. } | FieldType::Table { max, .. } if has_rows(kind) => {
                let most = (*max < ELEMENTS_MAX_DEFAULT).then(|| self.words.say("form-rows-max").arg("count", *max).to_string());
                [Some(self.words.say("form-rows").to_string()), most, None]
            }
            FieldType::Json | FieldType::List { .. } | FieldType::Table { .. } => [Some(self.words.say("form-json").to_string()), None, None],
            _ => [None, None, None],
        };
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn bound(&self, key: &'static str, bound: Option<&impl Display>) -> Option<String> {
        // As it would be typed: with the reader's separators, 5.000 would mean two things here.
        bound.map(|bound| self.words.say(key).arg("bound", bound.to_string()).to_string())
    }

    /// What is wrong, in the reader's language; the policy's own words where a sentence of ours would say less.
    fn error(&self, kind: &FieldType, name: &str, core: &str) -> String {
        let empty = self.entered.typed.text(name).trim().is_empty();
        if has_rows(kind) {
            let rows = self.entered.typed.row_count(name);
            return if rows == 0 {
                self.words.say("form-missing").to_string()
            } else {
                self.words.say("form-wrong-rows").arg("count", rows).to_string()
            };
        }
        if empty {
            return self.words.say("form-missing").to_string();
        }
        if matches!(kind, FieldType::Json | FieldType::List { .. } | FieldType::Table { .. }) {
            return self.words.say("form-wrong-json").arg("why", core.to_owned()).to_string();
        }
        self.words.one("form-wrong", kind.name()).to_string()
    }
}

fn money(typed: &Typed, name: &str, value: String, currencies: &[countersign_core::money::Currency]) -> Shape {
    let choice = format!("{name}{CURRENCY}");
    let chosen = typed.text(&choice);
    let listed = currencies.iter().enumerate().map(|(place, currency)| {
        let code = currency.to_string();
        let is_chosen = if chosen.is_empty() { place == 0 } else { code == chosen };
        (code, is_chosen)
    });
    Shape::Money(value, choice, listed.collect())
}

/// `cost_centre` as `Cost centre`.
#[must_use]
pub fn label(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Everybody who can be named: id and name, by name.
#[must_use]
pub fn people(roster: &Roster) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        roster.people.values().filter(|person| person.active).map(|person| (person.id.to_string(), person.name.clone())).collect();
    all.sort_by(|left, right| left.1.cmp(&right.1));
    all.truncate(PEOPLE_MAX);
    all
}

/// A list of suggestions is this long at most; ids that are not in it can be typed all the same.
const PEOPLE_MAX: usize = 1_000;
