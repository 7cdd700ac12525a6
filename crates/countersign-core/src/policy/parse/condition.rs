//! Compiles the conditions of a file and finds the places of their faults in it.

use super::reader::{CONDITIONS_MAX, Place, Reader};
use crate::people::MANAGERS_MAX;
use crate::policy::expression::{COST_MAX, Condition, ConditionFault, Scope, Wanted};

/// A file is refused for this once: what stands below is not looked at any more, for it would take as long again.
const TOO_MUCH: &str = "condition_cost";

/// Who a condition is asked of, at most: an `until` of each manager in a chain.
fn asked(scope: &Scope<'_>) -> u64 {
    if scope.approver { u64::try_from(MANAGERS_MAX).unwrap_or(u64::MAX) } else { 1 }
}

pub(super) fn compile(reader: &mut Reader<'_>, source: &str, place: &Place, scope: &Scope<'_>, wanted: Wanted) -> Option<Condition> {
    if reader.steps == 0 {
        return None;
    }
    let Some(written) = reader.written.checked_sub(source.len()) else {
        let message = format!("the conditions of the file are too long together: at most {CONDITIONS_MAX} bytes are taken");
        reader.error(place, "condition_size", message, Some("split the policy in two".to_owned()));
        reader.steps = 0;
        return None;
    };
    reader.written = written;
    let scope = &Scope { patterns: reader.patterns, ..*scope };
    match Condition::compile(source, scope, wanted) {
        Ok((condition, warnings)) => {
            for warning in warnings {
                reader.warning(&within(reader, source, place, &warning), warning.code, warning.message, warning.suggestion);
            }
            reader.patterns = reader.patterns.saturating_sub(condition.patterns());
            afforded(reader, place, condition.cost().saturating_mul(asked(scope))).then_some(condition)
        }
        Err(fault) => {
            if fault.code == TOO_MUCH {
                reader.steps = 0;
            }
            reader.error(&within(reader, source, place, &fault), fault.code, fault.message, fault.suggestion);
            None
        }
    }
}

/// Takes what a condition may cost from what the file may; tells where that is too much.
fn afforded(reader: &mut Reader<'_>, place: &Place, steps: u64) -> bool {
    let left = reader.steps.checked_sub(steps);
    reader.steps = left.unwrap_or(0);
    if left.is_none() {
        let message = format!("the conditions of the file may take more than {COST_MAX} steps together: this one takes {steps}");
        reader.error(place, TOO_MUCH, message, Some("lower `max` of the lists they visit".to_owned()));
    }
    left.is_some()
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
