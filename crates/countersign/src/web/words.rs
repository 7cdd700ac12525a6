//! The words of the pages in the reader's language: phrases from the catalogue, numbers with the reader's
//! separators, moments in the reader's zone. Templates say a key and its arguments; what comes out is escaped there.

use crate::engine::shelf::People;
use crate::summary::visible::visible;
use countersign_core::id::PersonId;
use countersign_core::policy::template::Title;
use countersign_store::RequestRow;
use fluent_bundle::{FluentArgs, FluentValue};
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::fmt;

mod catalogue;
mod moment;
mod number;

pub use moment::{When, distance};
pub use number::{separated, unseparated};

/// A language that the catalogue has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// `en`
    #[default]
    English,
    /// `de`
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The tag in `lang` and in folder names.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of a tag such as `de`, `de-AT` or `DE_ch`.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The first language of ours that a browser prefers.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let weighed = accepted.split(',').filter_map(|part| {
            let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
            let weight: f32 = weight.trim().parse().ok().filter(|weight| *weight > 0.0)?;
            Some((Self::of_tag(tag)?, weight))
        });
        // Of equal weights the first stands: later ones must be heavier.
        weighed.fold(None, |best: Option<(Self, f32)>, next| best.filter(|best| best.1 >= next.1).or(Some(next))).map_or(Self::English, |best| best.0)
    }
}

/// A reader: their language, their zone, and the moment at which they read.
#[derive(Clone, Debug)]
pub struct Words {
    /// In which language.
    pub language: Language,
    /// In which zone.
    pub zone: TimeZone,
    /// The moment that "in two hours" counts from.
    pub now: Timestamp,
}

impl Words {
    /// For somebody in the directory: their own language and zone, else what their browser says and UTC.
    #[must_use]
    pub fn of_person(people: &People, person: &PersonId, headers: &HeaderMap, now: Timestamp) -> Self {
        let own = people.languages.get(person).and_then(|tag| Language::of_tag(tag));
        let zone = people.zones.get(person).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        Self { language: own.unwrap_or_else(|| Language::preferred(headers)), zone, now }
    }

    /// For somebody whom nobody knows yet.
    #[must_use]
    pub fn of_stranger(headers: &HeaderMap, now: Timestamp) -> Self {
        Self { language: Language::preferred(headers), zone: TimeZone::UTC, now }
    }

    /// The phrase of this key; further words by [`Phrase::arg`].
    #[must_use]
    pub fn say(&self, key: &'static str) -> Phrase {
        Phrase { language: self.language, key: Cow::Borrowed(key), arguments: FluentArgs::new() }
    }

    /// The phrase of one of several keys: `one("status", "approved")` is `status-approved`.
    #[must_use]
    pub fn one(&self, family: &'static str, member: &str) -> Phrase {
        Phrase { language: self.language, key: Cow::Owned(format!("{family}-{}", member.replace('_', "-"))), arguments: FluentArgs::new() }
    }

    /// Words that stand for themselves: names of machines' making that the catalogue does not know.
    #[must_use]
    pub fn plain(&self, text: String) -> Phrase {
        Phrase { language: self.language, key: Cow::Borrowed("layout-plain"), arguments: FluentArgs::new() }.arg("text", text)
    }

    /// Whether the catalogue has this key.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        catalogue::knows(self.language, key)
    }

    /// A number or sum with the reader's separators; what is no number is left as it is.
    #[must_use]
    pub fn number(&self, text: &str) -> String {
        separated(text, self.language)
    }

    /// A request's title with the reader's separators in its numbers, and what hides in it shown.
    #[must_use]
    pub fn title(&self, title: &Title) -> String {
        visible(&title.said(|number| self.number(number))).into_owned()
    }

    /// The same of a row: no payload is read for it.
    #[must_use]
    pub fn row_title(&self, row: &RequestRow) -> String {
        self.title(&Title { text: row.title.clone(), numbers: row.card.numbers.clone() })
    }

    /// What somebody looks for, as titles are stored: `12.500,00` of a German reader is `12500.00`.
    #[must_use]
    pub fn sought(&self, text: &str) -> String {
        unseparated(text, self.language)
    }
}

/// A phrase on its way to the page.
#[derive(Debug)]
pub struct Phrase {
    language: Language,
    key: Cow<'static, str>,
    arguments: FluentArgs<'static>,
}

impl Phrase {
    /// Fills a variable of the phrase.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Sayable) -> Self {
        self.arguments.set(name, value.said());
        self
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&catalogue::phrase(self.language, &self.key, &self.arguments))
    }
}

/// What can stand in a phrase: texts, numbers (counted and separated), other phrases.
pub trait Sayable {
    /// As the catalogue takes it.
    fn said(&self) -> FluentValue<'static>;
}

impl<T: Sayable + ?Sized> Sayable for &T {
    fn said(&self) -> FluentValue<'static> {
        (**self).said()
    }
}

impl Sayable for str {
    fn said(&self) -> FluentValue<'static> {
        FluentValue::String(Cow::Owned(self.to_owned()))
    }
}

macro_rules! sayable {
    (text: $($text:ty),*; number: $($number:ty),*) => {
        $(impl Sayable for $text {
            fn said(&self) -> FluentValue<'static> {
                FluentValue::String(Cow::Owned(self.to_string()))
            }
        })*
        $(impl Sayable for $number {
            fn said(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        })*
    };
}

sayable! { text: String, Cow<'_, str>, Phrase, PersonId; number: u16, u32, u64, usize, i32, i64 }

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(header: &str) -> Language {
        Language::preferred(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, header.parse().unwrap())]))
    }

    #[test]
    fn the_browsers_first_language_that_we_have_is_taken() {
        assert_eq!(preferred("fr, de-AT;q=0.8, en;q=0.7"), Language::German);
        assert_eq!(preferred("en-GB,de;q=0.9"), Language::English);
        assert_eq!(preferred("de;q=0, en;q=0.1"), Language::English);
        assert_eq!(preferred("xx"), Language::English);
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}
