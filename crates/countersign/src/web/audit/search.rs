//! What is searched for, as the address says it: a search can be kept, sent and gone back to.

use crate::engine::audit::EventSearch;
use countersign_core::id::{PersonId, RequestId};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

/// The search as it was typed.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// As typed.
    pub person: String,
    /// As typed.
    pub request: String,
    /// As typed.
    pub kind: String,
    /// As typed.
    pub from: String,
    /// As typed.
    pub to: String,
    /// As typed.
    pub before: String,
}

impl Asked {
    /// What it means; the key of what is wrong otherwise. Days are those of the reader's zone, the last one included.
    pub(super) fn search(&self, zone: &TimeZone) -> Result<EventSearch, &'static str> {
        let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let request = filled(&self.request).map(|id| RequestId::parse(&id).map_err(|_| "audit-wrong-request")).transpose()?;
        let day = |text: &str| filled(text).map(|text| text.parse::<Date>().map_err(|_| "audit-wrong-day")).transpose();
        let starts = |day: Date| day.to_zoned(zone.clone()).map(|at| at.timestamp()).map_err(|_| "audit-wrong-day");
        let from = day(&self.from)?.map(starts).transpose()?;
        let next = |day: Date| day.checked_add(1.day()).map_err(|_| "audit-wrong-day").and_then(starts);
        let until: Option<Timestamp> = day(&self.to)?.map(next).transpose()?;
        Ok(EventSearch { person: filled(&self.person).map(PersonId::new), request, kind: filled(&self.kind), from, until })
    }

    pub(super) fn before(&self) -> Option<u64> {
        self.before.parse().ok()
    }

    pub(super) fn is_kind(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// The query of this search, going on before a place.
    pub(super) fn query(&self, before: Option<u64>) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let before = before.map(|place| place.to_string()).unwrap_or_default();
        let all =
            [("person", &self.person), ("request", &self.request), ("kind", &self.kind), ("from", &self.from), ("to", &self.to), ("before", &before)];
        for (name, text) in all.into_iter().filter(|(_, text)| !text.is_empty()) {
            pairs.append_pair(name, text);
        }
        pairs.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_the_readers_and_the_last_one_is_included() {
        let asked = Asked { from: "2026-03-29".into(), to: "2026-03-29".into(), ..Asked::default() };
        let search = asked.search(&TimeZone::get("Europe/Berlin").unwrap()).unwrap();
        assert_eq!(search.from.unwrap().to_string(), "2026-03-28T23:00:00Z");
        assert_eq!(search.until.unwrap().to_string(), "2026-03-29T22:00:00Z", "this day has 23 hours");
    }

    #[test]
    fn what_is_no_day_or_request_is_said() {
        let wrong = |asked: Asked| asked.search(&TimeZone::UTC).unwrap_err();
        assert_eq!(wrong(Asked { from: "yesterday".into(), ..Asked::default() }), "audit-wrong-day");
        assert_eq!(wrong(Asked { to: "9999-12-31".into(), ..Asked::default() }), "audit-wrong-day");
        assert_eq!(wrong(Asked { request: "req_1".into(), ..Asked::default() }), "audit-wrong-request");
    }

    #[test]
    fn a_search_goes_into_its_address_and_comes_back() {
        let asked = Asked { person: "leo & co".into(), kind: "decided".into(), ..Asked::default() };
        assert_eq!(asked.query(Some(7)), "person=leo+%26+co&kind=decided&before=7");
    }
}
