//! Where a page ended: an opaque text for callers, the place of a row for adapters.

use crate::Fault;

/// A place in a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cursor {
    /// After the request with this place in the order of submission; the list runs backwards.
    Newest(i64),
    /// After this due time and place; the list runs forwards.
    Urgent(i64, i64),
}

impl Cursor {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Newest(place) => format!("n{place:x}"),
            Self::Urgent(due, place) => format!("u{due:x}.{place:x}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let number = |hex: &str| i64::from_str_radix(hex, 16).ok();
        if let Some(place) = text.strip_prefix('n') {
            return number(place).map(Self::Newest);
        }
        let (due, place) = text.strip_prefix('u')?.split_once('.')?;
        Some(Self::Urgent(number(due)?, number(place)?))
    }

    /// The place below which a list of the newest goes on.
    pub(crate) fn newest(text: Option<&str>) -> Result<i64, Fault> {
        match text.map(|text| Self::parse(text).ok_or(text)) {
            None => Ok(i64::MAX),
            Some(Ok(Self::Newest(place))) => Ok(place),
            Some(_) => Err(foreign()),
        }
    }

    /// The due time and place after which an inbox goes on.
    pub(crate) fn urgent(text: Option<&str>) -> Result<(i64, i64), Fault> {
        match text.map(|text| Self::parse(text).ok_or(text)) {
            None => Ok((i64::MIN, i64::MIN)),
            Some(Ok(Self::Urgent(due, place))) => Ok((due, place)),
            Some(_) => Err(foreign()),
        }
    }
}

fn foreign() -> Fault {
    Fault::Store("the cursor is not one that this list gave out".to_owned())
}

/// Whether a text is a cursor of the kind of list that is asked for: doors check it before they ask.
#[must_use]
pub fn is_cursor(text: &str, inbox: bool) -> bool {
    match Cursor::parse(text) {
        Some(Cursor::Newest(_)) => !inbox,
        Some(Cursor::Urgent(..)) => inbox,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_foreign_one_is_refused() {
        assert_eq!(Cursor::newest(Some(&Cursor::Newest(77).text())).unwrap(), 77);
        assert_eq!(Cursor::urgent(Some(&Cursor::Urgent(i64::MAX, 3).text())).unwrap(), (i64::MAX, 3));
        assert!(Cursor::newest(Some("u1.2")).is_err());
        assert!(is_cursor("n1f", false) && !is_cursor("n1f", true) && !is_cursor("", false));
    }
}
