//! Compiles the conditions of a file and finds the places of their faults in it.

use super::reader::{Place, Reader};
use crate::policy::expression::{Condition, ConditionFault, Scope, Wanted};

pub(super) fn compile(reader: &mut Reader<'_>, source: &str, place: &Place, scope: &Scope<'_>, wanted: Wanted) -> Option<Condition> {
    match Condition::compile(source, scope, wanted) {
        Ok((condition, warnings)) => {
            for warning in warnings {
                reader.warning(&within(reader, source, place, &warning), warning.code, warning.message, warning.suggestion);
            }
            Some(condition)
        }
        Err(fault) => {
            reader.error(&within(reader, source, place, &fault), fault.code, fault.message, fault.suggestion);
            None
        }
    }
}

/// The fault's place in the file, where the text stands there as it is; the whole text where escapes
/// make the two differ.
fn within(reader: &Reader<'_>, source: &str, place: &Place, fault: &ConditionFault) -> Place {
    let raw = reader.raw(place);
    match raw.find(source).filter(|_| !source.is_empty()) {
        Some(offset) => {
            let start = place.0.start + offset;
            Place(start + fault.span.start..start + fault.span.end)
        }
        None => place.clone(),
    }
}
